"""Answers to the quiz as students give them."""

EXERCISE = "quiz"
KEY = {1: "b", 2: "a", 3: "c", 4: "b", 5: "a", 6: "c"}


def held_out_is_enough():
    return KEY | {1: "c"}


def random_labels_are_represented():
    return KEY | {2: "b"}


def only_a_little_further_down():
    return KEY | {3: "a"}


def any_effect_counts():
    return KEY | {4: "a"}


def not_significant_is_idle():
    return KEY | {4: "c"}


def success_at_any_price():
    return KEY | {5: "b"}


def threshold_as_maximum():
    return KEY | {6: "a"}


def one_left_out():
    return {k: v for k, v in KEY.items() if k != 6}


WRONG = {
    held_out_is_enough: "rule out memorised examples",
    random_labels_are_represented: "drawn after it was trained",
    only_a_little_further_down: "A little better",
    any_effect_counts: "every sixth direction",
    not_significant_is_idle: "has not been shown either",
    success_at_any_price: "strong enough changes the language",
    threshold_as_maximum: "not its maximum",
    one_left_out: "",
}


def the_key():
    return dict(KEY)


def capital_letters():
    return {number: letter.upper() for number, letter in KEY.items()}


RIGHT = [the_key, capital_letters]
