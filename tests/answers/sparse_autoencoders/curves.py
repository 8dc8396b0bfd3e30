"""Answers to "what is the matter with each of six training runs"."""

import torch

from interp_course import runtime, training_faults
from interp_course.checks.sparse_autoencoders import kinds

EXERCISE = "curves"
TRUTH = training_faults.order


def numbered(found):
    return {run: kind for run, kind in enumerate(found, start=1)}


def taken_for(instance, pairs):
    """Some kinds are taken for others."""
    return numbered(pairs.get(kind, kind) for kind in TRUTH(instance))


def everything_healthy(instance):
    """But for the first run that is not: of which it depends on the instance."""
    return dict.fromkeys(range(1, 7), "healthy")


def small_steps_are_a_high_price(instance):
    return taken_for(
        instance,
        {"learning rate too low": "sparsity price too high"},
    )


def small_steps_are_large_steps(instance):
    return taken_for(instance, {"learning rate too low": "learning rate too high"})


def small_steps_are_a_low_price(instance):
    return taken_for(instance, {"learning rate too low": "sparsity price too low"})


def small_steps_are_healthy(instance):
    return taken_for(instance, {"learning rate too low": "healthy"})


def a_high_price_is_healthy(instance):
    return taken_for(instance, {"sparsity price too high": "healthy"})


def a_high_price_is_small_steps(instance):
    return taken_for(instance, {"sparsity price too high": "learning rate too low"})


def a_high_price_is_large_steps(instance):
    return taken_for(instance, {"sparsity price too high": "learning rate too high"})


def a_high_price_is_death(instance):
    return taken_for(instance, {"sparsity price too high": "dead latents"})


def order_of_batches_is_large_steps(instance):
    return taken_for(instance, {"batches not shuffled": "learning rate too high"})


def order_of_batches_is_small_steps(instance):
    return taken_for(instance, {"batches not shuffled": "learning rate too low"})


def order_of_batches_is_healthy(instance):
    return taken_for(instance, {"batches not shuffled": "healthy"})


def order_of_batches_is_death(instance):
    return taken_for(instance, {"batches not shuffled": "dead latents"})


def counted_from_zero(instance):
    return dict(enumerate(TRUTH(instance)))


def turned_round(instance):
    return {kind: run for run, kind in numbered(TRUTH(instance)).items()}


def one_left_out(instance):
    return numbered(TRUTH(instance)[:5])


def one_not_answered(instance):
    return {**numbered(TRUTH(instance)), 4: None}


def all_seven(instance):
    return numbered([*TRUTH(instance), *(set(kinds) - set(TRUTH(instance)))])


def other_names(instance):
    return numbered(kind.replace("dead latents", "dead").split()[0] for kind in TRUTH(instance))


def a_text(instance):
    return ", ".join(TRUTH(instance))


WRONG = {
    everything_healthy: "",
    small_steps_are_a_high_price: "pushes L0 down first",
    small_steps_are_large_steps: "comes down steadily",
    small_steps_are_a_low_price: "still falling",
    small_steps_are_healthy: "still falling",
    a_high_price_is_healthy: "above 0.7",
    a_high_price_is_small_steps: "*rises*",
    a_high_price_is_large_steps: "small L0",
    a_high_price_is_death: "few dead latents",
    order_of_batches_is_large_steps: "same weights",
    order_of_batches_is_small_steps: "jumps up and down beside it",
    order_of_batches_is_healthy: "jumps up and down to the end",
    order_of_batches_is_death: "below a fifth",
    counted_from_zero: "counted from 0",
    turned_round: "turned round",
    one_left_out: "left out",
    one_not_answered: "left out",
    all_seven: "more diagnoses than runs",
    other_names: "not told by its name",
    a_text: "",
}


def by_the_library(instance):
    return numbered(TRUTH(instance))


def a_list(instance):
    return TRUTH(instance)


def with_capitals_and_spaces(instance):
    return {run: f" {kind.title()} " for run, kind in numbered(TRUTH(instance)).items()}


def drawn_anew_and_backwards(instance):
    rng = runtime.generator("training faults", instance)
    drawn = torch.randperm(7, generator=rng)[:6]
    return {run: kinds[drawn[run - 1]] for run in range(6, 0, -1)}


RIGHT = [by_the_library, a_list, with_capitals_and_spaces, drawn_anew_and_backwards]
