"""Answers to "which three heads, and what does each of them do" as students find them."""

import functools

import torch

from interp_course.checks.circuits import network

EXERCISE = "sites"
N = 12
ROLES = ("duplicate-token head", "inhibition head", "name mover")
HEADS = [(layer, head) for layer in range(3) for head in range(4)]


def z(layer):
    return f"blocks.{layer}.attn.hook_z"


@functools.cache
@torch.no_grad()
def effects(instance, corrupt="subject", *, noise=False, last=False):
    """Effect of exchanging each head, by layer and head: 0 is corrupted, 1 clean."""
    given = network(instance)
    prompts = given.task.sample(N, seed=instance, corrupt=corrupt)
    rows = torch.arange(N)

    def difference(logits):
        right, wrong = prompts.answers, prompts.distractors
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean().item()

    runs = [prompts.corrupted, prompts.tokens]
    low, high = (difference(given.model(tokens)) for tokens in runs)
    base, other = reversed(runs) if noise else runs
    _, cache = given.model.run_with_cache(other)
    where = -1 if last else slice(None)
    found = {}
    for layer, head in HEADS:

        def put(x, hook, layer=layer, head=head):
            x = x.clone()
            x[:, where, head] = cache[z(layer)][:, where, head]
            return x

        logits = given.model.run_with_hooks(base, fwd_hooks=[(z(layer), put)])
        found[layer, head] = (difference(logits) - low) / (high - low)
    return found


@functools.cache
@torch.no_grad()
def attended(instance):
    """Attention of each head from the repeated name, and from the end, to each position."""
    given = network(instance)
    prompts = given.task.sample(N, seed=instance)
    _, cache = given.model.run_with_cache(prompts.tokens)
    rows, at = torch.arange(N), prompts.positions
    found = {}
    for layer, head in HEADS:
        pattern = cache[f"blocks.{layer}.attn.hook_pattern"][:, head]
        found[layer, head] = {
            "S2 to S1": pattern[rows, at["S2"], at["S1"]].mean().item(),
            "end to S2": pattern[rows, -1, at["S2"]].mean().item(),
            "end to IO": pattern[rows, -1, at["IO"]].mean().item(),
        }
    return found


def named(heads):
    return dict(zip(ROLES, [f"L{layer}.H{head}" for layer, head in heads], strict=True))


def three(found):
    """The heads with the largest effect, in the order of their layers."""
    return sorted(sorted(found, key=found.get, reverse=True)[:3])


def found(instance):
    return three(effects(instance))


def noised_and_largest(instance):
    return named(three(effects(instance, noise=True)))


def in_the_wrong_order(instance):
    return named(found(instance)[::-1])


def inhibition_and_mover_exchanged(instance):
    first, second, third = found(instance)
    return named([first, third, second])


def mimic(instance):
    first, second, third = found(instance)
    looks = [h for h, a in attended(instance).items() if a["end to IO"] > 0.9 and h != third]
    return named([first, second, looks[0]])


def pattern_of_the_same_token(instance):
    _, second, third = found(instance)
    looks = [h for h, a in attended(instance).items() if 0.3 < a["S2 to S1"] < 0.7 and h[0] == 0]
    return named([looks[0], second, third])


def names_exchanged(instance):
    scores = effects(instance, "names")
    best = max(scores, key=scores.get)
    low = [head for head in HEADS if head not in found(instance)]
    return named([low[0], next(head for head in low if head[0] == 1), best])


def last_position_alone(instance):
    scores = effects(instance, last=True)
    best = sorted(sorted(scores, key=scores.get, reverse=True)[:2])
    rest = [head for head in HEADS if head[0] == 0 and head != found(instance)[0]]
    same = pattern_of_the_same_token(instance)[ROLES[0]]
    return named([next(h for h in rest if f"L0.H{h[1]}" != same), *best])


def an_idle_inhibition_head(instance):
    first, second, third = found(instance)
    return named([first, next(h for h in HEADS if h[0] == 1 and h != second), third])


def one_head_for_all(instance):
    return named([found(instance)[2]] * 3)


def bare_numbers(instance):
    return {r: f"{layer}.{head}" for r, (layer, head) in zip(ROLES, found(instance), strict=True)}


def number_within_the_layer(instance):
    return {role: head for role, (_, head) in zip(ROLES, found(instance), strict=True)}


def head_before_layer(instance):
    return {r: (head, layer) for r, (layer, head) in zip(ROLES, found(instance), strict=True)}


def heads_from_1(instance):
    return named([(layer, head + 1) for layer, head in found(instance)])


def layers_from_1(instance):
    return named([(layer + 1, head) for layer, head in found(instance)])


def everything_from_1(instance):
    return named([(layer + 1, head + 1) for layer, head in found(instance)])


def turned_round(instance):
    return {head: role for role, head in named(found(instance)).items()}


def a_list(instance):
    return found(instance)


WRONG = {
    noised_and_largest: "noising is read as if it were denoising",
    in_the_wrong_order: "told apart wrongly",
    inhibition_and_mover_exchanged: "told apart wrongly",
    mimic: "an attention pattern is believed",
    pattern_of_the_same_token: "attend to the same token",
    names_exchanged: "only the head that writes the answer is found",
    last_position_alone: "only the last position is exchanged",
    an_idle_inhibition_head: "without changing an answer",
    one_head_for_all: "one head is named for all",
    bare_numbers: "bare numbers",
    number_within_the_layer: "bare number",
    head_before_layer: "layer and head are exchanged",
    heads_from_1: "heads are counted from 1",
    layers_from_1: "layers are counted from 1",
    everything_from_1: "layers and heads are counted from 1",
    turned_round: "turned round",
    a_list: "",
}


def by_denoising(instance):
    return named(found(instance))


def by_noising(instance):
    lost = {head: -effect for head, effect in effects(instance, noise=True).items()}
    return {role: head for role, head in zip(ROLES, three(lost), strict=True)}


def by_silencing(instance):
    """Heads without which the task is lost, in lower case."""
    given = network(instance)
    prompts = given.task.sample(N)
    lost = []
    for layer, head in HEADS:

        def silence(x, hook, head=head):
            return x * (torch.arange(4) != head)[:, None]

        with torch.no_grad():
            logits = given.model.run_with_hooks(prompts.tokens, fwd_hooks=[(z(layer), silence)])
        if (logits[:, -1].argmax(dim=-1) == prompts.answers).float().mean() < 0.8:
            lost.append((layer, head))
    return {role: name.lower() for role, name in named(sorted(lost)).items()}


RIGHT = [by_denoising, by_noising, by_silencing]
