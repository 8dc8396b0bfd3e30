"""Training recovers planted features, goes on after a break, and stops with a clear word."""

import itertools
import math

import jaxtyping
import pytest
import torch
from sae_cases import ALL, Planted, config, fresh, stream
from torch import nn

from interp_course import runtime, sae_truth
from interp_course.activation_buffer import ActivationBuffer
from interp_course.sae import Computation, SparseAutoencoder
from interp_course.sae_training import CheckpointError, TrainingConfig, train

SHORT = TrainingConfig(steps=24, warmup=4, log_every=6, dead_after=2, resample_at=(10, 20))


def same(first: SparseAutoencoder, second: SparseAutoencoder) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("architecture", ALL)
def test_training_recovers_the_planted_features(architecture):
    planted = Planted(n=64, d_in=64, p=0.05)
    changes = {"k": 3, "k_aux": 2, "aux_coefficient": 0.5}
    sae = SparseAutoencoder(config(architecture, 64, 128, **changes), seed=5)
    sae.initialise_from_data(planted(1000, runtime.generator("test start")))
    before = sae_truth.match(sae.W_dec, planted.directions)
    batches = ActivationBuffer.from_function(planted, batch_size=256)
    train(sae, batches, TrainingConfig(steps=400, lr=6e-3, warmup=40))
    after = sae_truth.match(sae.W_dec, planted.directions)
    assert before.recovered() < 0.2
    assert after.recovered() >= 0.96
    assert after.mmcs >= 0.98


@pytest.mark.parametrize("architecture", ALL)
def test_a_broken_run_goes_on_to_the_identical_result(architecture, tmp_path):
    whole, broken = fresh(architecture), fresh(architecture)
    history = train(whole, stream(), SHORT)
    settings = TrainingConfig(**{**vars(SHORT), "checkpoint_every": 7})
    with pytest.raises(ValueError, match="ran out at step 17 of 24"):
        train(broken, Ends(stream(), 17), settings, folder=tmp_path)
    resumed = fresh(architecture, seed=9)
    found = train(resumed, stream(), SHORT, folder=tmp_path, resume=True)
    assert same(resumed, whole)
    assert found.rows == history.rows


class Ends:
    """A stream that ends, as when a machine goes down."""

    def __init__(self, buffer: ActivationBuffer, n: int) -> None:
        self.buffer, self.left = buffer, n

    def __iter__(self):
        return self

    def __next__(self):
        if self.left == 0:
            raise StopIteration
        self.left -= 1
        return next(self.buffer)

    def state_dict(self):
        return self.buffer.state_dict()


def test_a_plain_iterator_is_drawn_again_when_a_run_goes_on(tmp_path):
    whole, resumed = fresh("topk"), fresh("topk", seed=9)
    settings = TrainingConfig(**{**vars(SHORT), "checkpoint_every": 7})
    train(whole, (x for x in stream()), SHORT)
    with pytest.raises(ValueError, match="ran out"):
        train(fresh("topk"), itertools.islice(stream(), 17), settings, folder=tmp_path)
    train(resumed, (x for x in stream()), SHORT, folder=tmp_path, resume=True)
    assert same(resumed, whole)


@pytest.mark.parametrize("architecture", ["topk", "jumprelu"])
def test_the_same_seeds_give_the_identical_run(architecture):
    first, second, other = fresh(architecture), fresh(architecture), fresh(architecture)
    rows = [train(sae, stream(), SHORT).rows for sae in (first, second)]
    train(other, stream(seed=1), SHORT)
    assert rows[0] == rows[1]
    assert same(first, second)
    assert not same(first, other)


def plain_loop(sae: SparseAutoencoder, steps: int, lr: float) -> None:
    """What training is, written out with the plain Adam of torch."""
    adam, batches = torch.optim.Adam(sae.parameters(), lr=lr, fused=False, foreach=False), stream()
    for _ in range(steps):
        loss = sae.loss(next(batches), computation=Computation(path="dense"))
        loss.total.backward()
        rows = sae.W_dec.detach()
        sae.W_dec.grad -= (sae.W_dec.grad * rows).sum(dim=1, keepdim=True) * rows
        nn.utils.clip_grad_norm_(sae.parameters(), 1.0)
        adam.step()
        adam.zero_grad()
        with torch.no_grad():
            sae.W_dec /= sae.W_dec.norm(dim=1, keepdim=True)


@pytest.mark.parametrize("path", ["dense", "sparse"])
def test_training_equals_a_plain_loop_with_the_plain_adam(path):
    sae, plain = (fresh("topk", aux_coefficient=0.0) for _ in range(2))
    settings = TrainingConfig(
        steps=8, lr=1e-3, warmup=0, decay=0.0, computation=Computation(path=path)
    )
    train(sae, stream(), settings)
    plain_loop(plain, 8, 1e-3)
    for name, values in sae.named_parameters():
        torch.testing.assert_close(values, plain.get_parameter(name), atol=2e-5, rtol=1e-4)


@pytest.fixture
def without_shape_checks():
    """torch.compile cannot follow the runtime checks of shapes."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
@pytest.mark.parametrize("architecture", ["jumprelu", "topk"])
def test_a_compiled_loss_gives_the_same_run(architecture, without_shape_checks):
    plain, compiled = fresh(architecture), fresh(architecture)
    settings = vars(SHORT) | {"steps": 4, "resample_at": ()}
    train(plain, stream(), TrainingConfig(**settings))
    train(compiled, stream(), TrainingConfig(**settings | {"compile": "eager"}))
    for name, values in plain.named_parameters():
        torch.testing.assert_close(values, compiled.get_parameter(name))


@pytest.mark.parametrize("architecture", ALL)
def test_low_precision_products_train_nearly_as_well(architecture):
    plain, low = fresh(architecture), fresh(architecture)
    settings = vars(SHORT) | {"resample_at": ()}
    expected = train(plain, stream(), TrainingConfig(**settings)).column("reconstruction")
    found = train(low, stream(), TrainingConfig(**settings | {"autocast": True}))
    assert low.W_enc.dtype == torch.float32
    assert found.column("reconstruction") == pytest.approx(expected, rel=0.05)


def test_the_learning_rate_rises_stays_and_falls():
    settings = TrainingConfig(steps=100, lr=1.0, warmup=10, decay=0.2)
    rates = [settings.lr_at(step) for step in range(100)]
    assert rates[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert rates[10:81] == [1.0] * 71
    assert rates[81:] == pytest.approx([(100 - i) / 20 for i in range(81, 100)])


def test_the_price_of_sparsity_rises_over_the_first_steps():
    settings = TrainingConfig(steps=100, sparsity_warmup=0.1)
    assert [settings.sparsity_at(step) for step in (0, 5, 10, 99)] == [0.0, 0.5, 1.0, 1.0]


def test_the_history_has_a_row_for_every_interval_and_the_last_step():
    seen, sae = [], fresh("batchtopk")
    history = train(
        sae,
        stream(),
        SHORT,
        measure=lambda sae: {"length": sae.W_dec.norm(dim=1).mean()},
        on_log=lambda history: seen.append(len(history.rows)),
    )
    assert history.column("step") == [0, 6, 12, 18, 23]
    assert seen == [1, 2, 3, 4, 5]
    assert history.column("length") == pytest.approx([1.0] * 5)
    assert {"lr", "loss", "l0", "fvu", "dead", "auxiliary"} <= set(history.rows[0])


def test_the_first_row_is_measured_before_any_step():
    sae, x = fresh("topk"), next(stream())
    expected = sae.loss(x)
    row = train(sae, stream(), SHORT).rows[0]
    variance = (x - x.mean(dim=0)).square().sum(dim=1).mean()
    assert row["reconstruction"] == pytest.approx(expected.reconstruction.item())
    assert row["fvu"] == pytest.approx((expected.reconstruction / variance).item())


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint(tmp_path):
    sae = fresh("relu", unit_norm=False)
    settings = TrainingConfig(steps=50, lr=1e30, warmup=1, checkpoint_every=1)
    message = r"became (inf|nan) at step 1.*rate of 1e\+30.*last good.*checkpoint-0.*Lower lr"
    with pytest.raises(FloatingPointError, match=message):
        train(sae, stream(), settings, folder=tmp_path)
    state = torch.load(tmp_path / "checkpoint-0.pt", weights_only=True)
    assert state["step"] == 1


def test_a_batch_that_is_not_finite_is_named_as_the_cause():
    def broken(n, rng):
        return torch.full((n, 32), math.nan)

    with pytest.raises(ValueError, match=r"step 0: 64 of 64 activations are NaN"):
        train(fresh("topk"), ActivationBuffer.from_function(broken, batch_size=64), SHORT)


def test_a_batch_of_another_width_is_refused():
    with pytest.raises(ValueError, match=r"step 0: .*width d_in = 32.*\(64, 31\)"):
        train(fresh("topk"), (x[:, 1:] for x in stream()), SHORT)


@pytest.mark.parametrize("change", [{"lr": 0.1}, {"steps": 30}])
def test_a_checkpoint_of_another_run_is_refused(change, tmp_path):
    train(fresh("topk"), stream(), SHORT, folder=tmp_path)
    name, value = next(iter(change.items()))
    settings = TrainingConfig(**{**vars(SHORT), **change})
    with pytest.raises(CheckpointError, match=rf"other settings \({name}: .*, now {value}"):
        train(fresh("topk"), stream(), settings, folder=tmp_path, resume=True)


def test_a_damaged_checkpoint_is_refused(tmp_path):
    train(fresh("topk"), stream(), SHORT, folder=tmp_path)
    whole = (tmp_path / "checkpoint-0.pt").read_bytes()
    (tmp_path / "checkpoint-0.pt").write_bytes(whole[:500])
    with pytest.raises(CheckpointError, match=r"checkpoint-0\.pt is damaged"):
        train(fresh("topk"), stream(), SHORT, folder=tmp_path, resume=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"resume": True}, "resume needs the folder"), ({}, "checkpoint_every needs a folder")],
)
def test_a_missing_folder_is_named(options, message):
    settings = vars(SHORT) | ({} if options else {"checkpoint_every": 3})
    with pytest.raises(ValueError, match=message):
        train(fresh("topk"), stream(), TrainingConfig(**settings), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps and log_every must be at least 1, got 0"),
        ({"lr": 0.0}, "lr and clip must be positive"),
        ({"decay": 1.5}, "shares of the steps, from 0 to 1, got 1.5"),
        ({"checkpoint_every": 0}, "checkpoint_every must be at least 1"),
    ],
)
def test_impossible_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**change)
