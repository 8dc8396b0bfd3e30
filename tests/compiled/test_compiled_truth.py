"""The features say what each part encodes: equal labels, equal values; others, others."""

import pytest
import torch
from compiled_cases import MAKERS, contributions, make, make_null
from torch import Tensor

from interp_course import circuits, compiled

BUILDS = {name: make(name, 4, rotate=True) for name in MAKERS}
BUILDS["adder"] = compiled.adder(instance=4, rotate=True)
BUILDS["memorised"] = make_null("memorised", 4, rotate=True)
LABELS = [(name, key) for name, built in BUILDS.items() for key in built.features]
VALUES = [(name, key) for name, key in LABELS if not key.endswith("pattern")]
PATTERNS = [(name, key) for name, key in LABELS if key.endswith("pattern")]


def split(key: str) -> tuple[circuits.Part, str]:
    """``L0.H1.q`` is the part ``L0.H1`` and its input ``q``."""
    layer, part, *slot = key.split(".")
    return circuits.part(f"{layer}.{part}"), slot[0] if slot else ""


@torch.no_grad()
def value(model, tokens: Tensor, key: str) -> Tensor:
    """The part's output, or the query, key or value of a head, at every position."""
    part, slot = split(key)
    if not slot:
        return contributions(model, tokens)[part]
    if slot == "in":
        return model.run_with_cache(tokens)[1][f"blocks.{part.layer}.mlp.hook_pre"]
    cache = model.run_with_cache(tokens)[1]
    return cache[f"blocks.{part.layer}.attn.hook_{slot}"][:, :, part.head]


@pytest.mark.parametrize(("name", "key"), VALUES)
def test_positions_with_equal_labels_have_equal_values(name, key):
    built, tokens = BUILDS[name], BUILDS[name].task.sample(24).tokens
    labels = built.features[key](tokens).flatten()
    values = value(built.model, tokens, key).flatten(0, 1)
    for label in labels.unique():
        same = values[labels == label]
        assert (same - same[0]).abs().max() < 1e-3 * max(1.0, same[0].norm().item())


@pytest.mark.parametrize(("name", "key"), VALUES)
def test_no_label_says_more_than_is_there(name, key):
    """Different labels have different values: no feature is finer than it needs to be."""
    built, tokens = BUILDS[name], BUILDS[name].task.sample(24).tokens
    labels = built.features[key](tokens).flatten()
    values = value(built.model, tokens, key).flatten(0, 1)
    means = torch.stack([values[labels == label][0] for label in labels.unique()])
    if key.endswith(".in"):  # the lookup tells cities apart, other words it does not know
        return
    assert torch.pdist(means).min() > 0.05


@pytest.mark.parametrize(("name", "key"), PATTERNS)
def test_the_pattern_is_where_its_label_says(name, key):
    built, tokens = BUILDS[name], BUILDS[name].task.sample(24).tokens
    part = split(key)[0]
    labels = built.features[key](tokens)
    pattern = built.model.run_with_cache(tokens)[1][f"blocks.{part.layer}.attn.hook_pattern"]
    attended = pattern[:, part.head].gather(2, labels.clamp(min=0)[..., None])[..., 0]
    assert attended[labels >= 0].min() > 0.999
    assert (labels[:, -1] >= 0).all()


def test_every_head_of_a_circuit_has_a_feature():
    for built in BUILDS.values():
        heads = {str(part) for part in built.circuit.parts if part.kind in ("head", "mlp")}
        assert heads <= set(built.features)


def test_a_label_of_each_position_of_a_sentence_by_hand():
    built = BUILDS["induction"]
    tokens = built.model.to_tokens("The cat sat on the mat . The cat")
    word = built.model.to_single_token
    following = built.features[str(built.part("induction head"))](tokens)[0].tolist()
    assert following == [-1] * 8 + [word("cat"), word("sat")]
    before = built.features[str(built.part("previous-token head"))](tokens)[0]
    assert built.model.to_string(before[1:]) == "<bos> The cat sat on the mat . The"
