"""The optional sections "on a real language model" run on any model that can be loaded."""

import re
from pathlib import Path

import jupytext
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from interp_course import course

ROOT = course.find_root(Path(__file__))


@pytest.fixture(scope="module")
def cell():
    """The imports of the unit with the texts, and the optional cell that follows these."""
    notebook = jupytext.read(course.unit(ROOT, "features").source(ROOT))
    code = [c for c in notebook.cells if c.cell_type == "code"]
    (place,) = [i for i, c in enumerate(code) if "real-model" in c.metadata.get("tags", [])]
    return f"{code[0].source}\n{code[place - 1].source}", code[place].source


@pytest.fixture(scope="module")
def checkpoint(cell, tmp_path_factory):
    """A random GPT-2 of two layers with a word-level tokenizer, as a Hugging Face folder."""
    folder = tmp_path_factory.mktemp("tiny gpt2")
    words = ["<|endoftext|>", "<unk>", *sorted(set(re.findall(r"\w+|[^\w\s]", "".join(cell))))]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, "<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=words[0], eos_token=words[0], unk_token="<unk>"
    ).save_pretrained(folder)
    shape = {"n_layer": 2, "n_head": 2, "n_embd": 16, "n_positions": 40}
    config = GPT2Config(**shape, vocab_size=len(words), bos_token_id=0, eos_token_id=0)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def run(cell, model, capsys):
    """What the cell prints, with its choice of a model replaced."""
    imports, optional = cell
    chosen = re.sub(r"^REAL_MODEL = None", f"REAL_MODEL = {model!r}", optional, flags=re.M)
    assert model is None or chosen != optional, "the cell does not say REAL_MODEL = None"
    exec(compile(imports + "\n" + chosen, "optional cell", "exec"), {})
    return capsys.readouterr().out


def test_the_section_is_skipped_with_a_sentence_unless_a_model_is_asked_for(cell, capsys):
    assert run(cell, None, capsys).startswith("skipped: ")


@pytest.mark.filterwarnings("default")  # transformers warns about what it is asked to do
def test_the_section_runs_on_a_hugging_face_checkpoint(cell, checkpoint, capsys):
    shown = run(cell, str(checkpoint), capsys)
    assert re.search(r"French: \d+ of 10 texts", shown)
    assert re.search(r"praise: \d+ of 8 texts", shown)
    assert len(re.findall(r"^[012]\.0 \[", shown, flags=re.M)) == 3
