"""The findings on superposition: their truth is that of the model, and no near-tie."""

import pytest
import torch

from interp_course import phases
from interp_course.checks import superposition
from interp_course.checks.superposition import diagram, pentagons
from interp_course.checks.superposition.relations import LETTERS, pairs

CORNERS = torch.arange(5, dtype=torch.float64) * 2 * torch.pi / 5
PENTAGON = torch.stack([CORNERS.cos(), CORNERS.sin()])
PAIRS = torch.tensor([[1.0, -1, 0, 0, 0], [0, 0, 1, -1, 0]], dtype=torch.float64)
SOLUTIONS = {
    "ignored": ([1, 0], [0, 1]),
    "dedicated": ([0, 1], [1, 0]),
    "superposed": ([1, -1], [0, 0]),
}


def bias(*values):
    return torch.tensor(values, dtype=torch.float64).expand(5)


def integrated(phase, p, r):
    """The loss of a solution, from the model itself on a fine grid of magnitudes."""
    directions, missing = SOLUTIONS[phase]
    W = torch.tensor([directions], dtype=torch.float64)
    b = p / 2 * torch.tensor(missing)
    x = (torch.arange(300, dtype=torch.float64) + 0.5) / 300
    total = 0.0
    for first in (0, 1):
        for second in (0, 1):
            samples = torch.cartesian_prod(x * first, x * second)
            errors = (samples - torch.relu(samples @ W.T @ W + b)).square().mean(dim=0)
            chance = (p if first else 1 - p) * (p if second else 1 - p)
            total += chance * (errors[0] + r * errors[1]).item()
    return total


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_of_the_pentagon_check_is_that_of_the_library(seed):
    rng = torch.Generator().manual_seed(seed)
    W = PENTAGON + 0.2 * torch.randn(2, 5, generator=rng, dtype=torch.float64)
    b = -0.3 * torch.rand(5, generator=rng, dtype=torch.float64)
    expected = phases.expected_loss(W, b, pentagons.PROBABILITY).item()
    assert pentagons.loss_of(W, b) == pytest.approx(expected, abs=1e-5)


def test_the_loss_of_the_pentagon_check_is_that_of_samples():
    u = torch.rand(200_000, 5, generator=torch.Generator().manual_seed(0)).double()
    x = torch.where(u < pentagons.PROBABILITY, u / pentagons.PROBABILITY, 0.0)
    errors = (x - torch.relu(x @ PENTAGON.T @ PENTAGON - 0.1)).square().sum(dim=1)
    standard_error = (errors.std() / len(errors) ** 0.5).item()
    expected = pentagons.loss_of(PENTAGON, bias(-0.1))
    assert errors.mean().item() == pytest.approx(expected, abs=4 * standard_error)


@pytest.mark.parametrize(
    ("W", "b", "loss"),
    [
        (torch.eye(2, 5).double(), bias(0, 0, 0.025, 0.025, 0.025), 0.0481),
        (PAIRS, bias(0, 0, 0, 0, 0.025), 0.0177),
        (PENTAGON, bias(0), 0.0182),
        (PENTAGON, bias(-0.12), 0.0107),
    ],
)
def test_the_losses_beside_the_bound_are_those_that_are_stated(W, b, loss):
    assert pentagons.loss_of(W, b) == pytest.approx(loss, abs=6e-5)


@pytest.mark.parametrize("value", [-0.03, -0.22])
def test_a_pentagon_passes_with_the_biases_that_are_stated(value):
    superposition.pentagon((PENTAGON, bias(value)))


@pytest.mark.parametrize("phase", diagram.PHASES)
@pytest.mark.parametrize(("p", "r"), [(0.05, 3.0), (0.35, 0.5), (0.8, 1.5)])
def test_the_losses_of_the_phases_are_those_of_the_model(phase, p, r):
    assert diagram.losses(p, r)[phase] == pytest.approx(integrated(phase, p, r), rel=1e-4)


def test_cells_are_clear_and_hold_every_phase():
    for instance in range(100):
        drawn = superposition.cells(instance)
        assert {diagram.phase_of(cell) for cell in drawn} == set(diagram.PHASES)
        for cell in drawn:
            first, second, _ = sorted(diagram.losses(*cell).values())
            assert second >= 1.3 * first


def test_sixty_instances_have_different_cells():
    assert len({tuple(superposition.cells(i)) for i in range(60)}) == 60


def test_the_list_of_cells_may_be_changed():
    before = superposition.cells(0)
    superposition.cells(0).clear()
    assert superposition.cells(0) == before


def trained_cosines(steps=600):
    """Of a model of features 0, 1 correlated, 2, 3 exclusive, 4, 5 independent, in 4 dimensions."""
    rng = torch.Generator().manual_seed(0)
    W = (0.5 * torch.randn(4, 6, generator=rng)).requires_grad_()
    b = torch.zeros(6, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=0.02)
    for _ in range(steps):
        u, x = torch.rand(256, 4, generator=rng), torch.rand(256, 6, generator=rng)
        x[:, 1] = (x[:, 0] + x[:, 1]) / 2
        second = (u[:, 1] >= 0.4) & (u[:, 1] < 0.8)
        active = [u[:, 0] < 0.4, u[:, 0] < 0.4, u[:, 1] < 0.4, second, u[:, 2] < 0.4, u[:, 3] < 0.4]
        x = x * torch.stack(active, dim=1)
        loss = (x - torch.relu(x @ W.T @ W + b)).square().sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    units = (W / W.norm(dim=0)).detach()
    return units.T @ units


def test_the_planted_relations_are_what_training_gives():
    expected = torch.eye(6)
    expected[0, 1] = expected[1, 0] = 1.0
    expected[2, 3] = expected[3, 2] = -1.0
    torch.testing.assert_close(trained_cosines(), expected, rtol=0, atol=0.1)


def test_the_planted_pairs_stand_out():
    for instance in range(100):
        given = superposition.network(instance)
        units = given.W / given.W.norm(dim=0)
        gram = units.T @ units
        places = [[given.names.index(name) for name in pair] for pair in pairs(instance).values()]
        (a, b), (c, d) = places
        assert gram[a, b] > 0.9
        assert gram[c, d] < -0.9
        assert (gram.abs() > 0.4).sum() == 6 + 4


def test_networks_name_each_feature_once_and_may_be_changed():
    given = superposition.network(0)
    assert sorted(given.names) == list(LETTERS)
    given.W.zero_()
    assert superposition.network(0).W.any()
