"""Reports say what scrubbing left, and what should make a reader doubt it."""

import math

import pytest
import torch
from scrub_cases import TOKENS_64, last, pair, total
from torch.nn import functional

from interp_course.circuits import LOGITS, head
from interp_course.scrubbing import ANY, SAME, Edge, Node, Scrubber, compare, plan

with torch.no_grad():
    LABELS = pair("LayerNorm")[0](TOKENS_64)[:, -1].argmax(dim=-1)
EMPTY = Node(LOGITS, SAME, [])


@pytest.fixture(scope="module")
def scrubber():
    return Scrubber(pair("LayerNorm")[0], TOKENS_64, LABELS)


@pytest.fixture(scope="module")
def report(scrubber):
    return scrubber.test(Node(LOGITS, SAME, [Edge("in", Node(head(1, 0), last))]), 400)


def refuses(message):
    return pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error")


def test_the_label_is_that_of_the_reference(report):
    assert torch.equal(report.labels, LABELS[report.plan.references])


def test_losses_are_cross_entropies_of_the_reference_labels(report):
    expected = functional.cross_entropy(report.logits, report.labels)
    assert report.loss.mean == pytest.approx(expected.item(), abs=1e-5)
    assert report.loss.error == pytest.approx(report.losses.std().item() / 20, abs=1e-6)


def test_the_divergence_is_that_of_torch(report):
    scrubbed, model = (x.double().log_softmax(-1) for x in (report.logits, report.clean_logits))
    expected = functional.kl_div(scrubbed, model, reduction="batchmean", log_target=True)
    assert report.kl.mean == pytest.approx(expected.item(), abs=1e-6)


def test_a_root_that_keeps_its_input_recovers_everything(scrubber):
    report = scrubber.test(Node(LOGITS, SAME), 100)
    assert report.loss == report.model_loss
    assert report.accuracy == report.model_accuracy
    assert report.kl.mean == pytest.approx(0, abs=1e-9)


def test_loss_recovered_is_the_share_of_the_way_from_baseline_to_model(report):
    for name, baseline in report.baselines.items():
        base = baseline.losses.mean().item()
        if base > report.model_loss.mean:
            expected = (base - report.loss.mean) / (base - report.model_loss.mean)
            assert report.recovered[name].mean == pytest.approx(expected, abs=1e-9)


def test_the_error_of_loss_recovered_is_the_spread_over_repetitions(scrubber):
    hypothesis = Node(LOGITS, SAME, [Edge("in", Node(head(1, 0), ANY))])
    many = [scrubber.test(hypothesis, 300, seed=seed) for seed in range(40)]
    ratios = torch.tensor([r.recovered["shuffled inputs"].mean for r in many])
    stated = sum(r.recovered["shuffled inputs"].error for r in many) / 40
    assert 0.7 < ratios.std().item() / stated < 1.4


def test_shuffled_inputs_are_the_model_on_every_other_input(scrubber, report):
    logits = scrubber.evaluator.clean_logits().double()
    by_hand = [functional.cross_entropy(logits, label.expand(64)) for label in report.labels[:5]]
    torch.testing.assert_close(
        report.baselines["shuffled inputs"].losses[:5], torch.stack(by_hand), check_dtype=False
    )


def test_the_best_constant_costs_the_entropy_of_the_labels(scrubber):
    everyone = plan(EMPTY, TOKENS_64, references=torch.arange(64))
    loss = scrubber.test(everyone).baselines["best constant"].losses.mean().item()
    share = torch.bincount(LABELS) / 64
    assert loss == pytest.approx(-(share * share.log()).nansum().item(), abs=1e-6)


def test_the_uniform_predictor_costs_the_logarithm_of_the_vocabulary(report):
    assert report.baselines["uniform"].losses[0].item() == pytest.approx(math.log(7))


def test_a_feature_that_says_everything_is_called_out(scrubber):
    report = scrubber.test(Node(LOGITS, SAME), 100)
    assert report.resampled == 0
    assert any("hardly anything was tested" in text for text in report.warnings)


def test_sequences_alone_in_their_class_are_warned_of_and_reported(scrubber):
    hypothesis = Node(LOGITS, SAME, [Edge("in", Node(head(1, 0), lambda t: t))])
    with pytest.warns(UserWarning, match=r"alone in their class.*logits/L1.H0 \(<lambda>\)"):
        report = scrubber.test(hypothesis, 50)
    assert "logits/L1.H0: 100.0% of the sequences are alone" in "\n".join(report.warnings)


def test_nothing_can_be_recovered_from_a_model_that_knows_nothing():
    model, _ = pair("LayerNorm")
    with torch.no_grad():
        useless = Scrubber(model, TOKENS_64, model(TOKENS_64)[:, -1].argmin(dim=-1))
    report = useless.test(EMPTY, 50)
    assert math.isnan(report.recovered["uniform"].mean)
    assert any("no better than a baseline" in text for text in report.warnings)


def test_a_report_shows_every_number_with_its_error(report):
    shown = str(report)
    for number in (report.loss, report.accuracy, report.kl, report.model_loss):
        assert str(number) in shown
    assert all(name in shown for name in ("shuffled inputs", "best constant", "uniform"))


def test_reports_are_compared_sample_by_sample(scrubber, report):
    other = scrubber.test(EMPTY, 400)
    found = compare(report, other)
    difference = other.losses - report.losses
    assert found.paired
    assert found.loss.mean == pytest.approx(difference.mean().item())
    assert found.loss.error == pytest.approx(difference.std().item() / 20)


def test_a_comparison_on_different_references_has_the_larger_error(scrubber, report):
    found = compare(report, scrubber.test(EMPTY, 300, seed=9))
    assert not found.paired
    assert found.loss.error > report.loss.error


def test_a_comparison_shows_which_claims_changed(scrubber, report):
    hypothesis = Node(LOGITS, SAME, [Edge("in", Node(head(1, 0), total))])
    shown = str(compare(report, scrubber.test(hypothesis, 400)))
    assert "- └─ L1.H0 (last)" in shown
    assert "+ └─ L1.H0 (total)" in shown


def test_reports_on_other_data_are_not_compared(report):
    model, _ = pair("LayerNorm")
    other = Scrubber(model, TOKENS_64.flip(0), LABELS.flip(0)).test(EMPTY, 50)
    with refuses("about different data sets"):
        compare(report, other)


def test_labels_must_be_one_token_for_each_sequence():
    model, _ = pair("LayerNorm")
    with refuses(r"one label for each of the 64 sequences, got the shape \(63,\)"):
        Scrubber(model, TOKENS_64, LABELS[1:])
    with refuses(r"labels must be tokens, 0 \.\. 6"):
        Scrubber(model, TOKENS_64, LABELS + 7)
