"""Activations come in random order, each once per epoch, in bounded memory, and resumably."""

import itertools

import pytest
import torch

from interp_course import hooks, models, runtime
from interp_course.activation_buffer import ActivationBuffer

TINY = models.Architecture(n_layers=2, n_heads=2, d_model=8, d_head=4, d_vocab=9, n_ctx=12)
TOKENS = torch.randint(9, (30, 10), generator=runtime.generator("test buffer"))
NAME = hooks.resid_post(0)


@pytest.fixture(scope="module")
def model():
    return models.wrap(models.build(TINY))


def chunks(n: int, rows: int, log: list | None = None):
    """Chunk i holds the rows [i * rows, ...) of an endless table whose row r is (r, -r)."""

    def chunk(number: int):
        if log is not None:
            log.append(number)
        ids = torch.arange(number * rows, (number + 1) * rows)
        return torch.stack([ids, -ids], dim=1).float()

    return chunk


def numbered(n: int = 12, rows: int = 10, batch_size: int = 8, capacity: int = 50, **options):
    sizes = {"batch_size": batch_size, "capacity": capacity, **options}
    return ActivationBuffer(chunks(n, rows), n, rows, **sizes)


def take(buffer, n: int) -> torch.Tensor:
    return torch.cat(list(itertools.islice(buffer, n)))


@pytest.mark.parametrize("batch_size", [1, 7, 8, 24, 30])
@pytest.mark.parametrize("capacity", [40, 47, 90, 1000])
def test_every_epoch_hands_out_every_activation_once(batch_size, capacity):
    buffer = numbered(batch_size=batch_size, capacity=capacity)
    stream = take(buffer, 3 * 120 // batch_size + 1)[:, 0].long()
    for epoch in range(3):
        part = stream[epoch * 120 : (epoch + 1) * 120]
        assert torch.equal(part.sort().values, torch.arange(120))


def test_a_batch_may_be_larger_than_an_epoch():
    stream = take(numbered(n=2, batch_size=30, capacity=40), 2)[:, 0].long()
    assert stream.bincount().tolist() == [3] * 20


def test_batches_have_the_same_size_and_epochs_another_order():
    buffer = numbered()
    first, second = take(buffer, 15), take(buffer, 15)
    assert all(len(batch) == 8 for batch in itertools.islice(buffer, 20))
    assert not torch.equal(first, second)


def test_never_more_rows_are_held_than_the_capacity():
    log = []
    buffer = ActivationBuffer(chunks(100, 10, log), 100, 10, batch_size=8, capacity=50)
    for n in range(1, 40):
        next(buffer)
        assert 10 * len(log) - 8 * (n - 1) <= 50
    assert buffer._rows is not None
    assert buffer._rows.shape == (50, 2)


def test_rows_of_neighbouring_chunks_are_mixed():
    rows = take(numbered(n=100, capacity=1000), 60)[:, 0]
    correlation = torch.corrcoef(torch.stack([rows[:-1], rows[1:]]))[0, 1]
    assert correlation.abs() < 0.2


@pytest.mark.parametrize("taken", [0, 1, 5, 6, 14, 15, 16, 40])
def test_a_stream_goes_on_where_its_state_was_taken(taken):
    first, second = numbered(seed=4), numbered(seed=4)
    take_before = list(itertools.islice(first, taken))
    second.load_state_dict(first.state_dict())
    assert torch.equal(take(first, 30), take(second, 30))
    assert len(take_before) == taken


def test_a_state_is_small():
    buffer = numbered(n=200, capacity=1000)
    next(buffer)
    state = buffer.state_dict()
    assert state["left"] is None or len(state["left"]) < 8


def test_seeds_give_other_orders():
    assert torch.equal(take(numbered(seed=1), 5), take(numbered(seed=1), 5))
    assert not torch.equal(take(numbered(seed=1), 5), take(numbered(seed=2), 5))


def test_a_model_is_read_at_every_kept_position_once(model):
    buffer = ActivationBuffer.from_model(
        model, NAME, TOKENS, batch_size=10, capacity=80, sequences=7
    )
    _, cache = hooks.capture(model, TOKENS, [NAME])
    expected = cache[NAME][:, 1:].flatten(0, 1)
    found = take(buffer, len(expected) // 10)
    torch.testing.assert_close(found.sort(dim=0).values, expected.sort(dim=0).values)


def test_positions_that_are_masked_do_not_occur(model):
    keep = torch.rand(30, 10, generator=runtime.generator("test keep")) < 0.3
    keep[3] = False
    buffer = ActivationBuffer.from_model(
        model, NAME, TOKENS, keep=keep, batch_size=int(keep.sum()), capacity=1000, sequences=4
    )
    expected = hooks.capture(model, TOKENS, [NAME])[1][NAME][keep]
    found = next(buffer)
    torch.testing.assert_close(found.sort(dim=0).values, expected.sort(dim=0).values)


def test_heads_are_joined(model):
    sizes = {"batch_size": 4, "capacity": 400}
    batch = next(ActivationBuffer.from_model(model, hooks.z(1), TOKENS, **sizes))
    assert batch.shape == (4, 8)


def test_a_tensor_is_handed_out_once_per_epoch():
    table = torch.arange(50.0)[:, None]
    found = take(ActivationBuffer.from_tensor(table, batch_size=10), 10)
    assert torch.equal(found[:50].sort(dim=0).values, table)
    assert not torch.equal(found[:50], found[50:])


def test_a_function_draws_new_rows_for_ever_and_again_after_resuming():
    def draw(n, rng):
        return torch.randn(n, 3, generator=rng)

    first, second = (ActivationBuffer.from_function(draw, batch_size=6, seed=1) for _ in "ab")
    rows = take(first, 20)
    assert len(rows.unique(dim=0)) == 120
    second.load_state_dict(first.state_dict())
    assert torch.equal(next(first), next(second))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"capacity": 17}, r"a batch \(8\) and a chunk \(10\), so at least 18 rows, got 17"),
        ({"n": 0}, "there must be activations"),
    ],
)
def test_impossible_sizes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        numbered(**options)


def test_a_place_that_does_not_exist_is_refused(model):
    with pytest.raises(ValueError, match="has no place 'nowhere'"):
        ActivationBuffer.from_model(model, "nowhere", TOKENS)


@pytest.mark.parametrize("keep", [torch.ones(30, 9).bool(), torch.zeros(30, 10).bool()])
def test_a_mask_that_does_not_fit_is_refused(model, keep):
    with pytest.raises((ValueError, TypeError), match=r"keep must have the shape|Type-check error"):
        ActivationBuffer.from_model(model, NAME, TOKENS, keep=keep)
