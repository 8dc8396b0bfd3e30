"""Answers to "what is wrong with these tests" as students find them."""

import dataclasses
import functools

from interp_course.checks.causal_scrubbing import trials
from interp_course.circuits import LOGITS
from interp_course.compiled import Total
from interp_course.scrubbing import SAME, Edge, Node, equivalent

EXERCISE = "pitfalls"
N = 300


def features(node):
    return [edge.node.feature for edge in node.edges]


def with_features(node, given, share=None):
    """The same tree with other claims about its two heads."""
    pairs = zip(node.edges, given, strict=True)
    return dataclasses.replace(
        node,
        edges=[
            dataclasses.replace(e, node=dataclasses.replace(e.node, feature=f, share=share))
            for e, f in pairs
        ],
    )


def exchanged(total):
    """The same claim with a and b exchanged."""
    return Total(a=total.b, b=total.a, c=total.c)


def passes(scrubber, node):
    return scrubber.test(node, N).accuracy.mean > 0.95


@functools.cache
def experiments(instance):
    """For each letter: what the five experiments show."""
    everything = max((t.scrubber for t in trials(instance).values()), key=n_prompts)
    found = {}
    for letter, trial in trials(instance).items():
        report = trial.scrubber.test(trial.hypothesis, N)
        shares = [report.plan.share_resampled(draw) for draw in report.plan.draws[1:]]
        first, second = features(trial.hypothesis)
        turned = with_features(trial.hypothesis, [exchanged(first), exchanged(second)])
        shared = with_features(trial.hypothesis, [first, first], share="both")
        found[letter] = {
            "passes": report.accuracy.mean > 0.95,
            "recovered": report.recovered["shuffled inputs"].mean,
            "exchanged": min(shares),
            "holds": passes(everything, trial.hypothesis),
            "turned": passes(everything, turned),
            "together": first == second and passes(everything, shared),
        }
    return found


def n_prompts(scrubber):
    return len(scrubber.tokens.unique(dim=0))


def verdict(instance, *, believe=()):
    """The verdict on each test, if one leaves experiments out."""
    found = {}
    for letter, seen in experiments(instance).items():
        if not seen["passes"]:
            word = "separate samples" if seen["together"] else "left out"
            word = "swapped" if seen["turned"] else word
        elif not seen["holds"]:
            word = "correlated data"
        else:
            word = "sound" if seen["exchanged"] > 0.1 else "vacuous"
        found[letter] = dict(believe).get(word, word)
    return found


def accuracy_alone(instance):
    return verdict(instance, believe={"correlated data": "sound", "vacuous": "sound"})


def data_not_looked_at(instance):
    return verdict(instance, believe={"correlated data": "sound"})


def plan_not_looked_at(instance):
    return verdict(instance, believe={"vacuous": "sound"})


def read_and_not_tested(instance):
    """The two claims that name a + b, or parts of it, sound right."""
    return verdict(instance, believe={"left out": "sound", "sound": "left out"})


def the_sum_is_right(instance):
    return verdict(instance, believe={"separate samples": "sound", "sound": "separate samples"})


def a_and_b_not_exchanged(instance):
    return verdict(instance, believe={"swapped": "left out"})


def swapped_and_left_out_exchanged(instance):
    return verdict(instance, believe={"swapped": "left out", "left out": "swapped"})


def never_shared(instance):
    return verdict(instance, believe={"separate samples": "left out"})


def samples_blamed(instance):
    return verdict(instance, believe={"left out": "separate samples"})


def samples_blamed_for_the_swap(instance):
    return verdict(instance, believe={"swapped": "separate samples"})


def turned_round_suspected(instance):
    return verdict(instance, believe={"separate samples": "swapped"})


def swapped_on_narrow_data(instance):
    return verdict(instance, believe={"correlated data": "swapped"})


def any_pass_is_vacuous(instance):
    return verdict(instance, believe={"correlated data": "vacuous"})


def sound_is_suspected(instance):
    return verdict(instance, believe={"sound": "vacuous"})


def data_are_blamed(instance):
    return verdict(instance, believe={"swapped": "correlated data"})


def failure_is_called_vacuous(instance):
    return verdict(instance, believe={"left out": "vacuous"})


def data_suspected(instance):
    return verdict(instance, believe={"sound": "correlated data"})


def half_of_the_loss_is_enough(instance):
    """By the loss recovered, 40 % or more of which is taken for a pass."""
    found = verdict(instance)
    for letter, seen in experiments(instance).items():
        if not seen["passes"] and seen["recovered"] > 0.4:
            found[letter] = "sound"
    return found


def all_sound(instance):
    return dict.fromkeys(trials(instance), "sound")


def yes_or_no(instance):
    return {letter: seen["passes"] for letter, seen in experiments(instance).items()}


def numbers(instance):
    return {letter: seen["recovered"] for letter, seen in experiments(instance).items()}


def turned_round(instance):
    return {word: letter for letter, word in verdict(instance).items()}


def one_left_out(instance):
    return {letter: word for letter, word in verdict(instance).items() if word != "sound"}


def the_letter_alone(instance):
    return next(letter for letter, word in verdict(instance).items() if word == "sound")


WRONG = {
    accuracy_alone: "100 % is believed",
    data_not_looked_at: "look at the prompts",
    plan_not_looked_at: "print the plan",
    read_and_not_tested: "read and not tested",
    the_sum_is_right: "read and not tested",
    a_and_b_not_exchanged: "all three are in the claims",
    swapped_and_left_out_exchanged: "xchange",
    never_shared: "one sample for both heads",
    samples_blamed: "neither claim names",
    samples_blamed_for_the_swap: "which head carries what",
    turned_round_suspected: "one and the same claim",
    swapped_on_narrow_data: "special about the prompts",
    any_pass_is_vacuous: "which prompts there are",
    sound_is_suspected: "two thirds",
    data_are_blamed: "put down to the data",
    failure_is_called_vacuous: "cannot fail",
    data_suspected: "not looked at",
    half_of_the_loss_is_enough: "read and not tested",
    all_sound: "each occurs once",
    yes_or_no: "one of the six words",
    numbers: "one of the six words",
    turned_round: "turned round",
    one_left_out: "left out",
    the_letter_alone: "left out",
}


def by_five_experiments(instance):
    return verdict(instance)


def by_what_the_heads_carry(instance):
    """First find out what each head carries, then compare the claims with that."""
    given = trials(instance)
    varied = max((t.scrubber for t in given.values()), key=n_prompts)
    sites = [edge.node.site for edge in given["A"].hypothesis.edges]
    a_and_c, b_and_c = Total(a=1, c=1), Total(b=1, c=-1)
    true = max(
        (pair(sites, *f) for f in ((a_and_c, b_and_c), (b_and_c, a_and_c))),
        key=lambda node: varied.test(node, N).accuracy.mean,
    )
    found = {}
    for letter, trial in given.items():
        names = [str(f) for f in features(trial.hypothesis)]
        if equivalent(trial.hypothesis, true, varied.tokens):
            found[letter] = "Sound"
        elif n_prompts(trial.scrubber) < 27:
            found[letter] = "Correlated-data"
        elif names[0] == names[1]:
            found[letter] = "Separate samples" if names[0] == "a + b" else "Vacuous"
        else:
            found[letter] = "Swapped" if any("c" in name for name in names) else "Left out"
    return found


def pair(sites, *given):
    edges = [Edge("in", Node(s, f), -1) for s, f in zip(sites, given, strict=True)]
    return Node(LOGITS, SAME, edges)


def by_mending_them(instance):
    """Each hypothesis that fails is changed in one way until it passes."""
    found = {}
    for letter, trial in trials(instance).items():
        scrubber, node = trial.scrubber, trial.hypothesis
        first, second = features(node)
        if passes(scrubber, node):
            found[letter] = passed(instance, trial)
        elif passes(scrubber, with_features(node, [exchanged(first), exchanged(second)])):
            found[letter] = "swapped"
        elif passes(scrubber, with_features(node, [first, first], share="one")):
            found[letter] = "separate samples"
        else:
            found[letter] = "left out"
    return found


def passed(instance, trial):
    """Of what passes: does it elsewhere, and is anything exchanged?"""
    varied = max((t.scrubber for t in trials(instance).values()), key=n_prompts)
    if not passes(varied, trial.hypothesis):
        return "correlated data"
    plan = varied.plan(trial.hypothesis, N)
    kept = plan.draws[1].classes.n_classes == n_prompts(varied)
    return "vacuous" if kept else "sound"


RIGHT = [by_five_experiments, by_what_the_heads_carry, by_mending_them]
