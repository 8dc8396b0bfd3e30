"""Probes are scikit-learn's, read the right activations, and come with their controls."""

import math

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformer_lens.tools.analysis import interchange

from interp_course import directions, hooks, models, probing, runtime, world

RNG = runtime.generator("test probing")
SCALES, SHIFT = torch.tensor([1.0, 20.0, 0.05, 3.0, 1.0]), torch.tensor([5.0, -40, 0, 0, 2])
ACTIVATIONS = torch.randn(300, 5, generator=RNG) * SCALES + SHIFT
LABELS = (ACTIVATIONS[:, 0] + torch.randn(300, generator=RNG) > 5).long()
SENTENCES = world.sample(60, 0, template="agreement_english")
TOKENS, SUBJECT = SENTENCES.tokens, SENTENCES.place("subject")
NUMBER, NOUNS = SENTENCES.labels("number"), SENTENCES.tokens[torch.arange(60), SUBJECT]
WORDS, NEW_WORDS = NOUNS[:40] % 5, NOUNS[40:] % 2 + 3


@pytest.fixture(scope="module")
def model():
    return models.load("world")


@pytest.fixture(scope="module")
def probes(model):
    return probing.accuracy_by_layer(
        model,
        *(TOKENS[:40], SUBJECT[:40], NUMBER[:40]),
        held_out=(TOKENS[40:], SUBJECT[40:], NUMBER[40:]),
        control_words=(WORDS, NEW_WORDS),
    )


def refuses(message: str):
    return pytest.raises((ValueError, TypeError), match=f"(?s){message}|Type-check error")


def planted(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Two Gaussian clouds with unit covariance whose means differ along one direction."""
    rng = runtime.generator("test planted probe", seed)
    direction = directions.unit(torch.randn(16, generator=rng))
    labels = torch.arange(n) % 2
    noise = torch.randn(n, 16, generator=rng)
    return noise + (2 * labels[:, None] - 1) * direction, labels, direction


@pytest.mark.parametrize("penalty", [0.01, 1.0, 100.0])
def test_a_probe_gives_the_odds_of_scikit_learn_with_its_scaling(penalty):
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=penalty, tol=1e-8))
    pipeline.fit(ACTIVATIONS.double().numpy(), LABELS.numpy())
    expected = torch.tensor(pipeline.decision_function(ACTIVATIONS.double().numpy()))
    probe = probing.logistic_probe(ACTIVATIONS, LABELS, inverse_penalty=penalty)
    torch.testing.assert_close(probe.scores(ACTIVATIONS.double()), expected, atol=1e-4, rtol=1e-4)


def test_a_probe_is_where_the_gradient_of_its_penalised_loss_is_zero():
    """In scaled activations z: sum of (p - y) z + w / C = 0, written out in float64."""
    probe = probing.logistic_probe(ACTIVATIONS.double(), LABELS, inverse_penalty=0.5)
    mean, scale = ACTIVATIONS.double().mean(dim=0), ACTIVATIONS.double().std(dim=0, correction=0)
    z, w = (ACTIVATIONS.double() - mean) / scale, probe.direction * scale
    error = (z @ w + probe.bias + probe.direction @ mean).sigmoid() - LABELS
    assert (error @ z + w / 0.5).abs().max() < 1e-3
    assert error.sum().abs() < 1e-3


def test_scaling_an_entry_changes_the_direction_but_no_prediction():
    factor = torch.tensor([1.0, 1e-3, 7.0, 1e3, 1.0])
    probe = probing.logistic_probe(ACTIVATIONS, LABELS)
    scaled = probing.logistic_probe(ACTIVATIONS * factor, LABELS)
    torch.testing.assert_close(scaled.direction * factor, probe.direction, rtol=1e-3, atol=1e-4)
    assert torch.equal(scaled.predict(ACTIVATIONS * factor), probe.predict(ACTIVATIONS))


def test_a_planted_direction_is_recovered_within_its_standard_error():
    """Closed form: the log odds of these clouds are 2 x . direction, so w = 2 direction.

    Its covariance is the inverse of n E[p (1 - p) x x^T]. The mean of p (1 - p) is 0.105 and
    orthogonal entries have variance 1, so their error is sqrt(15 / (0.105 n)), over a length
    of 2; three times that bounds the angle.
    """
    n = 8000
    x, labels, direction = planted(n, 0)
    probe = probing.logistic_probe(x, labels)
    angle = math.acos(directions.cosine(probe.direction, direction).item())
    assert angle < 3 * math.sqrt(15 / (0.105 * n)) / 2
    assert probe.direction.norm().item() == pytest.approx(2, abs=0.2)


def test_a_planted_direction_is_read_as_well_as_bayes_rule_can():
    """The best accuracy is Phi(1) = 0.841; a sample of 8000 is within 4 standard errors."""
    x, labels, _ = planted(16_000, 1)
    found = probing.logistic_probe(x[8000:], labels[8000:]).accuracy(x[:8000], labels[:8000])
    assert found == pytest.approx(0.841, abs=4 * math.sqrt(0.841 * 0.159 / 8000))


def test_a_probe_is_the_same_each_time():
    first, second = (probing.logistic_probe(ACTIVATIONS, LABELS) for _ in range(2))
    assert torch.equal(first.direction, second.direction)
    assert first.bias == second.bias


def test_swapping_the_labels_turns_a_probe_around():
    probe, other = (probing.logistic_probe(ACTIVATIONS, x) for x in (LABELS, 1 - LABELS))
    torch.testing.assert_close(other.direction, -probe.direction, rtol=1e-3, atol=1e-5)


def test_an_entry_that_never_varies_gets_no_weight():
    x = torch.cat([ACTIVATIONS, torch.full((300, 1), 3.0)], dim=1)
    assert probing.logistic_probe(x, LABELS).direction[5] == 0


def test_scores_and_accuracy_are_what_a_loop_says():
    probe = probing.Probe(torch.tensor([1.0, -2.0]), 0.5)
    x, labels = torch.tensor([[3.0, 1.0], [0.0, 1.0], [1.0, 0.75]]), torch.tensor([1, 0, 1])
    assert probe.scores(x).tolist() == [1.5, -1.5, 0.0]
    assert probe.predict(x).tolist() == [True, False, False]
    assert probe.accuracy(x, labels) == pytest.approx(2 / 3)


def test_a_probe_of_bfloat16_activations_keeps_its_direction_in_float32():
    probe = probing.logistic_probe(ACTIVATIONS.bfloat16(), LABELS)
    assert probe.direction.dtype == torch.float32
    assert probe.scores(ACTIVATIONS.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (torch.arange(300) % 3, r"labels must be 0 or 1, but \[2\] occur too.*labels == k"),
        (torch.ones(300).long(), "both labels must occur"),
        (LABELS[1:], "300 activations but 299 labels"),
    ],
)
def test_labels_that_make_no_two_classes_are_refused(labels, message):
    with refuses(message):
        probing.logistic_probe(ACTIVATIONS, labels)


@pytest.mark.parametrize("penalty", [0.0, -1.0, math.nan, math.inf])
def test_a_penalty_that_is_none_is_refused(penalty):
    with pytest.raises(ValueError, match="inverse_penalty must be a positive number"):
        probing.logistic_probe(ACTIVATIONS, LABELS, inverse_penalty=penalty)


def test_an_accuracy_on_rows_without_a_label_is_refused():
    with pytest.raises(ValueError, match=r"but \[-1\] occur too"):
        probing.logistic_probe(ACTIVATIONS, LABELS).accuracy(ACTIVATIONS, LABELS - 1)


def test_an_accuracy_needs_a_label_for_each_activation():
    with refuses(r"activations for \(300,\) labels, but the labels have the shape \(299,\)"):
        probing.logistic_probe(ACTIVATIONS, LABELS).accuracy(ACTIVATIONS, LABELS[1:])


def test_each_kind_of_word_has_one_control_label():
    words = torch.randint(9, (200,), generator=runtime.generator("test words")) * 7
    labels = probing.control_labels(words, 0)
    for kind in words.unique():
        assert len(labels[words == kind].unique()) == 1


@pytest.mark.parametrize("n_kinds", [2, 3, 8, 9])
@pytest.mark.parametrize("seed", range(5))
def test_control_labels_divide_the_kinds_of_words_in_halves(n_kinds, seed):
    labels = probing.control_labels(torch.arange(n_kinds), seed)
    assert int(labels.sum()) in (n_kinds // 2, (n_kinds + 1) // 2)


def test_control_labels_do_not_depend_on_how_often_or_where_a_word_occurs():
    words = torch.tensor([5, 9, 2, 2, 9, 7])
    found, again = (probing.control_labels(w, 3) for w in (words, words.flip(0).repeat(2)))
    assert torch.equal(found.flip(0).repeat(2), again)


def test_another_seed_gives_other_control_labels_and_no_word_is_favoured():
    """Each label is 1 in half of 400 seeds, within 4 standard deviations of sqrt(400) / 2."""
    total = torch.stack([probing.control_labels(torch.arange(7), s) for s in range(400)]).sum(0)
    assert ((total - 200).abs() < 4 * math.sqrt(400) / 2).all()


def test_control_labels_of_two_words_say_nothing_about_each_other():
    """Two of 8 balanced labels agree in 3 of 7 cases; 400 seeds, 4 standard deviations."""
    labels = torch.stack([probing.control_labels(torch.arange(8), s) for s in range(400)])
    agree = (labels[:, :, None] == labels[:, None]).float().mean(dim=0)
    assert (agree - 3 / 7)[~torch.eye(8).bool()].abs().max() < 4 * math.sqrt(12 / 49 / 400)


def test_one_kind_of_word_makes_no_control_task():
    with pytest.raises(ValueError, match="at least two kinds of words, got 1"):
        probing.control_labels(torch.zeros(9).long(), 0)


def test_activations_at_positions_are_those_of_transformer_lens(model):
    names = [*hooks.streams(model), hooks.mlp_post(1)]
    found = probing.at_positions(model, TOKENS, SUBJECT, names, batch_size=7)
    assert list(found) == names
    for name in names:
        expected = interchange.collect_activations(model, name, TOKENS, model, positions=SUBJECT)
        torch.testing.assert_close(found[name], expected, atol=1e-5, rtol=1e-5)


def test_activations_at_positions_keep_their_order_over_batches(model):
    name = hooks.resid_pre(0)
    found = probing.at_positions(model, TOKENS, SUBJECT, [name], batch_size=1)[name]
    expected = model.W_E[NOUNS] + model.W_pos[SUBJECT]
    torch.testing.assert_close(found, expected)


def test_reading_activations_leaves_nothing_behind(model):
    before = model(TOKENS)
    probing.at_positions(model, TOKENS, SUBJECT, hooks.streams(model))
    assert torch.equal(model(TOKENS), before)
    assert all(not point.fwd_hooks for point in model.hook_dict.values())


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        (SUBJECT - 9, "position -[0-9]+ is outside of the sequences, which have the positions 0"),
        (SUBJECT + 99, "position 10[0-9] is outside"),
        (SUBJECT[1:], "one position for each of the 60 sequences"),
    ],
)
def test_positions_that_do_not_exist_are_refused(model, positions, message):
    with refuses(message):
        probing.at_positions(model, TOKENS, positions, hooks.streams(model))


def test_there_is_a_probe_with_an_accuracy_for_each_stream(model, probes):
    train, test = (
        probing.at_positions(model, TOKENS[part], SUBJECT[part], hooks.streams(model))
        for part in (slice(40), slice(40, None))
    )
    for i, name in enumerate(probes.names):
        probe = probing.logistic_probe(train[name], NUMBER[:40])
        assert torch.equal(probe.direction, probes.probes[i].direction)
        assert probes.accuracy[i].item() == probe.accuracy(test[name], NUMBER[40:])


def test_the_control_task_has_one_labelling_for_both_sets(model, probes):
    """Although the held-out sentences have only two of the five words."""
    labels = probing.control_labels(torch.cat([WORDS, NEW_WORDS]), 0)
    name = hooks.resid_post(2)
    x = probing.at_positions(model, TOKENS, SUBJECT, [name])[name]
    expected = probing.logistic_probe(x[:40], labels[:40]).accuracy(x[40:], labels[40:])
    assert probes.control_accuracy[3].item() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_a_probe_that_knows_each_word_by_heart_has_no_selectivity(model, seed):
    """Before layer 0 the stream is the noun itself; the new sentences have few of the nouns."""
    data = (TOKENS, SUBJECT, NUMBER)
    few = torch.isin(NOUNS, torch.cat([NOUNS[number == NUMBER].unique()[:2] for number in (0, 1)]))
    found = probing.accuracy_by_layer(
        model,
        *data,
        held_out=tuple(x[few] for x in data),
        control_words=(NOUNS, NOUNS[few]),
        names=[hooks.resid_pre(0)],
        seed=seed,
    )
    assert found.selectivity.tolist() == [0.0]


def test_selectivity_and_baseline_are_by_hand(probes):
    torch.testing.assert_close(probes.selectivity, probes.accuracy - probes.control_accuracy)
    plural = int(NUMBER[40:].sum())
    assert probes.baseline == pytest.approx(max(plural, 20 - plural) / 20)


def test_without_a_control_task_there_is_no_selectivity(model):
    data = (TOKENS, SUBJECT, NUMBER)
    found = probing.accuracy_by_layer(model, *data, held_out=data, names=[hooks.resid_post(0)])
    assert found.names == (hooks.resid_post(0),)
    with pytest.raises(ValueError, match="selectivity needs a control task"):
        _ = found.selectivity


def test_a_held_out_word_that_no_probe_could_know_is_refused(model):
    with pytest.raises(ValueError, match=r"1 kinds of held-out control words.*such as \[600\]"):
        probing.accuracy_by_layer(
            model,
            *(TOKENS, SUBJECT, NUMBER),
            held_out=(TOKENS[:2], SUBJECT[:2], torch.tensor([0, 1])),
            control_words=(NOUNS, torch.tensor([600, int(NOUNS[0])])),
        )
