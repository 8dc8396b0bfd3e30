"""Answers to the quiz as students give them."""

EXERCISE = "quiz"
KEY = {1: "b", 2: "c", 3: "a", 4: "b", 5: "c"}


def full_recovery_is_proof():
    return KEY | {1: "a"}


def more_samples():
    return KEY | {1: "c"}


def half_the_mechanism():
    return KEY | {2: "a"}


def small_sample():
    return KEY | {2: "b"}


def cheaper():
    return KEY | {3: "b"}


def stricter():
    return KEY | {3: "c"}


def separate_samples():
    return KEY | {4: "a"}


def no_feature():
    return KEY | {4: "c"}


def neither_used():
    return KEY | {5: "a"}


def third_variable():
    return KEY | {5: "b"}


def one_left_out():
    return {number: letter for number, letter in KEY.items() if number != 2}


WRONG = {
    full_recovery_is_proof: "keeps every input as it is",
    more_samples: "standard error",
    half_the_mechanism: "as rare as by guessing",
    small_sample: "thousands of samples",
    cheaper: "about the same",
    stricter: "milder or stricter",
    separate_samples: "looks for its own word",
    no_feature: "feature of its pattern",
    neither_used: "fails if it is used",
    third_variable: "as long as the third one varies",
    one_left_out: "",
}


def the_key():
    return dict(KEY)


def capital_letters():
    return {number: letter.upper() for number, letter in KEY.items()}


RIGHT = [the_key, capital_letters]
