"""Toy models compute what loops compute, learn alone what they learn in a crowd, and learn it."""

import pytest
import torch
from torch import Tensor

from interp_course import phases, superposition, toy_models
from interp_course.toy_models import AbsoluteValueModel, Settings, ToyModel

KINDS = [ToyModel, AbsoluteValueModel]
FEW = Settings(steps=60, batch_size=32)


def refuses(message: str, error=(ValueError, TypeError)):
    return pytest.raises(error, match=f"(?s){message}|Type-check error")


def randomised(kind: type[ToyModel], n: int = 4, d: int = 3, seeds=(0, 1)) -> ToyModel:
    """A model whose bias is not 0 either."""
    model = kind(n, d, seeds)
    with torch.no_grad():
        model.b.copy_(torch.linspace(-0.3, 0.4, model.b.numel()).view_as(model.b))
    return model


def loop(model: ToyModel, instance: int, x: Tensor) -> list[float]:
    """The output for one sample, number by number."""
    n, d = range(model.n_features), range(model.d_hidden)
    W, b = model.W[instance].tolist(), model.b[instance].tolist()
    hidden = [sum(W[k][j] * x[j].item() for j in n) for k in d]
    back = [[W[k][i] for k in d] for i in n]
    if isinstance(model, AbsoluteValueModel):
        hidden, back = [max(h, 0.0) for h in hidden], model.W_out[instance].tolist()
    return [max(0.0, sum(back[i][k] * hidden[k] for k in d) + b[i]) for i in n]


def weights(model: ToyModel) -> list[Tensor]:
    return [parameter.detach() for parameter in model.parameters()]


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_those_of_a_loop(kind):
    model = randomised(kind)
    x = next(toy_models.batches(model, 0.5, 6))
    found = model(x)
    for instance in range(2):
        for sample in range(6):
            expected = loop(model, instance, x[instance, sample])
            assert found[instance, sample].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_measured_loss_is_the_importance_weighted_squared_error(kind):
    model, importance = randomised(kind), torch.tensor([1.0, 0.5, 2.0, 0.0])
    x = next(toy_models.batches(model, 0.5, FEW.batch_size))
    wanted = x.abs() if model.signed else x
    errors = importance * (wanted - model(x).detach()) ** 2
    found = toy_models.train(model, 0.5, importance=importance, settings=FEW).losses[0]
    torch.testing.assert_close(found, errors.sum(dim=2).mean(dim=1))


def test_the_measured_loss_agrees_with_the_exact_one():
    model, probability = randomised(ToyModel), torch.tensor([0.3, 1.0])
    exact = phases.expected_loss(model.W.detach(), model.b.detach(), probability)
    many = Settings(steps=1, batch_size=100_000)
    found = toy_models.train(model, probability, settings=many).losses[0]
    torch.testing.assert_close(found, exact, rtol=0.02, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_an_instance_learns_the_same_alone_and_in_a_crowd(kind):
    crowd, probability = kind(4, 3, seeds=[5, 6, 7]), torch.tensor([0.9, 0.5, 0.1])
    importance = torch.tensor([[1.0] * 4, [2.0, 1.0, 0.5, 0.1], [100.0] * 4])
    toy_models.train(crowd, probability, importance=importance, settings=FEW)
    for i, seed in enumerate(crowd.seeds):
        alone = kind(4, 3, seeds=[seed])
        toy_models.train(
            alone, probability[i : i + 1], importance=importance[i : i + 1], settings=FEW
        )
        for mine, theirs in zip(weights(alone), weights(crowd), strict=True):
            torch.testing.assert_close(mine[0], theirs[i], rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seeds_give_the_same_numbers(kind):
    models = [kind(4, 3, seeds=[0, 0]) for _ in range(2)]
    histories = [toy_models.train(model, 0.2, settings=FEW) for model in models]
    assert torch.equal(histories[0].losses, histories[1].losses)
    for first, second in zip(*map(weights, models), strict=True):
        assert torch.equal(first, second)
        torch.testing.assert_close(first[0], first[1])


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_finite_differences(kind):
    model = randomised(kind).double()
    x = next(toy_models.batches(model, 0.5, 5))

    def loss(*parameters: Tensor) -> Tensor:
        names = dict(zip(dict(model.named_parameters()), parameters, strict=True))
        return (model.target(x) - torch.func.functional_call(model, names, (x,))).square().sum()

    assert torch.autograd.gradcheck(loss, tuple(model.parameters()), eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_features_are_active_with_their_probability_and_uniform_then(kind):
    p = torch.tensor([[0.05, 0.3], [0.6, 1.0]])
    x = next(toy_models.batches(kind(2, 1, seeds=[0, 1]), p, 100_000))
    low = -1.0 if kind.signed else 0.0
    for values, probability in zip(
        x.transpose(1, 2).flatten(0, 1), p.view(4).tolist(), strict=True
    ):
        on = values[values != 0]
        assert len(on) / 1e5 == pytest.approx(probability, abs=4 * 0.5 / 1e5**0.5)
        assert on.mean().item() == pytest.approx((low + 1) / 2, abs=4 * 0.58 / len(on) ** 0.5)
        assert low <= on.min() < low + 0.01
        assert 0.99 < on.max() <= 1


def test_batches_go_on_without_repeating():
    draws = toy_models.batches(ToyModel(3, 2), 1.0, toy_models.CHUNK // 10)
    found = [next(draws) for _ in range(8)]
    assert len({x.sum().item() for x in found}) == len(found)


def test_sparse_features_become_pentagons():
    model = ToyModel(5, 2, seeds=range(20))
    toy_models.train(model, 0.03)
    found = superposition.feature_dimensionality(model.W.detach())
    pentagons = ((found - 2 / 5).abs() < 0.02).all(dim=1)
    assert pentagons.sum() >= 18


def test_dense_features_of_falling_importance_leave_the_least_important_out():
    model = ToyModel(5, 2, seeds=range(5))
    toy_models.train(model, 1.0, importance=0.5 ** torch.arange(5.0))
    found = superposition.feature_norms(model.W.detach())
    assert (found[:, :2] > 0.9).all()
    assert (found[:, 2:] < 0.1).all()


def test_the_best_of_a_few_networks_is_in_the_predicted_phase():
    p, importance = torch.tensor([0.9, 0.9, 0.1, 0.1]), torch.tensor([0.3, 4.0, 0.3, 4.0])
    p, importance = p.repeat(6), importance.repeat(6)
    model = ToyModel(2, 1, seeds=range(24))
    weight = torch.stack([torch.ones(24), importance], dim=1)
    toy_models.train(model, p, importance=weight, settings=Settings(steps=1000))
    losses = phases.expected_loss(model.W.detach(), model.b.detach(), p, weight)
    best = losses.view(6, 4).argmin(dim=0)
    found = phases.measured_phase(model.W.detach()).view(6, 4).gather(0, best[None])[0]
    assert torch.equal(found, phases.predicted_phase(p, importance)[:4])


def test_absolute_values_are_computed_by_fewer_neurons_than_two_for_each_feature():
    """Without superposition 6 neurons serve 3 of 5 features; 2 are replaced by their means."""
    model, p = AbsoluteValueModel(5, 6, seeds=range(6)), 0.05
    toy_models.train(model, p)
    x = next(toy_models.batches(AbsoluteValueModel(5, 6, seeds=range(6, 12)), p, 20_000))
    with torch.no_grad():
        losses = (x.abs() - model(x)).square().sum(dim=2).mean(dim=1)
    assert losses.median() < 0.8 * 2 * (p / 3 - p**2 / 4)


def test_the_history_has_the_measured_steps_and_the_last_one():
    seen = []
    model = ToyModel(4, 3, seeds=[0, 1])
    history = toy_models.train(
        model, 0.2, settings=FEW, every=25, on_measure=lambda h, m: seen.append((len(h.steps), m))
    )
    assert history.steps.tolist() == [0, 25, 50, 59]
    assert history.losses.shape == (4, 2)
    assert seen == [(n, model) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("probability", "importance", "message"),
    [
        (0.0, 1.0, "probability must be above 0 and at most 1 .* got values from 0 to 0"),
        (1.1, 1.0, "probability must be above 0 and at most 1"),
        (
            torch.ones(3),
            1.0,
            r"\(2,\) \[instance\] or \(2, 4\) \[instance n_features\], got \(3,\)",
        ),
        (0.5, torch.ones(2), r"importance .* \(4,\) \[n_features\] or \(2, 4\).* got \(2,\)"),
        (0.5, -1.0, "importance must not be negative, got -1"),
    ],
)
def test_wrong_probabilities_and_importances_are_refused(probability, importance, message):
    with refuses(message):
        toy_models.train(ToyModel(4, 3, seeds=[0, 1]), probability, importance=importance)


@pytest.mark.parametrize("sizes", [(0, 1, [0]), (1, 0, [0]), (1, 1, [])])
def test_impossible_sizes_are_refused(sizes):
    with refuses("n_features and d_hidden must be at least 1 and there must be a seed"):
        ToyModel(*sizes)


def test_impossible_settings_are_refused():
    with refuses("steps and batch_size must be at least 1, lr positive"):
        Settings(steps=0)


def test_a_loss_that_is_not_finite_stops_the_training():
    model = randomised(ToyModel)
    with torch.no_grad():
        model.W[0, 0, 0] = torch.inf
    with refuses("no longer finite at step 0: lower lr .now 0.02.", FloatingPointError):
        toy_models.train(model, 1.0, settings=FEW)
