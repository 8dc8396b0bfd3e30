"""Answers to "how well does the probe do" as students write them."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

EXERCISE = "probe_accuracy"


def _probe(**options):
    return LogisticRegression(max_iter=2000, **options)


def _scaled(train, test):
    mean, std = train.mean(dim=0), train.std(dim=0)
    return (train - mean) / std, (test - mean) / std


def on_the_training_set(train_acts, train_labels, test_acts, test_labels):
    train, _ = _scaled(train_acts, test_acts)
    return _probe().fit(train, train_labels).score(train, train_labels)


def test_scaled_by_itself(train_acts, train_labels, test_acts, test_labels):
    train = (train_acts - train_acts.mean(0)) / train_acts.std(0)
    test = (test_acts - test_acts.mean(0)) / test_acts.std(0)
    return _probe().fit(train, train_labels).score(test, test_labels)


def fit_transform_twice(train_acts, train_labels, test_acts, test_labels):
    scaler = StandardScaler()
    train = scaler.fit_transform(train_acts)
    test = scaler.fit_transform(test_acts)
    return _probe().fit(train, train_labels).score(test, test_labels)


def scaled_by_both(train_acts, train_labels, test_acts, test_labels):
    scaler = StandardScaler().fit(torch.cat([train_acts, test_acts]))
    probe = _probe().fit(scaler.transform(train_acts), train_labels)
    return probe.score(scaler.transform(test_acts), test_labels)


def scaled_by_the_test_set(train_acts, train_labels, test_acts, test_labels):
    scaler = StandardScaler().fit(test_acts)
    probe = _probe().fit(scaler.transform(train_acts), train_labels)
    return probe.score(scaler.transform(test_acts), test_labels)


def fitted_on_the_test_set(train_acts, train_labels, test_acts, test_labels):
    _, test = _scaled(train_acts, test_acts)
    return _probe().fit(test, test_labels).score(test, test_labels)


def fitted_again_for_the_test(train_acts, train_labels, test_acts, test_labels):
    pipeline = make_pipeline(StandardScaler(), _probe())
    pipeline.fit(train_acts, train_labels)
    pipeline.fit(test_acts, test_labels)
    return pipeline.score(test_acts, test_labels)


def fitted_on_both(train_acts, train_labels, test_acts, test_labels):
    pipeline = make_pipeline(StandardScaler(), _probe())
    pipeline.fit(torch.cat([train_acts, test_acts]), torch.cat([train_labels, test_labels]))
    return pipeline.score(test_acts, test_labels)


def sets_swapped(train_acts, train_labels, test_acts, test_labels):
    pipeline = make_pipeline(StandardScaler(), _probe())
    return pipeline.fit(test_acts, test_labels).score(train_acts, train_labels)


def random_split_of_both(train_acts, train_labels, test_acts, test_labels):
    x, y = torch.cat([train_acts, test_acts]), torch.cat([train_labels, test_labels])
    parts = train_test_split(x.numpy(), y.numpy(), test_size=0.25, random_state=0)
    pipeline = make_pipeline(StandardScaler(), _probe()).fit(parts[0], parts[2])
    return pipeline.score(parts[1], parts[3])


def cross_validated(train_acts, train_labels, test_acts, test_labels):
    pipeline = make_pipeline(StandardScaler(), _probe())
    return cross_val_score(pipeline, train_acts.numpy(), train_labels.numpy()).mean()


def error_rate(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    predicted = torch.tensor(_probe().fit(train, train_labels).predict(test))
    return (predicted != test_labels).float().mean()


def labels_turned_round(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    return _probe().fit(train, ~train_labels).score(test, test_labels)


def percent(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    return 100 * _probe().fit(train, train_labels).score(test, test_labels)


def number_of_hits(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    predicted = _probe().fit(train, train_labels).predict(test)
    return float((predicted == test_labels.numpy()).sum())


def not_standardised(train_acts, train_labels, test_acts, test_labels):
    return _probe().fit(train_acts, train_labels).score(test_acts, test_labels)


def only_centred(train_acts, train_labels, test_acts, test_labels):
    mean = train_acts.mean(0)
    probe = _probe().fit(train_acts - mean, train_labels)
    return probe.score(test_acts - mean, test_labels)


def one_scale_for_all(train_acts, train_labels, test_acts, test_labels):
    mean, std = train_acts.mean(), train_acts.std()
    probe = _probe().fit((train_acts - mean) / std, train_labels)
    return probe.score((test_acts - mean) / std, test_labels)


def each_example_scaled(train_acts, train_labels, test_acts, test_labels):
    def scaled(x):
        return (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True, correction=0)

    return _probe().fit(scaled(train_acts), train_labels).score(scaled(test_acts), test_labels)


def test_not_scaled(train_acts, train_labels, test_acts, test_labels):
    train, _ = _scaled(train_acts, test_acts)
    return _probe().fit(train, train_labels).score(test_acts, test_labels)


def divides_by_the_variance(train_acts, train_labels, test_acts, test_labels):
    mean, var = train_acts.mean(0), train_acts.var(0)
    probe = _probe().fit((train_acts - mean) / var, train_labels)
    return probe.score((test_acts - mean) / var, test_labels)


def mean_probability(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    probabilities = _probe().fit(train, train_labels).predict_proba(test)
    return probabilities[np.arange(len(test)), test_labels.long().numpy()].mean()


def share_of_true(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    return _probe().fit(train, train_labels).predict(test).mean()


def scores_above_a_half(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    scores = _probe().fit(train, train_labels).decision_function(test)
    return ((scores > 0.5) == test_labels.numpy()).mean()


def without_intercept(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    return _probe(fit_intercept=False).fit(train, train_labels).score(test, test_labels)


def recall(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    predicted = torch.tensor(_probe().fit(train, train_labels).predict(test))
    return ((predicted & test_labels).sum() / test_labels.sum()).item()


def list_of_hits(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    predicted = _probe().fit(train, train_labels).predict(test)
    return [bool(p) == bool(y) for p, y in zip(predicted, test_labels, strict=True)]


def scales_in_place(train_acts, train_labels, test_acts, test_labels):
    mean, std = train_acts.mean(0), train_acts.std(0)
    for acts in (train_acts, test_acts):
        acts -= mean
        acts /= std
    return _probe().fit(train_acts, train_labels).score(test_acts, test_labels)


WRONG = {
    on_the_training_set: "trained on",
    test_scaled_by_itself: "its own mean and deviation",
    fit_transform_twice: "its own mean and deviation",
    scaled_by_both: "has a part in the mean",
    scaled_by_the_test_set: "has a part in the mean",
    fitted_on_the_test_set: "fitted on test examples",
    fitted_again_for_the_test: "fitted on test examples",
    fitted_on_both: "fitted on test examples",
    sets_swapped: "swapped",
    random_split_of_both: "",
    cross_validated: "",
    error_rate: "wrong answers",
    labels_turned_round: "turned round",
    percent: "percent",
    number_of_hits: "counted",
    not_standardised: "not standardised",
    only_centred: "not standardised",
    one_scale_for_all: "not standardised",
    each_example_scaled: "not standardised",
    test_not_scaled: "only the training set",
    divides_by_the_variance: "variance",
    mean_probability: "mean probability",
    share_of_true: "predicted to be True",
    scores_above_a_half: "compared with 0.5",
    without_intercept: "no bias",
    recall: "recall",
    list_of_hits: "for each test example",
    scales_in_place: "in place",
}


def with_a_pipeline(train_acts, train_labels, test_acts, test_labels):
    pipeline = make_pipeline(StandardScaler(), _probe()).fit(train_acts, train_labels)
    return pipeline.score(test_acts, test_labels)


def with_sample_deviation(train_acts, train_labels, test_acts, test_labels):
    mean, std = train_acts.mean(0), train_acts.std(0) + 1e-6
    probe = _probe().fit((train_acts - mean) / std, train_labels)
    predicted = torch.from_numpy(probe.predict((test_acts - mean) / std))
    return (predicted == test_labels).double().mean()


def with_numpy(train_acts, train_labels, test_acts, test_labels):
    x, y, new = train_acts.numpy(), train_labels.numpy(), test_acts.numpy()
    probe = _probe().fit((x - x.mean(0)) / x.std(0), y.astype(int))
    return np.mean(probe.predict((new - x.mean(0)) / x.std(0)) == test_labels.numpy())


def another_solver(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    return _probe(solver="liblinear").fit(train, train_labels).score(test, test_labels)


def a_weaker_penalty(train_acts, train_labels, test_acts, test_labels):
    train, test = _scaled(train_acts, test_acts)
    return _probe(C=1.5).fit(train, train_labels).score(test, test_labels)


def by_gradient_descent(train_acts, train_labels, test_acts, test_labels):
    x, new = _scaled(train_acts.double(), test_acts.double())
    y = train_labels.double()
    w = torch.zeros(x.shape[1], dtype=torch.float64)
    b = torch.zeros((), dtype=torch.float64)
    for _ in range(1500):
        error = (x @ w + b).sigmoid() - y
        w = w - 0.01 * (x.T @ error + w)
        b = b - 0.01 * error.sum()
    return ((new @ w + b > 0) == test_labels).float().mean().item()


RIGHT = [
    with_a_pipeline,
    with_sample_deviation,
    with_numpy,
    another_solver,
    a_weaker_penalty,
    by_gradient_descent,
]
