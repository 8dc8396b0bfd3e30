"""What the induction head passes on: its output carries the word, its pattern only the place.

A sentence about a cat that sat is read while the induction head gets something from a sentence
about a dog that ran. The verb stands at the same place in both.
"""

import pytest
import torch
from compiled_cases import make

BUILT = make("induction", instance=3, rotate=True)
MODEL, HEAD = BUILT.model, BUILT.part("induction head")
SAT = "The cat sat on the mat . The cat"
RAN = "A dog ran in the park . The dog"
SAT_TOO = "A dog sat by the park . The dog"
LATER = ". A dog ran in the park The dog"
PLACE = 3
"""Of the verb, with <bos> before the sentence."""


def says(hooks=()) -> tuple[str, float]:
    """What the model says after the sentence about the cat, and how sure it is."""
    with torch.no_grad():
        logits = MODEL.run_with_hooks(MODEL.to_tokens(SAT), fwd_hooks=list(hooks))
    probability, token = logits[0, -1].softmax(dim=-1).max(dim=-1)
    return MODEL.to_string(token[None]), probability.item()


def from_sentence(text: str, *names: str, places=slice(None)):
    """Hooks that give the induction head these things from another sentence."""
    cache = MODEL.run_with_cache(MODEL.to_tokens(text))[1]

    def swap(x, hook):
        new, other = x.clone(), cache[hook.name]
        if hook.name.endswith("pattern"):
            new[:, HEAD.head] = other[:, HEAD.head]
        else:
            new[:, places, HEAD.head] = other[:, places, HEAD.head]
        return new

    return [(f"blocks.{HEAD.layer}.attn.hook_{name}", swap) for name in names]


def test_the_model_says_sat_after_the_cat_and_ran_after_the_dog():
    assert says()[0] == "sat"
    assert MODEL.to_string(MODEL(MODEL.to_tokens(RAN))[:, -1].argmax(dim=-1)) == "ran"


def test_the_output_of_the_head_brings_its_own_word_along():
    word, probability = says(from_sentence(RAN, "z"))
    assert word == "ran"
    assert probability > 0.99


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (SAT_TOO, ["z"]),  # the output, from a sentence in which the same word follows
        (RAN, ["pattern"]),  # the place is the same
        (RAN, ["q", "k"]),  # so is it found there by the other subject
        (SAT_TOO, ["v"]),
    ],
)
def test_what_agrees_in_what_it_encodes_can_be_exchanged(text, names):
    word, probability = says(from_sentence(text, *names))
    assert word == "sat"
    assert probability > 0.99


@pytest.mark.parametrize("name", ["q", "k"])
def test_a_query_or_key_alone_finds_nothing(name):
    assert says(from_sentence(RAN, name))[1] < 0.2


def test_a_pattern_from_a_sentence_that_is_shifted_points_at_the_next_word():
    assert says(from_sentence(LATER, "pattern"))[0] == "on"


def test_only_the_value_at_the_place_attended_to_counts():
    elsewhere = [place for place in range(10) if place != PLACE]
    assert says(from_sentence(RAN, "v", places=[PLACE]))[0] == "ran"
    assert says(from_sentence(RAN, "v", places=elsewhere))[0] == "sat"
