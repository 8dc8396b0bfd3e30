"""The training loop is plain AdamW with a warm-up, measured without side effects."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional

from interp_course import runtime, training
from interp_course.training import History, Settings

SETTINGS = Settings(steps=7, batch_size=4, lr=0.05, warmup=3, weight_decay=0.1, clip=0.5)


def small_model() -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))
    rng = runtime.generator("test training model")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng))
    return model.eval()


def batches():
    rng = runtime.generator("test training data")
    return lambda: torch.randn(4, 3, generator=rng)


def square(model, x):
    return (model(x) - 2.0).square().mean()


def run(**options):
    model = small_model()
    return model, training.train(model, batches(), square, SETTINGS, **options)


def test_training_equals_adamw_written_out():
    """Warm-up, clipping, decoupled decay and bias correction, one parameter at a time."""
    trained, expected, draw = run()[0], small_model(), batches()
    state = [(p, torch.zeros_like(p), torch.zeros_like(p)) for p in expected.parameters()]
    for step in range(7):
        gradients = torch.autograd.grad(square(expected, draw()), list(expected.parameters()))
        norm = sum(g.square().sum() for g in gradients).sqrt()
        lr = 0.05 * min(1.0, (step + 1) / 3)
        for (p, mean, var), g in zip(state, gradients, strict=True):
            g = g * min(1.0, 0.5 / (norm + 1e-6))
            mean += 0.1 * (g - mean)
            var += 0.02 * (g**2 - var)
            size = (var / (1 - 0.98 ** (step + 1))).sqrt() + 1e-8
            p.data -= lr * (0.1 * p.data + mean / (1 - 0.9 ** (step + 1)) / size)
    for a, b in zip(trained.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_the_same_data_give_identical_weights():
    first, again = run()[0].state_dict(), run()[0].state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_measurements_are_taken_at_every_third_step_and_at_the_end():
    history = run(measure=lambda model: {"one": 1.0}, every=3)[1]
    assert history.column("step") == [0, 3, 6, 7]
    assert history.column("one") == [1, 1, 1, 1]


def test_measuring_does_not_change_the_training():
    plain, measured = run()[0], run(measure=lambda m: {"x": square(m, torch.ones(1, 3))})[0]
    for a, b in zip(plain.parameters(), measured.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_measurement_sees_evaluation_mode_and_no_gradients():
    model, seen = small_model().train(), []
    training.train(
        model,
        batches(),
        square,
        SETTINGS,
        measure=lambda m: seen.append((m.training, torch.is_grad_enabled())) or {},
    )
    assert set(seen) == {(False, False)}
    assert model.training


def test_on_measure_gets_the_history_so_far():
    lengths = []
    run(
        measure=lambda m: {},
        every=3,
        on_measure=lambda history, model: lengths.append(len(history.rows)),
    )
    assert lengths == [1, 2, 3, 4]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_with_the_step(bad):
    losses = iter([1.0, 1.0, bad])
    with pytest.raises(FloatingPointError, match=r"became (nan|inf) at step 2; .* Lower lr"):
        training.train(small_model(), batches(), lambda m, x: square(m, x) * next(losses), SETTINGS)


def test_a_loss_that_is_not_finite_leaves_the_weights_of_the_step_before():
    model, losses = small_model(), iter([1.0, 1.0, float("nan")])
    with pytest.raises(FloatingPointError):
        training.train(model, batches(), lambda m, x: square(m, x) * next(losses), SETTINGS)
    assert all(weight.isfinite().all() for weight in model.parameters())


def test_next_token_loss_is_cross_entropy_of_the_following_token():
    rng = runtime.generator("test loss")
    logits = torch.randn(3, 5, 7, generator=rng)
    tokens = torch.randint(7, (3, 5), generator=rng)
    found = training.next_token_loss(logits, tokens)
    expected = functional.cross_entropy(logits[:, :-1].mT, tokens[:, 1:], reduction="none")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_uniform_logits_cost_the_logarithm_of_the_vocabulary():
    found = training.next_token_loss(torch.zeros(1, 3, 7), torch.tensor([[1, 2, 3]]))
    torch.testing.assert_close(found, torch.full((1, 2), 7.0).log())


def test_a_column_that_was_not_measured_is_refused_with_those_that_were():
    with pytest.raises(KeyError, match="'accuracy' was not measured; measured: step, loss"):
        History([{"step": 0.0, "loss": 1.0}]).column("accuracy")


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch_size": 0}])
def test_settings_that_train_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="steps and batch_size must be at least 1"):
        Settings(**wrong)


def test_a_progress_bar_is_shown_only_when_asked_for(capsys):
    run()
    assert capsys.readouterr().err == ""
    run(progress=True)
    assert "7/7" in capsys.readouterr().err


def test_cosine_falls_from_the_full_rate_to_a_twentieth():
    """One parameter with gradient 1: Adam's step is the learning rate."""
    settings = Settings(steps=4, lr=1.0, warmup=1, weight_decay=0.0, schedule="cosine", clip=1e9)
    model = nn.Linear(1, 1, bias=False)
    seen = []
    training.train(
        model,
        lambda: torch.ones(1, 1),
        lambda m, x: m(x).sum(),
        settings,
        measure=lambda m: {"weight": m.get_parameter("weight").item()},
        every=1,
        on_measure=lambda history, m: seen.append(history.rows[-1]["weight"]),
    )
    steps = [a - b for a, b in pairwise(seen)]
    expected = [0.05 + 0.475 * (1 + math.cos(math.pi * i / 4)) for i in range(4)]
    assert steps == pytest.approx(expected, abs=1e-4)


class Named(nn.Module):
    """The four kinds of parameters that decay differently, each a matrix or vector of ones."""

    def __init__(self):
        super().__init__()
        self.tok_embed = nn.Linear(1, 1, bias=False)
        self.head = nn.Linear(1, 1)
        self.attn_block = nn.ModuleDict({"attn": nn.Linear(1, 1, bias=False)})
        for parameter in self.parameters():
            nn.init.ones_(parameter)


def test_each_kind_of_parameter_has_its_own_decay():
    """Without gradients only decay acts, by lr times decay; the slow embedding shrinks alike."""
    model = Named()
    settings = Settings(
        steps=1, lr=0.1, warmup=1, weight_decay=1.0, attention_decay=0.5, embedding_slowdown=5.0
    )
    training.train(
        model,
        lambda: torch.zeros(1),
        lambda m, x: sum(p.sum() * 0 for p in m.parameters()),
        settings,
    )
    found = {name: parameter.item() for name, parameter in model.named_parameters()}
    assert found["tok_embed.weight"] == pytest.approx(0.9)
    assert found["head.weight"] == pytest.approx(0.9)
    assert found["attn_block.attn.weight"] == pytest.approx(0.95)
    assert found["head.bias"] == 1
