"""Copies are found under new names; independent answers are left alone."""

import inspect
import random
import re

import nbformat
import pytest

from interp_course import course, verify
from interp_course.grading import likeness
from interp_course.grading.likeness import alike, fingerprints, tokens

ROOT = course.find_root()
MEAN = '''
def centred_mean(values, weights):
    """The weighted mean, without the largest value."""
    largest = max(values)
    pairs = [(v, w) for v, w in zip(values, weights) if v < largest]
    total = sum(w for _, w in pairs)
    return sum(v * w for v, w in pairs) / total if total else 0.0
'''
DISGUISED = """
def centred_mean(xs, ws):
    # my own work!
    top = max(xs)
    kept = [(x, u)
            for x, u in zip(xs, ws) if x < top]
    s = sum(u for _, u in kept)   # all weights
    return sum(x * u for x, u in kept) / s if s else 0.0
"""


def stock(slug: str) -> list[list[str]]:
    """For each exercise the texts of right and wrong answers, as written by several hands."""
    folder = course.unit(ROOT, slug).answers(ROOT)
    loaded = [verify.load_answers(path) for path in sorted(folder.glob("[!_]*.py"))]
    return [[inspect.getsource(f) for f in [*answers.right, *answers.wrong]] for answers in loaded]


def known(slug: str) -> list[str]:
    unit = course.unit(ROOT, slug)
    notebooks = [nbformat.read(path, 4) for path in (unit.student(ROOT), unit.solution(ROOT))]
    return [c.source for notebook in notebooks for c in notebook.cells if c.cell_type == "code"]


def renamed(text: str) -> str:
    """A copy with other names of what is assigned, and other comments."""
    names = set(re.findall(r"^\s+(\w+) = ", text, re.MULTILINE))
    for name in names:
        text = re.sub(rf"(?<![.\w]){name}\b(?!=[^=])", f"my_{name}", text)
    return "\n".join(f"{line}  # mine" for line in text.splitlines())


def made(slug: str, size: int, seed: int) -> dict[str, list[str]]:
    """A class in which everybody draws each answer from the stock."""
    rng, answers = random.Random(seed), stock(slug)
    return {f"s{i}": [rng.choice(texts) for texts in answers] for i in range(size)}


def test_names_comments_and_layout_do_not_matter():
    assert tokens(MEAN) == tokens(DISGUISED)


def test_methods_numbers_and_pythons_own_names_do_matter():
    assert tokens("x.sum(2)") == ["name", ".", "sum", "(", "2", ")"]
    assert tokens("sum(x)") != tokens("max(x)")


def test_texts_are_all_alike():
    assert tokens("einsum('ab,bc->ac')") == tokens('einsum("xy,yz->xz")')


@pytest.mark.parametrize("text", ["def f(:\n  return (", "x = '''", "\x00", "  x\n y\n", "€ = $"])
def test_what_is_not_python_is_taken_as_far_as_it_goes(text):
    assert isinstance(fingerprints([text]), set)


def test_a_shared_passage_of_the_promised_length_leaves_a_common_fingerprint():
    passage = " ".join(f"+ {i}" for i in range(likeness.RUN + likeness.WINDOW - 1))
    first, second = f"a = 1 * 2 * 3 {passage}", f"b = (7 - 5) // 4 {passage} - 1"
    assert fingerprints([first]) & fingerprints([second])


@pytest.mark.parametrize("slug", ["residual_stream", "induction_heads", "superposition"])
def test_a_renamed_copy_is_found_in_a_class_of_independent_answers(slug):
    submissions = made(slug, 12, seed=1)
    submissions["copy"] = [renamed(text) for text in submissions["s3"]]
    assert [{p.first, p.second} for p in alike(submissions, known(slug))] == [{"s3", "copy"}]


@pytest.mark.parametrize("slug", ["features", "circuits", "sparse_autoencoders"])
def test_independent_answers_are_not_flagged(slug):
    assert alike(made(slug, 12, seed=2), known(slug)) == []


def test_a_class_that_hands_in_the_reference_answers_is_not_flagged():
    slug = "residual_stream"
    reference = known(slug)
    assert alike({f"s{i}": reference for i in range(5)}, reference) == []


def test_short_answers_that_everybody_writes_alike_are_not_flagged():
    short = "def f(q, k):\n    return torch.einsum('bihd,bjhd->bhij', q, k) / q.shape[-1] ** 0.5"
    assert alike({f"s{i}": [short] for i in range(30)}) == []


def test_untouched_notebooks_are_not_flagged():
    blank = ["def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"] * 8
    assert alike({"a": blank, "b": blank, "c": [MEAN]}, blank) == []


def test_a_pair_says_how_much_is_shared():
    answers = stock("residual_stream")
    twins = {name: [texts[0] for texts in answers] for name in ("a", "b")}
    others = {f"s{i}": [texts[i] for texts in answers] for i in (1, 2)}
    pair = alike(twins | others)[0]
    assert (pair.first, pair.second, pair.share) == ("a", "b", pytest.approx(1.0))


def test_one_submission_alone_has_no_pair():
    assert alike({"a": [MEAN]}) == []


def test_a_thousand_submissions_are_compared_by_their_fingerprints(monkeypatch):
    calls = []
    hashed = likeness._hashes
    monkeypatch.setattr(likeness, "_hashes", lambda words: calls.append(1) or hashed(words))
    alike({f"s{i}": [f"{MEAN}\nx = {i}"] for i in range(1000)})
    assert len(calls) == 1000


def test_a_megabyte_of_text_is_cut():
    assert fingerprints(["x + " * 250_000]) == fingerprints(["x + " * 60_000])
