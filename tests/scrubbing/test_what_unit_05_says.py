"""What the notebook on causal scrubbing says of the trained network with induction heads."""

import functools

import pytest
import torch

from interp_course import models, runtime, sequences
from interp_course.circuits import EMBED, LOGITS, head
from interp_course.scrubbing import (
    ANY,
    SAME,
    Edge,
    Node,
    Scrubber,
    Stream,
    TokenAt,
    TokensBack,
    induced,
)

PREVIOUS, OTHERS = head(0, 1), [head(0, h) for h in (0, 2, 3)]
INDUCTION = [head(1, h) for h in range(4)]
IN, OUT = (12, 20), (45, 55)
"""Period and length of the texts: as in training, and with blocks longer than any of these."""
N, ERRORS = 1500, 4
"""Samples, and how many standard errors a number may be off."""


def token(part, back=0) -> Node:
    return Node(part, TokensBack(back), per_position=True)


def reading(*edges: Edge, direct: tuple[Edge, ...] = ()) -> Node:
    """Every induction head reads this at the last position, and the logits read nothing else."""
    heads = [Edge("in", Node(part, SAME, edges), -1) for part in INDUCTION]
    return Node(LOGITS, SAME, [*heads, *direct])


QUERY, VALUE = Edge("q", Node(EMBED, TokenAt(-1))), Edge("v", token(EMBED))
KEY = Edge("k", token(PREVIOUS, 1))
CONTEXT = [
    Edge("q", Node(PREVIOUS, ANY, share="context")),
    *(Edge("k", Node(part, ANY, share="context")) for part in OTHERS),
]
MORE_VALUES = [Edge("v", token(part)) for part in OTHERS]
DIRECT = Edge("in", Node(Stream(1), TokenAt(-1)), -1)


def coarse(share: str | None) -> Node:
    nodes = [Node(part, induced, share=share) for part in INDUCTION]
    return Node(LOGITS, SAME, [Edge("in", node, -1) for node in nodes])


HYPOTHESES = {
    "empty": Node(LOGITS, SAME, []),
    "naive": reading(QUERY, KEY, VALUE),
    "with context": reading(QUERY, KEY, VALUE, *CONTEXT),
    "refined": reading(QUERY, KEY, VALUE, *CONTEXT, *MORE_VALUES, direct=(DIRECT,)),
    "wrong keys": reading(QUERY, Edge("k", token(EMBED)), VALUE),
    "coarse": coarse(None),
    "coarse, one sample": coarse("all"),
    "heads as they are": Node(LOGITS, SAME, [Edge("in", Node(h, SAME), -1) for h in INDUCTION]),
    "model": Node(LOGITS, SAME),
}
SAID = {  # loss, accuracy, KL, share recovered of shuffled inputs and of the best constant
    (IN, "model", "shared"): (0.174, 0.985, 0.000, 1.000, 1.000),
    (IN, "empty", "shared"): (7.986, 0.016, 7.305, -0.009, -0.970),
    (IN, "naive", "shared"): (0.232, 0.981, 0.355, 0.992, 0.985),
    (IN, "naive", "each"): (1.811, 0.479, 1.496, 0.789, 0.587),
    (IN, "with context", "shared"): (0.294, 0.963, 0.388, 0.984, 0.970),
    (IN, "with context", "each"): (0.269, 0.971, 0.369, 0.988, 0.976),
    (IN, "refined", "shared"): (0.245, 0.970, 0.227, 0.991, 0.982),
    (IN, "refined", "each"): (0.232, 0.975, 0.214, 0.993, 0.985),
    (IN, "wrong keys", "shared"): (4.073, 0.069, 3.497, 0.497, 0.017),
    (IN, "wrong keys", "each"): (4.894, 0.019, 4.232, 0.391, -0.190),
    (IN, "coarse", "each"): (0.176, 0.989, 0.359, 1.000, 1.000),
    (IN, "coarse, one sample", "shared"): (0.249, 0.966, 0.423, 0.990, 0.981),
    (OUT, "model", "shared"): (0.855, 0.804, 0.000, 1.000, 1.000),
    (OUT, "heads as they are", "shared"): (0.966, 0.765, 0.469, 0.983, 0.966),
    (OUT, "coarse", "shared"): (0.641, 0.852, 1.416, 1.032, 1.065),
    (OUT, "coarse", "each"): (0.631, 0.859, 1.432, 1.033, 1.068),
    (OUT, "coarse, one sample", "shared"): (0.923, 0.784, 1.746, 0.990, 0.979),
}


@functools.lru_cache(maxsize=2)
def scrubber(period: int, length: int) -> Scrubber:
    block = sequences.repeated_random(4000, period, 64, runtime.generator("unit 05", 0))
    return Scrubber(models.load("induction", device="cpu"), block[:, :length], block[:, length])


@functools.cache
def report(texts, name, unimportant="shared"):
    return scrubber(*texts).test(HYPOTHESES[name], N, unimportant=unimportant)


def surely_below(a, b) -> bool:
    return b.mean - a.mean > ERRORS * (a.error**2 + b.error**2) ** 0.5


@pytest.mark.parametrize("case", SAID, ids=lambda case: "-".join(map(str, case[1:])))
def test_the_numbers_are_those_that_the_notebook_tells(case):
    found = report(*case)
    recovered = [found.recovered[name] for name in ("shuffled inputs", "best constant")]
    for estimate, said in zip(
        (found.loss, found.accuracy, found.kl, *recovered), SAID[case], strict=True
    ):
        assert abs(estimate.mean - said) <= ERRORS * max(estimate.error, 1e-3)


def test_the_naive_account_passes_only_if_all_that_it_leaves_out_comes_from_one_text():
    together, apart = (report(IN, "naive", kind) for kind in ("shared", "each"))
    assert together.accuracy.mean > 0.95
    assert apart.accuracy.mean < 0.55
    assert surely_below(apart.recovered["best constant"], together.recovered["best constant"])


@pytest.mark.parametrize("name", ["with context", "refined"])
@pytest.mark.parametrize("kind", ["shared", "each"])
def test_it_passes_either_way_once_query_and_key_take_the_context_from_one_text(name, kind):
    assert report(IN, name, kind).recovered["best constant"].mean > 0.95
    assert report(IN, name, kind).resampled > 0.95


def test_values_through_layer_0_and_the_direct_path_bring_it_nearer_to_the_network():
    assert surely_below(report(IN, "refined", "each").kl, report(IN, "with context", "each").kl)


def test_wrong_keys_recover_half_of_the_loss_at_chance_accuracy():
    wrong = report(IN, "wrong keys")
    assert wrong.recovered["shuffled inputs"].mean > 0.4
    assert wrong.accuracy.mean < 0.1


@pytest.mark.parametrize("kind", ["shared", "each"])
def test_on_long_blocks_a_hypothesis_beats_the_network_and_disagrees_with_it(kind):
    found, heads = report(OUT, "coarse", kind), report(OUT, "heads as they are")
    ratio = found.recovered["best constant"]
    assert ratio.mean - 3 * ratio.error > 1
    assert surely_below(heads.kl, found.kl)
    assert found.kl.mean > 1.2


def test_what_beats_the_network_is_the_mean_of_several_heads_that_err_apart():
    """With one sample for all heads no more than the loss of the network is recovered."""
    apart, together = report(OUT, "coarse"), report(OUT, "coarse, one sample")
    assert surely_below(apart.loss, together.loss)
    assert together.recovered["best constant"].mean < 1


def test_on_long_blocks_it_names_another_token_than_the_network_in_a_fifth_of_the_texts():
    found = report(OUT, "coarse", "each")
    same = found.logits.argmax(dim=-1) == found.clean_logits.argmax(dim=-1)
    assert 0.15 < 1 - same.to(torch.float64).mean().item() < 0.35
