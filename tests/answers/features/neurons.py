"""Answers to the line-up of neurons."""

import functools
from collections import Counter

from interp_course.checks.features import lineup
from interp_course.checks.features.neurons import ROLES, roles

EXERCISE = "neurons"


@functools.cache
def seen(instance):
    return lineup(instance)


def firing(instance, name, bar=0.25):
    """Where a neuron fires: sequence, position and activation, the strongest first."""
    data = seen(instance)
    values = data.activations[data.names.index(name)]
    found = [(values[r, p].item(), r, p) for r, p in (values > bar).nonzero().tolist()]
    return [(row, pos, value) for value, row, pos in sorted(found, reverse=True)]


def domains(instance, places):
    """How often the places are in prose, code, dna, ..."""
    sequences = seen(instance).batch.sequences
    return Counter(sequences[row].truth.domain for row, _, _ in places)


def verdict(instance, name, *, most=None):
    places = firing(instance, name)
    if len(places) > 500:
        return "none"
    return "several" if len(domains(instance, places[:most])) > 1 else "one feature"


def verdicts(instance, **options):
    return {name: verdict(instance, name, **options) for name in seen(instance).names}


def with_roles(instance, **changed):
    """The truth, but for some roles."""
    found = {role: changed.get(role.replace(" ", "_"), value) for role, value in ROLES.items()}
    return {name: found[role] for name, role in roles(instance).items()}


def several_words_are_several_features(instance):
    words = {}
    for name in seen(instance).names:
        places = firing(instance, name)
        said = {seen(instance).batch.sequences[row].words[pos] for row, pos, _ in places}
        words[name] = len(said)
    several = {name: "several" if n > 1 else "one feature" for name, n in words.items()}
    return {name: "none" if words[name] > 300 else value for name, value in several.items()}


def clean_one_is_several(instance):
    return with_roles(instance, clean="several")


def strongest_examples_only(instance):
    """Reads the examples above three quarters of the largest activation."""
    answer = {}
    for name in seen(instance).names:
        places = firing(instance, name)
        high = [place for place in places if place[2] > 0.75 * places[0][2]]
        several = len(domains(instance, high)) > 1
        answer[name] = "several" if several else "one feature"
        if len(places) > 500:
            answer[name] = "none"
    return answer


def strongest_examples_only_and_noise_explained(instance):
    return with_roles(instance, two_unequal="one feature", noise="several")


def senses_are_counted(instance):
    return with_roles(instance, word="several")


def sense_is_several_people(instance):
    return with_roles(instance, sense="several")


def both_lexical_ones_are_several(instance):
    return with_roles(instance, sense="several", word="several")


def a_story_for_the_noise(instance):
    return with_roles(instance, noise="one feature")


def noise_is_polysemantic(instance):
    return with_roles(instance, noise="several")


def one_story_for_two_things(instance):
    return with_roles(instance, two_equal="one feature")


def one_story_each(instance):
    return with_roles(instance, two_equal="one feature", two_unequal="one feature")


def seldom_is_none(instance):
    return with_roles(instance, sense="none", word="none")


def everything_is_polysemantic(instance):
    return dict.fromkeys(seen(instance).names, "several")


def everything_is_clean(instance):
    return dict.fromkeys(seen(instance).names, "one feature")


def letters_alone(instance):
    return {name[-1]: value for name, value in verdicts(instance).items()}


def descriptions(instance):
    return {name: "plural nouns" for name in verdicts(instance)}


def numbers_of_features(instance):
    count = {"one feature": 1, "several": 2, "none": 0}
    return {name: count[value] for name, value in verdicts(instance).items()}


def without_the_noise(instance):
    return {name: value for name, value in verdicts(instance).items() if value != "none"}


def a_list(instance):
    return list(verdicts(instance).values())


WRONG = {
    several_words_are_several_features: "many different words",
    clean_one_is_several: "many different words",
    strongest_examples_only: "only the strongest",
    strongest_examples_only_and_noise_explained: "only the strongest",
    senses_are_counted: "two senses",
    sense_is_several_people: "one sense",
    both_lexical_ones_are_several: "two senses",
    a_story_for_the_noise: "over-interpreted",
    noise_is_polysemantic: "over-interpreted",
    one_story_for_two_things: "nothing in common",
    one_story_each: "nothing in common",
    seldom_is_none: "fires seldom",
    everything_is_polysemantic: "same verdict",
    everything_is_clean: "same verdict",
    letters_alone: "copy them",
    descriptions: "described",
    numbers_of_features: "described",
    without_the_noise: "left out",
    a_list: "",
}


def all_that_fires(instance):
    return verdicts(instance)


def read_from_the_text(instance):
    """With `top` alone: do words and symbols stand side by side?"""
    answer = {}
    for name in seen(instance).names:
        lines = [line for line in seen(instance).top(name, 400) if float(line.split()[0]) > 0.25]
        words = [line.split("«")[1].rstrip("»") for line in lines]
        strange = [w for w in words if w in "+-*%()=>" or any(c.isupper() for c in w)]
        share = len(strange) / len(words)
        answer[name] = "several" if 0.1 < share < 0.9 else "one feature"
        if len(lines) == 400:
            answer[name] = "none"
    return answer


def planted(instance):
    return {name: ROLES[role] for name, role in reversed(roles(instance).items())}


def with_capitals_and_spaces(instance):
    return {name: f" {value.upper()} " for name, value in verdicts(instance).items()}


RIGHT = [all_that_fires, read_from_the_text, planted, with_capitals_and_spaces]
