"""Answers to the quiz as students give them."""

EXERCISE = "quiz"
KEY = {1: "b", 2: "c", 3: "a", 4: "c", 5: "b"}


def norms_do_not_count():
    return KEY | {1: "a"}


def longer_rows_are_better():
    return KEY | {1: "c"}


def variance_proves_features():
    return KEY | {2: "a"}


def variance_proves_most_features():
    return KEY | {2: "b"}


def holes_are_death():
    return KEY | {3: "b"}


def holes_need_a_larger_dictionary():
    return KEY | {3: "c"}


def nothing_is_represented():
    return KEY | {4: "b"}


def only_flattered():
    return KEY | {4: "a"}


def price_makes_it_jump():
    return KEY | {5: "a"}


def the_dead_make_it_jump():
    return KEY | {5: "c"}


def one_left_out():
    return {number: letter for number, letter in KEY.items() if number != 3}


WRONG = {
    norms_do_not_count: "length of its row",
    longer_rows_are_better: "what the norm charges for",
    variance_proves_features: "random weights",
    variance_proves_most_features: "words alone",
    holes_are_death: "never active",
    holes_need_a_larger_dictionary: "more of them",
    nothing_is_represented: "it is represented",
    only_flattered: "would not come from it",
    price_makes_it_jump: "all batches alike",
    the_dead_make_it_jump: "evenly on both",
    one_left_out: "",
}


def the_key():
    return dict(KEY)


def capital_letters():
    return {number: letter.upper() for number, letter in KEY.items()}


RIGHT = [the_key, capital_letters]
