"""Answers to "which of four networks does induction" as students find them."""

import functools

import torch

from interp_course.checks.circuits import suspects

EXERCISE = "verdicts"
N = 32
HEADS = [(layer, head) for layer in range(2) for head in range(4)]


@torch.no_grad()
def accuracy(model, tokens, answers, silenced=()):
    def silence(x, hook, layer):
        return x * torch.tensor([(layer, head) not in silenced for head in range(4)])[:, None]

    names = [f"blocks.{layer}.attn.hook_z" for layer in range(2)]
    hooks = [(name, functools.partial(silence, layer=i)) for i, name in enumerate(names)]
    logits = model.run_with_hooks(tokens, fwd_hooks=hooks)[:, -1]
    return (logits.argmax(dim=-1) == answers).float().mean().item()


@functools.cache
def experiments(instance):
    """For each suspect: accuracies, and how many heads cannot be silenced."""
    found = {}
    for letter, suspect in suspects(instance).items():
        prompts = suspect.task.sample(N, instance)
        moved = suspect.task.sample(N, instance, corrupt="earlier")
        new = suspect.task.sample(N, instance, corrupt="next")
        run = functools.partial(accuracy, suspect.model)
        found[letter] = {
            "own": run(prompts.tokens, prompts.answers),
            "moved": run(moved.corrupted, moved.corrupted_answers),
            "next": run(new.corrupted, new.corrupted_answers),
            "no heads": run(prompts.tokens, prompts.answers, silenced=HEADS),
            "lost": sum(run(prompts.tokens, prompts.answers, silenced=[h]) < 0.5 for h in HEADS),
        }
    return found


def verdict(instance, *, believe=()):
    """The verdict on each suspect, if one leaves experiments out."""
    found = {}
    for letter, seen in experiments(instance).items():
        if seen["own"] < 0.5:
            word = "unread"
        elif seen["no heads"] > 0.5:
            word = "bigram"
        else:
            word = "induction" if seen["moved"] > 0.5 else "fixed distance"
        found[letter] = dict(believe).get(word, word)
    return found


def all_by_patterns(instance):
    return dict.fromkeys(suspects(instance), "induction")


def patterns_of_the_unread(instance):
    return verdict(instance, believe={"unread": "induction"})


def accuracy_of_the_bigram(instance):
    return verdict(instance, believe={"bigram": "induction"})


def accuracy_of_the_distance(instance):
    return verdict(instance, believe={"fixed distance": "induction"})


def accuracy_alone(instance):
    return verdict(instance, believe={"bigram": "induction", "fixed distance": "induction"})


def bigram_and_distance_exchanged(instance):
    exchange = {"bigram": "fixed distance", "fixed distance": "bigram"}
    return verdict(instance, believe=exchange)


def bigram_for_distance(instance):
    return verdict(instance, believe={"fixed distance": "bigram"})


def distance_for_bigram(instance):
    return verdict(instance, believe={"bigram": "fixed distance"})


def induction_silenced_at_the_mimic(instance):
    return verdict(instance, believe={"induction": "unread", "unread": "bigram"})


def unread_for_bigram(instance):
    return verdict(instance, believe={"bigram": "unread"})


def unread_for_distance(instance):
    return verdict(instance, believe={"fixed distance": "unread"})


def bigram_for_unread(instance):
    return verdict(instance, believe={"unread": "bigram"})


def distance_for_unread(instance):
    return verdict(instance, believe={"unread": "fixed distance"})


def distance_for_induction(instance):
    return verdict(instance, believe={"induction": "fixed distance"})


def bigram_for_induction(instance):
    return verdict(instance, believe={"induction": "bigram"})


def free_words(instance):
    return verdict(instance, believe={"unread": "no circuit", "bigram": "no circuit"})


def yes_or_no(instance):
    return {letter: word == "induction" for letter, word in verdict(instance).items()}


def turned_round(instance):
    return {word: letter for letter, word in verdict(instance).items()}


def one_left_out(instance):
    return {letter: word for letter, word in verdict(instance).items() if word != "unread"}


def the_letter_alone(instance):
    return next(letter for letter, word in verdict(instance).items() if word == "induction")


WRONG = {
    all_by_patterns: "one verdict is given on all four",
    patterns_of_the_unread: "attention patterns are believed",
    accuracy_of_the_bigram: "no head is needed",
    accuracy_of_the_distance: "always equally far away",
    accuracy_alone: "patterns and accuracy are believed",
    bigram_and_distance_exchanged: "silence",
    bigram_for_distance: "one of them turns out to be needed",
    distance_for_bigram: "silence every head at once",
    induction_silenced_at_the_mimic: "",
    unread_for_bigram: "accuracy is not looked at",
    unread_for_distance: "only the heads with induction patterns",
    bigram_for_unread: "how many answers are right at all",
    distance_for_unread: "wrong at every distance",
    distance_for_induction: "one period is looked at",
    bigram_for_induction: "the current word is taken for all that counts",
    free_words: "one of the four words",
    yes_or_no: "one of the four words",
    turned_round: "turned round",
    one_left_out: "left out",
    the_letter_alone: "",
}


def by_accuracies(instance):
    return verdict(instance)


def by_changed_prompts(instance):
    """Without silencing: a bigram ignores every change but that of the last word."""
    found = {}
    for letter, seen in experiments(instance).items():
        if seen["own"] < 0.5:
            found[letter] = "Unread"
        elif seen["moved"] > 0.5:
            found[letter] = "Induction"
        else:
            found[letter] = "Fixed-distance" if seen["next"] > 0.5 else "Bigram"
    return found


def by_silencing(instance):
    """By the number of heads without which the answers are lost, and by accuracy."""
    words = {2: "induction", 1: "fixed distance", 0: "bigram"}
    return {
        letter: "unread" if seen["own"] < 0.5 else words[seen["lost"]]
        for letter, seen in experiments(instance).items()
    }


RIGHT = [by_accuracies, by_changed_prompts, by_silencing]
