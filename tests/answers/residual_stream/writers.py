"""Answers to "three answers, three writers" as students find them."""

import functools

import torch

from interp_course import models, world

EXERCISE = "writers"
VARIABLES = ("number", "country", "receiver")


@functools.cache
def attribution(instance, variable, *, minus=1.0, position=-1, run=None, unembed=None):
    """Mean contribution of each part by name, with the mistakes one may make on the way."""
    model = models.load("world", seed=instance % 4 if run is None else run)
    pairs = world.pairs(variable, 64, seed=instance)
    yes, no = (
        torch.tensor([model.to_single_token(side.right[0]) for side in sides])
        for sides in (pairs.clean, pairs.other)
    )
    with torch.no_grad():
        _, cache = model.run_with_cache(pairs.tokens)
        parts = {"embed": cache["hook_embed"], "position": cache["hook_pos_embed"]}
        for layer in range(3):
            z = cache[f"blocks.{layer}.attn.hook_z"]
            for head in range(4):
                parts[f"L{layer}.H{head}"] = z[:, :, head] @ model.W_O[layer, head]
            parts[f"L{layer}.b_O"] = model.b_O[layer].expand_as(cache["hook_embed"])
            parts[f"L{layer}.mlp"] = cache[f"blocks.{layer}.hook_mlp_out"]
        last = torch.stack([p.expand_as(parts["embed"])[:, position] for p in parts.values()])
        centred = last - last.mean(dim=-1, keepdim=True)
        size = (centred.sum(dim=0).square().mean(dim=-1, keepdim=True) + model.cfg.eps).sqrt()
        reader = model if unembed is None else models.load("world", seed=unembed)
        W_U = reader.ln_final.weight[:, None] * reader.W_U
        dla = (centred / size * (W_U[:, yes] - minus * W_U[:, no]).T).sum(dim=-1).mean(dim=1)
    return dict(zip(parts, dla.tolist(), strict=True))


def best(instance, **mistake):
    tables = {v: attribution(instance, v, **mistake) for v in VARIABLES}
    return {v: max(table, key=table.get) for v, table in tables.items()}


def sign_turned_round(instance):
    tables = {v: attribution(instance, v) for v in VARIABLES}
    return {v: min(table, key=table.get) for v, table in tables.items()}


def answer_alone(instance):
    return best(instance, minus=0.0)


def first_position(instance):
    return best(instance, position=0)


def heads_only(instance):
    tables = {v: attribution(instance, v) for v in VARIABLES}
    return {v: max((n for n in t if "H" in n), key=t.get) for v, t in tables.items()}


def another_run(instance):
    return best(instance, run=(instance + 1) % 4)


def one_for_all(instance):
    return dict.fromkeys(VARIABLES, "L1.b_O")


def pairs_instead_of_names(instance):
    return dict.fromkeys(VARIABLES, (2, 1))


def a_list(instance):
    return list(best(instance).values())


WRONG = {
    sign_turned_round: "sign is turned round",
    answer_alone: "alone",
    first_position: "position is wrong",
    heads_only: "only heads",
    another_run: "another training run",
    one_for_all: "one part is named for all",
    pairs_instead_of_names: "",
    a_list: "",
}


def second_of_a_near_tie(instance):
    answer = best(instance)
    for variable in VARIABLES:
        table = attribution(instance, variable)
        first, second = sorted(table, key=table.get)[:-3:-1]
        if table[first] - table[second] < 0.2:
            answer[variable] = second
    return answer


RIGHT = [best, second_of_a_near_tie]
