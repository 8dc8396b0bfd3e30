"""The engine equals the paper's recursion, run one sample at a time in float64."""

import numpy as np
import pytest
import torch
from scrub_cases import KINDS, SECOND, Drawn, pair, tokens
from scrub_oracle import Oracle, total

from interp_course import circuits
from interp_course.circuits import EMBED, LOGITS
from interp_course.scrubbing import ANY, SAME, Edge, Node, Stream, plan, whole_model
from interp_course.scrubbing.evaluating import Evaluator

TOKENS = tokens()
MODES = ("shared", "each", "exact")


def difference(kind, seed, dtype=torch.float32, samples=2) -> float:
    """The largest difference of logits between engine and oracle on a random hypothesis."""
    model, net = pair(kind, dtype)
    mode, hypothesis = MODES[seed % 3], Drawn(model, seed).root
    options = {"unimportant": mode, "writers": circuits.parts(model), "seed": seed}
    drawn = plan(hypothesis, TOKENS, samples, **options)
    position = (-1, 2)[seed % 2]
    found = Evaluator(model, TOKENS, position, chunk_rows=7).logits(drawn).double().numpy()
    oracle = Oracle(net, drawn)
    expected = np.stack([oracle.logits(i, position) for i in range(samples)])
    return np.abs(found - expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_the_oracle_is_the_model(kind):
    model, net = pair(kind)
    found = [net.logits(total(net.contributions(row.numpy()), (9, 9))) for row in TOKENS[:3]]
    with torch.no_grad():
        np.testing.assert_allclose(model(TOKENS[:3]).numpy(), np.stack(found), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_random_hypotheses_equal_the_papers_recursion(kind):
    assert max(difference(kind, seed) for seed in range(27)) < 1e-4


@pytest.mark.parametrize("kind", ["attention only", "LayerNorm", "rotary grouped LayerNorm"])
def test_random_hypotheses_are_exact_in_double_precision(kind):
    """Norms without a mean are left out: transformer-lens computes them in float32 always."""
    assert max(difference(kind, seed, torch.float64) for seed in range(100, 112)) < 1e-9
