"""The findings on sparse autoencoders: their truth is the library's, and what they say is so."""

import functools
import itertools
import math
from pathlib import Path

import pytest
import torch

from interp_course import course, dictionaries, hooks, training_faults, verify
from interp_course.checks import sparse_autoencoders
from interp_course.checks.sparse_autoencoders import country_latent, curves, kinds
from interp_course.checks.sparse_autoencoders.country_mistakes import always_wrong
from interp_course.checks.sparse_autoencoders.detecting import latents
from interp_course.checks.sparse_autoencoders.diagnosing import against, order
from interp_course.checks.sparse_autoencoders.scoring import COUNTRIES, right_latents, table

ANSWERS = course.find_root(Path(__file__)) / "tests" / "answers" / "sparse_autoencoders"
HEALTHY, SLOW, FAST, DEAR, CHEAP, DEAD, ORDERED = kinds
SEEDS = (0, 1)


@functools.cache
def answers():
    return verify.load_answers(ANSWERS / "country_latent.py")


@pytest.mark.parametrize("instance", [0, 7])
def test_the_latents_of_the_check_are_those_of_the_library(instance):
    batch = sparse_autoencoders.prompts(instance)
    _, cache = hooks.capture(dictionaries.network(), batch.tokens, [dictionaries.PLACE])
    x = cache[dictionaries.PLACE][torch.arange(2_000), batch.place("answer") - 1]
    with torch.no_grad():
        expected = dictionaries.load("world", instance=instance).encode(x)
    torch.testing.assert_close(latents(instance), expected)


def test_every_country_has_a_latent_and_few_have_two():
    best = table(0, "second").f1[table(0, "first").f1.argmax(dim=0), torch.arange(12)]
    assert best.min() > 0.9
    assert max(len(right_latents(0, k)) for k in range(12)) <= 3


@pytest.mark.parametrize("instance", range(4))
def test_no_common_mistake_gives_a_right_latent(instance):
    k = COUNTRIES.index(sparse_autoencoders.country(instance))
    chosen = {int(values.argmax()) for _, values in always_wrong(instance, k)}
    assert not chosen & right_latents(instance, k)


def test_instances_ask_for_different_countries_and_questions():
    assert len({sparse_autoencoders.country(instance) for instance in range(6)}) >= 3
    first, second = (sparse_autoencoders.prompts(instance).tokens for instance in (0, 1))
    assert not torch.equal(first, second)


def told(instance, f1):
    """The mistake that is named for a right latent and this F1."""
    found = answers().right[0](instance)
    return country_latent.verdict({**found, "f1": f1}, instance).mistake or ""


def test_a_latent_that_counts_as_on_above_0_is_named():
    best = answers().right[0](0)["latent"]
    k = COUNTRIES.index(sparse_autoencoders.country(0))
    assert "above 0" in told(0, table(0, "second", rule="above 0").f1[best, k].item())


@pytest.mark.parametrize(
    ("column", "words"), [("precision", "precision is told"), ("accuracy", "accuracy is told")]
)
def test_another_measure_is_named_where_it_differs(column, words):
    instance = next(i for i in range(20) if sparse_autoencoders.country(i) == "egypt")
    best = answers().right[0](instance)["latent"]
    one = table(instance, "second")
    assert words in told(instance, getattr(one, column)[best, COUNTRIES.index("egypt")].item())


def test_a_second_latent_that_is_as_good_is_right():
    instance = next(i for i in range(40) if len(choices(i)) > 1)
    k = COUNTRIES.index(sparse_autoencoders.country(instance))
    for latent in choices(instance):
        f1 = table(instance, "second").f1[latent, k].item()
        country_latent({"latent": latent, "f1": f1}, instance)


def choices(instance):
    return right_latents(instance, COUNTRIES.index(sparse_autoencoders.country(instance)))


def test_the_kinds_and_their_order_are_those_of_the_library():
    assert kinds == training_faults.KINDS
    for instance in range(100):
        assert order(instance) == training_faults.order(instance)


@pytest.mark.parametrize(("given", "true"), list(itertools.permutations(kinds, 2)))
def test_every_wrong_diagnosis_is_told_what_speaks_against_it(given, true):
    instance = next(i for i in range(20) if true in order(i))
    answer = [given if kind == true else kind for kind in order(instance)]
    verdict = curves.verdict(answer, instance)
    assert verdict.mistake == against(given, true)
    assert f"run {order(instance).index(true) + 1} is not {given!r}" in verdict.message
    assert true not in verdict.message


@functools.cache
def columns(kind, seed):
    """The curves of one run, a number per 4 steps; they start anew for each seed."""
    history = training_faults.run(kind, seed)
    return {name: history.column(name) for name in history.rows[0]}


def roughness(curve):
    """Mean relative change from one measurement to the next, second half of the run."""
    later = curve[len(curve) // 2 :]
    return sum(abs(math.log(b / a)) for a, b in itertools.pairwise(later)) / (len(later) - 1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kind", "fvu", "l0", "dead"),
    [
        (HEALTHY, (0.05, 0.15), (6, 11), (0, 0.2)),
        (SLOW, (1.1, 3), (30, 50), (0, 0)),
        (FAST, (0.98, 1.05), (0, 0.1), (0.8, 1)),
        (DEAR, (0.7, 0.85), (1, 2.5), (0, 0.2)),
        (CHEAP, (0, 0.01), (55, 70), (0, 0.2)),
        (DEAD, (0.2, 0.3), (6, 11), (0.6, 0.8)),
        (ORDERED, (0.1, 0.5), (4, 12), (0, 0.2)),
    ],
)
def test_runs_end_as_the_sentences_say(kind, fvu, l0, dead, seed):
    ends = {name: curve[-1] for name, curve in columns(kind, seed).items()}
    for name, (low, high) in {"fvu": fvu, "l0": l0, "dead": dead}.items():
        assert low <= ends[name] <= high, name


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_in_order_are_rough_where_the_held_out_curve_is_smooth(seed):
    ratio = {}
    for kind in kinds:
        run = columns(kind, seed)
        ratio[kind] = roughness(run["fvu"]) / roughness(run["held_out_fvu"])
        assert (roughness(run["fvu"]) > 0.25) == (kind == ORDERED)
    assert ratio[ORDERED] > 10
    assert ratio[FAST] < 4


@pytest.mark.parametrize("seed", SEEDS)
def test_small_steps_are_not_through_and_other_runs_are(seed):
    fall = {kind: 1 - run[-1] / run[75] for kind in kinds if (run := held_out(kind, seed))}
    assert fall[SLOW] > 0.2
    assert max(fall[HEALTHY], fall[DEAR], fall[DEAD]) < 0.05
    assert columns(HEALTHY, seed)["fvu"][25] < 0.3
    l0 = columns(SLOW, seed)["l0"]
    assert l0[-1] < l0[75] < l0[25] < l0[0]


def held_out(kind, seed):
    return columns(kind, seed)["held_out_fvu"]


@pytest.mark.parametrize("seed", SEEDS)
def test_large_steps_fall_at_once_and_to_1(seed):
    run = columns(FAST, seed)
    assert run["fvu"][1] < 0.3 * run["fvu"][0]
    assert max(run["l0"][25:]) < 1
    assert max(run["dead"][:7]) == 0
    assert roughness(run["held_out_fvu"][5:]) > 0.02


@pytest.mark.parametrize("seed", SEEDS)
def test_a_high_price_makes_fvu_rise_again_while_l0_falls(seed):
    run = columns(DEAR, seed)
    assert min(run["fvu"][:11]) < 0.6
    assert run["fvu"][15] > 0.85
    assert run["l0"][15] < 0.1 * run["l0"][0]
    assert max(run["dead"]) < 0.2
    assert max(run["dead"][:7]) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_low_price_makes_l0_rise_again(seed):
    l0 = columns(CHEAP, seed)["l0"]
    assert min(l0) < 0.5 * l0[0]
    assert l0[-1] > 2 * min(l0)


@pytest.mark.parametrize("seed", SEEDS)
def test_dead_latents_are_silent_from_the_beginning(seed):
    run = columns(DEAD, seed)
    assert run["dead"][6] > 0.7
    assert min(run["l0"]) > 5
    others = [columns(kind, seed)["dead"] for kind in (HEALTHY, SLOW, CHEAP, ORDERED)]
    assert max(map(max, others)) < 0.2
