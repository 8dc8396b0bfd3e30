"""Selections are exact in count, and straight-through gradients are those of the paper."""

import pytest
import torch
from sae_cases import activations, random_sae

from interp_course import runtime
from interp_course.sae import Computation, selection, sparse

RNG = runtime.generator("test selection")
PRE = torch.randn(30, 12, generator=RNG).double()


@pytest.mark.parametrize("path", ["dense", "sparse"])
@pytest.mark.parametrize("k", [1, 3, 16])
def test_topk_activates_exactly_k_latents_in_every_row(k, path):
    sae = random_sae("topk", k=k)
    with torch.no_grad():
        sae.b_enc.add_(50)  # so that the k largest are positive
    assert sae.loss(activations(), computation=Computation(path=path)).l0 == k
    assert torch.equal((sae.encode(activations()) > 0).sum(dim=1), torch.full((20,), k))


@pytest.mark.parametrize("path", ["dense", "sparse"])
@pytest.mark.parametrize("k", [1, 3, 16])
def test_batchtopk_activates_exactly_k_latents_on_average(k, path):
    sae = random_sae("batchtopk", k=k)
    with torch.no_grad():
        sae.b_enc.add_(50)
    assert sae.loss(activations(), computation=Computation(path=path)).l0 == k


def test_a_batch_selects_its_largest_entries():
    found = selection.batch_top_k(PRE, 2)
    expected = PRE.flatten().argsort(descending=True)[:60].sort().values
    assert torch.equal(found, expected)


def test_ties_do_not_change_the_count():
    assert len(selection.batch_top_k(torch.ones(30, 12), 2)) == 60


def test_entries_that_are_not_positive_are_not_selected():
    few = torch.full((30, 12), -1.0)
    few[3, 4], few[7, 1] = 2.0, 0.5
    assert selection.batch_top_k(few, 2).tolist() == [3 * 12 + 4, 7 * 12 + 1]


@pytest.mark.parametrize("k", [1, 8, 60])
@pytest.mark.parametrize("kind", ["normal", "one column", "one row", "constant"])
def test_the_quick_selection_in_large_batches_is_exact(k, kind):
    pre = torch.rand(256, 256, generator=RNG)
    if kind == "normal":
        pre = torch.randn(256, 256, generator=RNG)
    elif kind == "one column":
        pre[:, 17] += 5.0
    elif kind == "one row":
        pre[100] += 5.0
    else:
        pre.fill_(0.5)
    found, flat = selection.batch_top_k(pre, k), pre.flatten()
    assert len(found) == len(found.unique()) == 256 * k
    expected = flat.sort(descending=True).values[: 256 * k]
    assert torch.equal(flat[found].sort(descending=True).values, expected)


def test_a_latent_is_on_above_its_threshold_only():
    threshold = torch.tensor([0.5, 0.0, 1.0])
    pre = torch.tensor([[0.5, 0.0, 1.5], [0.6, 0.1, -2.0], [0.4, -1.0, 1.0]])
    found = selection.jump_relu(pre, threshold, 0.1)
    assert torch.equal(found, torch.tensor([[0, 0, 1.5], [0.6, 0.1, 0], [0, 0, 0]]))
    assert torch.equal(selection.step(pre, threshold, 0.1), (found > 0).float())


def kernel(u: float) -> float:
    """The rectangle of width 1 and height 1."""
    return 1.0 if -0.5 < u < 0.5 else 0.0


@pytest.mark.parametrize("bandwidth", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("function", ["jump_relu", "step"])
def test_pseudo_gradients_equal_the_formulas_of_the_paper(function, bandwidth):
    pre = PRE.clone().requires_grad_()
    threshold = torch.linspace(0.01, 1.2, 12).double().requires_grad_()
    upstream = torch.randn(30, 12, generator=RNG).double()
    getattr(selection, function)(pre, threshold, bandwidth).backward(upstream)
    expected, to_pre = torch.zeros(12).double(), torch.zeros_like(PRE)
    for b in range(30):
        for j in range(12):
            t, z, g = threshold[j].item(), PRE[b, j].item(), upstream[b, j].item()
            height = t / bandwidth if function == "jump_relu" else 1 / bandwidth
            expected[j] -= g * height * kernel((z - t) / bandwidth)
            to_pre[b, j] = g if function == "jump_relu" and z > t else 0.0
    torch.testing.assert_close(threshold.grad, expected)
    torch.testing.assert_close(pre.grad if pre.grad is not None else to_pre * 0, to_pre)


def test_the_pseudo_gradient_estimates_the_derivative_of_the_expected_loss():
    """Over many samples of a smooth distribution it is the slope of the mean (section 4.1)."""
    pre = torch.randn(400_000, 1, generator=RNG).double()
    threshold = torch.tensor([0.7]).double().requires_grad_()
    selection.jump_relu(pre, threshold, 0.1).mean().backward()
    density = torch.exp(torch.tensor(-0.5 * 0.7**2)) / (2 * torch.pi) ** 0.5
    assert threshold.grad.item() == pytest.approx(-0.7 * density.item(), rel=0.03)


def test_the_thresholds_gradient_in_the_loss_is_reconstruction_and_price_together():
    sae, x = random_sae("jumprelu", bandwidth=0.4), activations()
    sae.loss(x).total.backward()
    with torch.no_grad():
        pre = (x - sae.b_dec) @ sae.W_enc + sae.b_enc
        error = sae(x) - x
        near = ((pre - sae.threshold).abs() < 0.2) / (0.4 * len(x))
        expected = -(sae.threshold * near * (2 * error @ sae.W_dec.T)).sum(dim=0)
        expected -= 0.05 * near.sum(dim=0)
    torch.testing.assert_close(sae.threshold.grad, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("architecture", ["topk", "batchtopk"])
def test_sparse_and_dense_steps_agree_in_loss_and_gradients(architecture, dtype):
    dead, found = torch.arange(64) % 3 == 0, {}
    x = activations(50, 24).to(dtype)
    for path in ("dense", "sparse"):
        sae = random_sae(architecture, d_in=24, d_sae=64, k=5, k_aux=7).to(dtype)
        loss = sae.loss(x, dead, computation=Computation(path=path))
        loss.total.backward()
        gradients = {name: p.grad for name, p in sae.named_parameters()}
        found[path] = {**gradients, **loss._asdict()}
    small = {torch.float32: 1e-6, torch.float64: 1e-12}[dtype]
    torch.testing.assert_close(found["sparse"], found["dense"], rtol=10 * small, atol=small)


def test_the_gradient_of_the_sparse_step_reaches_the_activations():
    sae, grads = random_sae("topk"), []
    for path in ("dense", "sparse"):
        x = activations().requires_grad_()
        sae.loss(x, computation=Computation(path=path)).total.backward()
        grads.append(x.grad)
    torch.testing.assert_close(*grads)


def test_the_encoder_product_in_bfloat16_keeps_full_precision_in_the_values():
    sae, x = random_sae("topk", d_in=24, d_sae=64).float(), activations(50, 24).float()
    quick, exact = (
        sae.loss(x, computation=Computation("sparse", bf16_encoder=bf16)) for bf16 in (True, False)
    )
    assert quick.reconstruction.item() == pytest.approx(exact.reconstruction.item(), rel=0.02)
    sure = sae.loss(x[:1], computation=Computation("sparse", bf16_encoder=True))
    plain = sae.loss(x[:1], computation=Computation("dense"))
    assert sure.reconstruction.item() == pytest.approx(plain.reconstruction.item(), rel=1e-5)


def test_rows_without_active_latents_decode_to_zero():
    active = sparse.active_at(torch.tensor([5, 6]), batch=3, d_sae=4)
    decoded = sparse.decode(torch.tensor([2.0, 3.0]), torch.eye(4), active)
    assert decoded.tolist() == [[0, 0, 0, 0], [0, 2, 3, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("architecture", ["relu", "jumprelu", "matryoshka"])
def test_the_sparse_path_is_refused_where_there_is_none(architecture):
    with pytest.raises(ValueError, match=f"topk and batchtopk, not {architecture}"):
        random_sae(architecture).loss(activations(), computation=Computation(path="sparse"))


def test_an_unknown_path_is_refused():
    with pytest.raises((ValueError, TypeError), match=r"auto, sparse|type hint|Type-check"):
        Computation(path="fast")


@pytest.mark.parametrize("rows", [1, 64, 150])
def test_sums_over_rows_a_few_at_a_time_are_those_of_all(rows):
    latents = torch.randn(rows, 5, generator=torch.Generator().manual_seed(0)).double()
    torch.testing.assert_close(selection.column_sums(latents), latents.sum(dim=0))
    counts = selection.column_sums(latents, lambda part: part > 0)
    assert counts.tolist() == (latents > 0).sum(dim=0).tolist()


def test_means_over_rows_of_low_precision_are_taken_in_single_precision():
    latents = torch.full((1000, 3), 1.0, dtype=torch.bfloat16)
    found = selection.column_means(latents)
    assert found.dtype == torch.float32
    assert found.tolist() == [1.0, 1.0, 1.0]


def test_the_gradient_of_means_is_shared_by_all_rows():
    latents = torch.ones(4, 2, dtype=torch.float64, requires_grad=True)
    (selection.column_means(latents) * torch.tensor([1.0, 3.0])).sum().backward()
    assert latents.grad is not None
    assert latents.grad.tolist() == [[0.25, 0.75]] * 4
