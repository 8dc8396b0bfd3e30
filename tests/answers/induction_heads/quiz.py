"""Answers to the quiz."""

EXERCISE = "quiz"


def _answers(**changes):
    right = {1: "b", 2: "b", 3: "a", 4: "c", 5: "a", 6: "b", 7: "c"}
    return right | {int(key[1:]): letter for key, letter in changes.items()}


def attends_to_the_same_token():
    return _answers(q1="a")


def believes_in_q_composition():
    return _answers(q2="a")


def takes_the_pattern_for_the_effect():
    return _answers(q3="b")


def takes_timing_for_cause():
    return _answers(q6="a")


def ignores_redundancy():
    return _answers(q7="a")


def one_left_open():
    return _answers(q4=None)


def all_b():
    return dict.fromkeys(range(1, 8), "b")


WRONG = {
    attends_to_the_same_token: "duplicate-token head",
    believes_in_q_composition: "Some explanations say so",
    takes_the_pattern_for_the_effect: "never looks at W_O",
    takes_timing_for_cause: "Timing is where",
    ignores_redundancy: "each has colleagues",
    one_left_open: "",
    all_b: "never looks at W_O",
}


def right():
    return _answers()


def capital_letters():
    return {number: letter.upper() for number, letter in _answers().items()}


RIGHT = [right, capital_letters]
