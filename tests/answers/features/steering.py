"""Answers to "choose where to push, and how hard" as students give them."""

EXERCISE = "steering"


def too_weak():
    return {"layer": 2, "strength": 0.4}


def half():
    return {"layer": 2, "strength": 0.5 - 1e-6}


def too_strong():
    return {"layer": 2, "strength": 6.0}


def far_too_strong():
    return {"layer": 2, "strength": 20}


def too_early():
    return {"layer": 0, "strength": 2.0}


def first_layer_hard():
    return {"layer": 0, "strength": 4.0}


def turned_round():
    return {"layer": 2, "strength": -1.0}


def no_push():
    return {"layer": 2, "strength": 0.0}


def counted_from_one():
    return {"layer": 3, "strength": 1.0}


def hook_name():
    return {"layer": "blocks.2.hook_resid_post", "strength": 1.0}


def a_pair():
    return 2, 1.0


def strength_as_text():
    return {"layer": 2, "strength": "1.0"}


WRONG = {
    too_weak: "too weak",
    half: "too weak",
    too_strong: "too strong",
    far_too_strong: "too strong",
    too_early: "the layer is not one",
    first_layer_hard: "the layer is not one",
    turned_round: "turned round",
    no_push: "nothing is pushed",
    counted_from_one: "counted from 1",
    hook_name: "hook's name",
    a_pair: "",
    strength_as_text: "",
}


def one_difference():
    return {"layer": 2, "strength": 1.0}


def a_little_less():
    return {"layer": 2, "strength": 0.8}


def more():
    return {"layer": 2, "strength": 1.5}


RIGHT = [one_difference, a_little_less, more]
