"""Answers to the line-up. Each returns the answer for an instance."""

from interp_course.checks.induction_heads import lineup as module

EXERCISE = "suspects"


def _letters(instance):
    from interp_course.checks.induction_heads.lineup import habits

    return {habit: letter for letter, habit in habits(instance).items()}


def _scores(instance, period):
    patterns = {letter: by[period] for letter, by in module(instance).items()}
    query = range(period + 1, 2 * period + 1)
    induction = {a: sum(p[q, q - period + 1] for q in query) / period for a, p in patterns.items()}
    previous = {a: p.diagonal(-1).mean() for a, p in patterns.items()}
    return previous, induction


def only_the_first_period(instance):
    previous, induction = _scores(instance, 12)
    return {
        "previous": [max(previous, key=previous.get)],
        "induction": sorted(induction, key=induction.get, reverse=True)[:2],
    }


def duplicates(instance):
    truth = _letters(instance)
    named = [truth["induction, strong"], truth["duplicate-token"]]
    return {"previous": [truth["previous-token"]], "induction": named}


def off_by_one(instance):
    truth = _letters(instance)
    named = [truth["off by one"], truth["induction, weak"]]
    return {"previous": [truth["previous-token"]], "induction": named}


def weakest_first(instance):
    truth = _letters(instance)
    named = [truth["induction, weak"], truth["induction, strong"]]
    return {"previous": [truth["previous-token"]], "induction": named}


def misses_the_weak_one(instance):
    truth = _letters(instance)
    return {"previous": [truth["previous-token"]], "induction": [truth["induction, strong"]]}


def swapped(instance):
    truth = _letters(instance)
    named = [truth["induction, strong"], truth["induction, weak"]]
    return {"previous": named, "induction": [truth["previous-token"]]}


def own_position(instance):
    truth = _letters(instance)
    named = [truth["induction, strong"], truth["induction, weak"]]
    return {"previous": [truth["current token"]], "induction": named}


def a_list(instance):
    return ["A", "B", "C"]


WRONG = {
    only_the_first_period: "fixed distance",
    duplicates: "duplicate-token head is named",
    off_by_one: "*two* after",
    weakest_first: "turned around",
    misses_the_weak_one: "missing",
    swapped: "swapped",
    own_position: "own position",
    a_list: "",
}


def computed(instance):
    previous, at_12 = _scores(instance, 12)
    _, at_17 = _scores(instance, 17)
    lowest = {letter: min(at_12[letter], at_17[letter]) for letter in at_12}
    return {
        "previous": [max(previous, key=previous.get)],
        "induction": sorted(lowest, key=lowest.get, reverse=True)[:2],
    }


def typed_in_small_letters(instance):
    answer = computed(instance)
    return {kind: [letter.lower() for letter in letters] for kind, letters in answer.items()}


RIGHT = [computed, typed_in_small_letters]
