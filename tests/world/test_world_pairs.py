"""The two prompts of a pair differ in their variable, and in nothing that it does not bring."""

import random

import pytest

from interp_course import world
from interp_course.world.grammar import TEMPLATES, program_of
from interp_course.world.program import Writer
from interp_course.world.sampling import VARIABLES
from interp_course.world.words import SPLITS, WorldError

N = 25
GOES_WITH = {
    "template": {"domain"},
    "domain": {"template"},
    "language": {"template"},
    "known": {"city", "country", "template"},
}
"""Bound to the variable: an unknown name is another name, and is in no country."""


class Led(Writer):
    """Says the words of a prompt wherever the template allows it, and draws the rest."""

    def __init__(self, rng, split, prompt):
        super().__init__(rng, split)
        self.prompt = prompt

    def word(self, options, weights=None):
        here = len(self.sequence)
        if here < len(self.prompt) and self.prompt[here] in options:
            return super().word((self.prompt[here],))
        return super().word(options, weights)


def truth(prompt) -> dict[str, str]:
    """What is true where a prompt ends, by the labels of a sequence that begins with it."""
    rng = random.Random(0)
    for _ in range(300):
        for split in SPLITS:
            for template in TEMPLATES:
                if split == "train" or TEMPLATES[template].held_out:
                    writer = Led(rng, split, prompt)
                    program_of(template, split)[0](writer)
                    if tuple(writer.end().sequence[: len(prompt)]) == prompt:
                        spans, last = writer.spans, len(prompt) - 1
                        return {v: x for v, x, start, stop in spans if start <= last < stop}
    raise AssertionError(" ".join(prompt))


def sides(variable, n=N, seed=0):
    pairs = world.pairs(variable, n, seed)
    return list(zip(pairs.clean, pairs.other, strict=True))


@pytest.mark.parametrize("variable", [v for v in VARIABLES if v not in ("receiver", "period")])
def test_exactly_the_variable_differs(variable):
    for clean, other in sides(variable):
        a, b = truth(clean.prompt), truth(other.prompt)
        different = {v for v in VARIABLES if a.get(v) != b.get(v)}
        assert {variable} <= different <= {variable} | GOES_WITH.get(variable, set())
        assert (a[variable], b[variable]) == (clean.value, other.value)


def test_pairs_of_receivers_have_the_same_giver_and_another_companion():
    for clean, other in sides("receiver"):
        assert truth(clean.prompt)["giver"] == truth(other.prompt)["giver"]
        assert sum(a != b for a, b in zip(clean.prompt, other.prompt, strict=True)) == 1
        assert (clean.value,) == clean.right != other.right == (other.value,)


def test_pairs_of_periods_begin_with_the_same_block():
    for clean, other in sides("period"):
        short, long = sorted((clean, other), key=lambda side: side.value)
        assert (short.value, long.value) == ("4", "5")
        assert short.prompt[:5] == long.prompt[:5]
        assert short.prompt[1:3] == short.prompt[5:7]
        assert long.prompt[6] == long.prompt[1]
        assert (short.right, long.right) == ((short.prompt[3],), (long.prompt[2],))


@pytest.mark.parametrize("variable", VARIABLES)
def test_the_right_words_are_those_that_the_world_says_next(variable):
    for side in (side for pair in sides(variable, 10) for side in pair):
        chances = {}
        for split in SPLITS:
            try:
                chances |= world.predictive(side.prompt, split=split)[-1]
            except WorldError:
                continue
        assert set(side.right) <= set(chances)


@pytest.mark.parametrize("variable", ["city", "attractor", "negation", "giver"])
def test_of_variables_that_do_not_matter_the_answer_stays(variable):
    assert all(clean.right == other.right for clean, other in sides(variable))


@pytest.mark.parametrize("variable", VARIABLES)
def test_all_prompts_have_one_length_and_no_padding(variable):
    pairs = world.pairs(variable, N, 1)
    assert len(pairs) == N
    assert pairs.tokens.shape == pairs.other_tokens.shape
    assert (pairs.tokens != 1).all()
    assert (pairs.other_tokens != 1).all()


def test_the_same_seed_draws_the_same_pairs_and_another_seed_others():
    first, again, other = (world.pairs("number", 9, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_each_value_comes_first_about_half_of_the_time():
    first = [clean.value for clean, _ in sides("number", 400)]
    assert 150 < first.count("plural") < 250


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("numbr", 1, 0), "no variable 'numbr'; did you mean 'number'"),
        (("zzz", 1, 0), "no variable 'zzz'; there are template, domain, language"),
        (("number", 0, 0), "n must be at least 1"),
        (("number", 1, "0"), "seed must be a whole number, got '0'"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises((WorldError, TypeError), match=f"{message}|Type-check error"):
        world.pairs(*arguments)
