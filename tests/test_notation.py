"""Every axis name in a shape annotation is in the course's vocabulary, which is written down."""

import ast
import re
from pathlib import Path

import pytest

import interp_course

ROOT = Path(interp_course.__file__).parent
NOTATION = Path(__file__).parents[1] / "docs" / "notation.md"
DTYPES = {"Float", "Int", "Bool", "Complex", "Num", "Real", "Shaped", "UInt", "Key"}
AXES = {
    *("batch", "pos", "query_pos", "key_pos", "predicted"),  # sequences and what is predicted
    *("layer", "head", "d_model", "d_head", "d_vocab", "n_ctx"),  # the network
    *("state", "score"),  # of a Markov chain; kinds of head score
    *("example", "stream", "draw", "strength"),  # what probes and steering are measured on
    *("sample", "n_features", "d_hidden", "instance", "step", "phase"),  # toy models
    *("d_in", "d_sae", "k", "active", "latent", "feature"),  # dictionaries and what is planted
    *("bin", "edge", "value"),  # of histograms; of a variable of the world
    "d_space",  # of a space of a written network
    *("submission", "exercise"),  # of a class
    *("cell", "place", "writer", "reader", "stage", "size"),  # of patched runs and circuits
}


def axes(source: str) -> set[str]:
    """Axis names in every ``Float[Tensor, "..."]`` of a file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", None) in DTYPES:
            assert isinstance(node.slice, ast.Tuple), "an annotation without a shape"
            shape = ast.literal_eval(node.slice.elts[1])
            names |= set(re.findall(r"[A-Za-z_]\w*", shape))
    return names


USED = {path: axes(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}


@pytest.mark.parametrize("path", USED, ids=lambda path: str(path.relative_to(ROOT)))
def test_axis_names_are_in_the_vocabulary(path):
    assert USED[path] <= AXES


def test_no_word_of_the_vocabulary_is_idle():
    assert set().union(*USED.values()) == AXES


def test_every_word_is_explained_in_the_notation():
    text = NOTATION.read_text().split("## Words for axes")[1].split("\n## ")[0]
    assert set(re.findall(r"`(\w+)`(?=.* \|)", text)) >= AXES


def test_a_strange_axis_name_is_found():
    assert axes('def f(x: Float[Tensor, "*batch seq+1 3"]) -> Int[Tensor, ""]: ...') == {
        "batch",
        "seq",
    }
