"""Answers to the quiz as students give them."""

EXERCISE = "quiz"
KEY = {1: "b", 2: "a", 3: "c", 4: "b", 5: "c"}


def zero_means_information():
    return KEY | {1: "a"}


def wrong_mean():
    return KEY | {1: "c"}


def directions_always_differ():
    return KEY | {2: "b"}


def zero_score_is_zero_effect():
    return KEY | {3: "a"}


def zero_score_is_small_effect():
    return KEY | {3: "b"}


def threshold_too_low():
    return KEY | {4: "a"}


def relation_in_the_unembedding():
    return KEY | {4: "c"}


def patterns_and_accuracy():
    return KEY | {5: "a"}


def strong_patterns():
    return KEY | {5: "b"}


def one_left_out():
    return {number: letter for number, letter in KEY.items() if number != 2}


WRONG = {
    zero_means_information: "would cost something too",
    wrong_mean: "rather do damage",
    directions_always_differ: "both say the same",
    zero_score_is_zero_effect: "effects of 1",
    zero_score_is_small_effect: "slope at one point",
    threshold_too_low: "keeps more edges",
    relation_in_the_unembedding: "its word in the prompt",
    patterns_and_accuracy: "current word",
    strong_patterns: "whether anybody listens",
    one_left_out: "",
}


def the_key():
    return dict(KEY)


def capital_letters():
    return {number: letter.upper() for number, letter in KEY.items()}


RIGHT = [the_key, capital_letters]
