"""Losses are those of samples, of scipy and of sums by hand; phases follow from them."""

import math

import pytest
import torch
from scipy import integrate
from torch import Tensor

from interp_course import phases, runtime

N = 1_000_000
IMPORTANCE = torch.tensor([1.0, 0.3, 2.0, 0.5], dtype=torch.float64)
ANTIPODAL = torch.tensor([[1.0, -1.0]])


def refuses(message: str):
    return pytest.raises((ValueError, TypeError), match=f"(?s){message}|Type-check error")


def network(n: int, d: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    rng = runtime.generator("test phases", seed)
    W = torch.randn(d, n, generator=rng, dtype=torch.float64) / d**0.5
    return W, 0.2 * torch.randn(n, generator=rng, dtype=torch.float64)


def samples(n: int, p: float) -> Tensor:
    rng = runtime.generator("test phases samples")
    on = torch.rand(N, n, generator=rng) < p
    return (on * torch.rand(N, n, generator=rng)).double()


def is_mean_of(losses: Tensor, expected: float) -> None:
    """The mean of the samples lies within four standard errors of what it should be."""
    assert abs(losses.mean().item() - expected) <= 4 * losses.std().item() / math.sqrt(len(losses))


@pytest.mark.parametrize("p", [0.05, 0.4, 1.0])
@pytest.mark.parametrize(("d", "seed"), [(1, 0), (2, 1), (3, 2)])
def test_the_expected_loss_is_the_mean_of_samples(d, seed, p):
    W, b = network(4, d, seed)
    x = samples(4, p)
    losses = (IMPORTANCE * (x - (x @ W.T @ W + b).relu()) ** 2).sum(dim=1)
    is_mean_of(losses, phases.expected_loss(W, b, p, IMPORTANCE).item())


@pytest.mark.parametrize("p", [0.05, 0.4, 1.0])
def test_the_expected_loss_of_the_linear_model_is_the_mean_of_samples(p):
    W, b = network(4, 2)
    x = samples(4, p)
    losses = (IMPORTANCE * (x - (x @ W.T @ W + b)) ** 2).sum(dim=1)
    is_mean_of(losses, phases.linear_expected_loss(W, b, p, IMPORTANCE).item())


@pytest.mark.parametrize("seed", range(4))
def test_two_features_are_integrated_as_scipy_does(seed):
    W, b = network(2, 1, seed)
    (g, c), (_, h) = (W.T @ W).tolist()

    def error(y: float, x: float) -> float:
        outputs = (max(0.0, g * x + c * y + b[0].item()), max(0.0, c * x + h * y + b[1].item()))
        return (x - outputs[0]) ** 2 + (y - outputs[1]) ** 2

    expected = integrate.dblquad(error, 0, 1, 0, 1, epsabs=1e-7)[0]
    found = phases.expected_loss(W, b, 1.0).item()
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_one_active_feature_is_integrated_exactly(seed):
    W, b = network(3, 2, seed)
    gram, p, total = W.T @ W, 0.1, (1 - 0.1) ** 3 * b.relu().square().sum().item()
    for j in range(3):
        for i in range(3):

            def error(x: float, i=i, j=j) -> float:
                return (x * (i == j) - max(0.0, gram[i, j].item() * x + b[i].item())) ** 2

            kink = min(max(-b[i].item() / gram[i, j].item(), 0.0), 1.0)
            total += p * (1 - p) ** 2 * integrate.quad(error, 0, 1, points=[kink])[0]
    found = phases.expected_loss(W, b, p, max_active=1).item()
    assert found == pytest.approx(total, abs=1e-12)


def test_the_loss_of_a_network_that_always_answers_its_bias_is_known_by_hand():
    zero, p = torch.zeros(2, 3), 0.3
    found = phases.expected_loss(zero, torch.full((3,), p / 2), p)
    assert found.item() == pytest.approx(3 * (p / 3 - p**2 / 4), abs=1e-6)
    found = phases.expected_loss(zero, torch.full((3,), -1.0), p)
    assert found.item() == pytest.approx(3 * p / 3, abs=1e-6)


def test_a_network_with_room_for_all_features_loses_nothing():
    found = phases.expected_loss(torch.eye(3), torch.zeros(3), 0.7)
    assert found.item() == pytest.approx(0, abs=1e-6)


def test_where_the_relu_never_acts_both_losses_are_equal():
    W, b = network(4, 2)[0].abs(), torch.full((4,), 0.1, dtype=torch.float64)
    for p in (0.2, 1.0):
        linear = phases.linear_expected_loss(W, b, p, IMPORTANCE)
        torch.testing.assert_close(phases.expected_loss(W, b, p, IMPORTANCE), linear)


def test_what_is_left_out_is_never_negative_and_of_the_stated_order():
    W, b = network(4, 2)
    for most in (0, 1, 2, 3):
        left_out = [
            (phases.expected_loss(W, b, p) - phases.expected_loss(W, b, p, max_active=most)).item()
            for p in (0.01, 0.001)
        ]
        assert left_out[0] > left_out[1] > 0
        assert left_out[0] / left_out[1] == pytest.approx(10 ** (most + 1), rel=0.15)


def test_all_sets_and_more_than_there_are_give_the_same():
    W, b = network(3, 2)
    torch.testing.assert_close(
        phases.expected_loss(W, b, 0.5), phases.expected_loss(W, b, 0.5, max_active=6)
    )


@pytest.mark.parametrize("function", [phases.expected_loss, phases.linear_expected_loss])
def test_many_instances_give_what_each_gives_alone(function):
    W, b = (torch.stack(parts) for parts in zip(*[network(4, 2, s) for s in range(3)], strict=True))
    p, importance = torch.tensor([0.1, 0.5, 1.0]), torch.rand(3, 4).double()
    found = function(W, b, p, importance)
    for i in range(3):
        alone = function(W[i], b[i], p[i].item(), importance[i])
        torch.testing.assert_close(found[i], alone, atol=1e-7, rtol=0)


@pytest.mark.parametrize("function", [phases.expected_loss, phases.linear_expected_loss])
def test_gradients_are_those_of_finite_differences(function):
    parts = [part.requires_grad_() for part in network(3, 2)]
    assert torch.autograd.gradcheck(lambda W, b: function(W, b, 0.6), parts, atol=1e-4)


@pytest.mark.parametrize("size", [0.0, 1e-42, 1e-30, 1e-10])
def test_gradients_are_finite_however_small_a_column_is(size):
    W = torch.tensor([[size, 1.0, 0.0], [0.0, 0.5, size]]).requires_grad_()
    b = torch.tensor([0.1, -0.1, 0.0]).requires_grad_()
    phases.expected_loss(W, b, 0.3).backward()
    for part in (W, b):
        assert part.grad is not None
        assert part.grad.isfinite().all()


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("r", [0.2, 1.0, 5.0])
def test_the_losses_of_the_phases_are_those_of_their_networks(p, r):
    W = torch.stack([torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), ANTIPODAL])
    b = torch.tensor([[0.0, p / 2], [p / 2, 0.0], [0.0, 0.0]])
    exact = phases.expected_loss(W, b, p, torch.tensor([1.0, r]))
    torch.testing.assert_close(phases.phase_losses(torch.tensor(p), torch.tensor(r)), exact)


def test_equal_features_are_superposed_below_four_sevenths():
    p = torch.tensor([0.1, 4 / 7 - 0.01, 4 / 7 + 0.01, 1.0])
    found = phases.predicted_phase(p, torch.full((4,), 0.999))
    assert [phases.PHASES[i] for i in found.tolist()] == ["superposed"] * 2 + ["ignored"] * 2


def test_exchanging_the_features_exchanges_ignored_and_dedicated():
    p, r = torch.meshgrid(torch.linspace(0.02, 1, 9), torch.logspace(0.1, 1, 9), indexing="ij")
    swapped = torch.tensor([1, 0, 2])[phases.predicted_phase(p, 1 / r)]
    assert torch.equal(phases.predicted_phase(p, r), swapped)


def test_the_best_networks_are_in_the_predicted_phase_except_near_the_boundary():
    """The exact loss is minimised from each of the three solutions."""
    p, r = (
        x.flatten()
        for x in torch.meshgrid(
            torch.logspace(-1.5, 0, 9), torch.logspace(-0.9, 1, 8), indexing="ij"
        )
    )
    found = best_phases(p, r)
    for wrong in (found != phases.predicted_phase(p, r)).nonzero()[:, 0]:
        near = phases.predicted_phase(p[wrong] * torch.tensor([0.85, 1.0]), r[wrong].expand(2))
        assert found[wrong] == near[0] != near[1]


def best_phases(p: Tensor, r: Tensor) -> Tensor:
    """Phases of the lowest of the three losses that gradient descent ends at."""
    start = torch.stack([torch.tensor([[1.0, 0.01]]), torch.tensor([[0.01, 1.0]]), ANTIPODAL])
    W = start[:, None].repeat(1, len(p), 1, 1).requires_grad_()
    b = torch.zeros(3, len(p), 2)
    b[0, :, 1], b[1, :, 0] = p / 2, p / 2
    p, weight = p.expand(3, -1), torch.stack([torch.ones_like(r), r], dim=1).expand(3, -1, -1)
    optimizer = torch.optim.Adam([W, b.requires_grad_()], lr=0.01)
    for _ in range(200):
        optimizer.zero_grad()
        (phases.expected_loss(W, b, p, weight) / p).sum().backward()
        optimizer.step()
    best = phases.expected_loss(W, b, p, weight).argmin(dim=0)
    return phases.measured_phase(W.detach()).gather(0, best[None])[0]


def test_phases_are_told_by_the_norms():
    W = torch.tensor([[[1.0, 0.1]], [[0.1, -1.0]], [[1.0, -0.9]], [[0.1, 0.1]]])
    found = [phases.PHASES[i] for i in phases.measured_phase(W).tolist()]
    assert found == ["ignored", "dedicated", "superposed", "ignored"]


def test_phases_of_other_shapes_are_refused():
    with refuses("those of 2 features in 1 dimension, got 3 in 2"):
        phases.measured_phase(torch.zeros(5, 2, 3))


@pytest.mark.parametrize("p", [-0.1, 1.1])
@pytest.mark.parametrize("function", [phases.expected_loss, phases.linear_expected_loss])
def test_an_impossible_probability_is_refused(function, p):
    with refuses("probability .of being active. must lie between 0 and 1"):
        function(*network(2, 1), p)


def test_too_many_sets_are_refused_with_the_way_out():
    W, b = network(9, 2)
    with refuses("all sets of 9 active features are too many: pass max_active between 0 and 6"):
        phases.expected_loss(W, b, 0.1)
    assert phases.expected_loss(W, b, 0.1, max_active=2).isfinite()
