"""Checks on sparse autoencoders: gradients count, and nothing rests on a near-tie."""

import pytest
import torch

from interp_course import sae_metrics, sae_truth
from interp_course.checking import Case
from interp_course.checks import sparse_autoencoders
from interp_course.checks.sparse_autoencoders import matching
from interp_course.checks.sparse_autoencoders.learning import NO_GRADIENT, LearningCheck
from interp_course.sae import SAEConfig
from interp_course.sae.config import Computation
from interp_course.sae.losses import Weights, loss

UNUSED = "the weights learn nothing"
FLOWS = "the target learns"


def squares(w, target):
    return (w - target.detach()).square().sum()


def drawn(seed):
    rng = torch.Generator().manual_seed(seed)
    return [Case("three numbers", (torch.randn(3, generator=rng), torch.randn(3, generator=rng)))]


CHECK = LearningCheck(
    name="squares",
    oracle=squares,
    cases=drawn,
    reread="",
    learning={0: ("the weights", UNUSED)},
    fixed={1: ("the target", FLOWS)},
)


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda w, target: (w - target).square().sum(), FLOWS),
        (lambda w, target: squares(w.detach() + 0 * w.mean(), target), UNUSED),
        (lambda w, target: squares(w, target).item(), NO_GRADIENT),
        (lambda w, target: squares(w.detach(), target), NO_GRADIENT),
    ],
)
def test_a_right_loss_with_a_wrong_gradient_fails(answer, mistake):
    verdict = CHECK.verdict(answer)
    assert not verdict.passed
    assert "the loss is right" in verdict.message
    assert verdict.mistake == mistake


def test_a_wrong_loss_fails_whatever_its_gradient():
    assert "returned" in CHECK.verdict(lambda w, target: squares(w, target) + 1).message


def test_gradients_are_taken_where_they_are_switched_off():
    with torch.no_grad():
        assert CHECK.verdict(squares).passed


def test_what_an_answer_edits_is_seen_although_it_works_on_a_copy():
    def edits(w, target):
        w -= target.detach()
        return w.square().sum()

    assert CHECK.verdict(edits).mistake == "the input is edited in place"


def test_an_answer_that_is_no_function_is_told_so():
    assert "expected your function itself" in CHECK.verdict(torch.zeros(())).message


@pytest.mark.parametrize("k_aux", [1, 3, 6])
@pytest.mark.parametrize("n_dead", [0, 5])
def test_the_auxiliary_loss_is_that_of_the_library(k_aux, n_dead):
    x, W_enc, W_dec = (
        torch.randn(shape, generator=torch.Generator().manual_seed(n)).double()
        for n, shape in enumerate([(6, 4), (4, 9), (9, 4)])
    )
    pre_acts, dead = x @ W_enc, torch.arange(9) < n_dead
    values, places = pre_acts.topk(2)
    error = x - torch.einsum("bk,bkd->bd", values.relu(), W_dec[places])
    weights = Weights(W_enc, W_enc.new_zeros(9), W_dec, W_enc.new_zeros(4), None)
    config = SAEConfig(4, 9, "topk", k=2, aux_coefficient=1.0, k_aux=k_aux)
    found = loss(weights, config, x, dead, computation=Computation(path="dense")).auxiliary
    asked = sparse_autoencoders.auxk.oracle(error, pre_acts, dead, W_dec, k_aux)
    torch.testing.assert_close(asked, found)


@pytest.mark.parametrize("seed", range(10))
def test_l0_and_fvu_are_those_of_the_library(seed):
    for case in sparse_autoencoders.l0_fvu.cases(seed):
        meter = sae_metrics.QualityMeter()
        meter.add(*case.args)
        found = meter.result()
        assert sparse_autoencoders.l0_fvu.oracle(*case.args) == pytest.approx((found.l0, found.fvu))


@pytest.mark.parametrize("seed", range(10))
def test_absorption_is_that_of_the_library(seed):
    for case in sparse_autoencoders.absorption.cases(seed):
        on, parent, child = case.args
        present = torch.stack([parent, child], dim=1)
        found = sae_truth.absorption(on[:, None].float(), present, torch.tensor([-1, 0]), least=1)
        assert sparse_autoencoders.absorption.oracle(*case.args) == pytest.approx(found.rate)


@pytest.mark.parametrize("seed", range(10))
def test_the_pairing_that_is_asked_for_is_that_of_the_library(seed):
    for case in sparse_autoencoders.matched_cosines.cases(seed):
        found = sae_truth.match(*case.args).cosine
        torch.testing.assert_close(found, sparse_autoencoders.matched_cosines.oracle(*case.args))


@pytest.mark.parametrize("seed", range(10))
def test_the_best_pairing_stands_out(seed):
    for case in sparse_autoencoders.matched_cosines.cases(seed):
        sums = matching._sums(matching._oracle_cosines(*case.args))
        first, second = sums.topk(2).values
        assert first - second > 0.9 * matching.CLEAR


@pytest.mark.parametrize("seed", range(10))
def test_two_features_are_nearest_to_the_same_latent(seed):
    for case in sparse_autoencoders.matched_cosines.cases(seed):
        nearest = matching._oracle_cosines(*case.args).argmax(dim=1)
        assert len(nearest.unique()) < len(nearest)


@pytest.mark.parametrize("seed", range(10))
def test_one_of_the_rates_of_absorption_is_negative(seed):
    check = sparse_autoencoders.absorption
    rates = [check.oracle(*case.args) for case in check.cases(seed)]
    assert min(rates) < -0.1
    assert max(rates) > 0.1


@pytest.mark.parametrize("seed", range(10))
def test_no_child_comes_without_its_parent(seed):
    for case in sparse_autoencoders.absorption.cases(seed):
        _, parent, child = case.args
        assert not (child & ~parent).any()
