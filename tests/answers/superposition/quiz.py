"""Answers to the quiz as students give them."""

EXERCISE = "quiz"
KEY = {1: "c", 2: "b", 3: "a", 4: "c", 5: "b"}


def sparsity_is_the_active_share():
    return KEY | {1: "a"}


def sparsity_is_always_the_papers():
    return KEY | {1: "b"}


def a_pentagon_has_five():
    return KEY | {2: "c"}


def four_of_ten():
    return KEY | {2: "a"}


def relu_adds_dimensions():
    return KEY | {3: "b"}


def one_must_go():
    return KEY | {4: "a"}


def same_sign():
    return KEY | {4: "b"}


def bound_means_optimal():
    return KEY | {5: "c"}


def one_left_out():
    return {number: letter for number, letter in KEY.items() if number != 5}


WRONG = {
    sparsity_is_the_active_share: "just the opposite",
    sparsity_is_always_the_papers: "others count the active share",
    a_pentagon_has_five: "filled evenly",
    four_of_ten: "six to spare",
    relu_adds_dimensions: "keeps its size",
    one_must_go: "p squared",
    same_sign: "nobody could tell",
    bound_means_optimal: "knows nothing of the loss",
    one_left_out: "",
}


def the_key():
    return dict(KEY)


def capital_letters():
    return {number: letter.upper() for number, letter in KEY.items()}


RIGHT = [the_key, capital_letters]
