"""Answers to the quiz."""

EXERCISE = "quiz"


def _answers(**changes):
    right = {1: "a", 2: "c", 3: "b", 4: "c", 5: "a", 6: "b"}
    return right | {int(key[1:]): letter for key, letter in changes.items()}


def takes_subtraction_for_ablation():
    return _answers(q1="b")


def thinks_the_scale_is_for_speed():
    return _answers(q2="a")


def takes_a_blind_lens_for_ignorance():
    return _answers(q3="a")


def trusts_edits_in_place():
    return _answers(q4="a")


def sees_no_difference_in_the_order():
    return _answers(q5="c")


def takes_folding_for_an_approximation():
    return _answers(q6="c")


def one_left_open():
    return _answers(q2=None)


def all_a():
    return dict.fromkeys(range(1, 7), "a")


WRONG = {
    takes_subtraction_for_ablation: "before you took it away",
    thinks_the_scale_is_for_speed: "blown up",
    takes_a_blind_lens_for_ignorance: "dictionary",
    trusts_edits_in_place: "the activation itself",
    sees_no_difference_in_the_order: "leaks in",
    takes_folding_for_an_approximation: "leaves nothing out",
    one_left_open: "",
    all_a: "blown up",
}


def right():
    return _answers()


def capital_letters():
    return {number: letter.upper() for number, letter in _answers().items()}


RIGHT = [right, capital_letters]
