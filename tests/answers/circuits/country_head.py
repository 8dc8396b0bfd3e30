"""Answers to "which head carries the country" as students find them."""

import functools

import numpy as np
import torch

from interp_course import models
from interp_course.checks.circuits import country_questions

EXERCISE = "country_head"


@functools.cache
def network(run):
    return models.load("world", seed=run)


@functools.cache
@torch.no_grad()
def said(instance, layer=0, where=-1, run=None):
    """Words said when each head is exchanged, ``[head question]``."""
    asked, model = country_questions(instance), network(instance % 4 if run is None else run)
    name = f"blocks.{layer}.attn.hook_z"
    _, cache = model.run_with_cache(asked.other_tokens)
    found = []
    for head in range(4):

        def put(z, hook, head=head):
            z = z.clone()
            at = list(where) if isinstance(where, tuple) else where
            z[:, at, head] = cache[name][:, at, head]
            return z

        logits = model.run_with_hooks(asked.tokens, fwd_hooks=[(name, put)])
        found.append(logits[:, -1].argmax(dim=-1))
    return torch.stack(found)


def moved(instance, **more):
    """Share of answers of the other country, by head."""
    words = said(instance, **more)
    return (words == country_questions(instance).other_answers).double().mean(dim=1)


def best(shares, layer=0):
    return {"head": f"L{layer}.H{int(shares.argmax())}", "share": shares.max().item()}


def right(instance):
    return best(moved(instance))


def number(instance):
    return int(right(instance)["head"][-1])


def at_the_city(instance):
    return best(moved(instance, where=-2))


def other_head_at_the_city(instance):
    head = (number(instance) + 1) % 4
    return {"head": f"L0.H{head}", "share": moved(instance, where=-2)[head].item()}


def answers_that_stay(instance):
    stay = (said(instance) == country_questions(instance).answers).double().mean(dim=1)
    return {**right(instance), "share": stay[number(instance)].item()}


def head_where_most_stay(instance):
    stay = (said(instance) == country_questions(instance).answers).double().mean(dim=1)
    head = max((h for h in range(4) if h != number(instance)), key=lambda h: stay[h])
    return {"head": f"L0.H{head}", "share": stay[head].item()}


def second_layer(instance):
    return best(moved(instance, layer=1), layer=1)


def third_layer(instance):
    return best(moved(instance, layer=2), layer=2)


@torch.no_grad()
def attention_to_the_city(instance):
    asked = country_questions(instance)
    _, cache = network(instance % 4).run_with_cache(asked.tokens)
    return best(cache["blocks.0.attn.hook_pattern"][:, :, -1, -2].mean(dim=0))


@torch.no_grad()
def silenced(instance):
    """Share of answers lost without the head."""
    asked, kept = country_questions(instance), torch.arange(4)[:, None] != number(instance)

    def silence(z, hook):
        return torch.cat([z[:, :-1], z[:, -1:] * kept], dim=1)

    hooks = [("blocks.0.attn.hook_z", silence)]
    logits = network(instance % 4).run_with_hooks(asked.tokens, fwd_hooks=hooks)
    lost = (logits[:, -1].argmax(dim=-1) != asked.answers).double().mean().item()
    return {**right(instance), "share": lost}


def mean_over_heads(instance):
    return {**right(instance), "share": moved(instance).mean().item()}


def another_run(instance):
    return best(moved(instance, run=(instance + 1) % 4))


def heads_from_1(instance):
    return {**right(instance), "head": f"L0.H{number(instance) + 1}"}


def layers_from_1(instance):
    return {**right(instance), "head": f"L1.H{number(instance)}"}


def percent(instance):
    return {**right(instance), "share": 100 * right(instance)["share"]}


def number_of_questions(instance):
    return {**right(instance), "share": 240 * right(instance)["share"]}


def all_shares(instance):
    return {**right(instance), "share": moved(instance)}


def bare_number(instance):
    return {**right(instance), "head": number(instance)}


def bare_numbers(instance):
    return {**right(instance), "head": f"0.{number(instance)}"}


def head_alone(instance):
    return right(instance)["head"]


WRONG = {
    other_head_at_the_city: "city's position",
    answers_that_stay: "answers that stay",
    head_where_most_stay: "",
    second_layer: "later layer",
    third_layer: "later layer",
    mean_over_heads: "mean over all four heads",
    attention_to_the_city: "attention is told",
    silenced: "silenced",
    another_run: "another training run",
    heads_from_1: "heads are counted from 1",
    layers_from_1: "layers are counted from 1",
    percent: "in percent",
    number_of_questions: "a count",
    at_the_city: "city's position",
    all_shares: "several heads",
    bare_number: "bare number",
    bare_numbers: "bare number",
    head_alone: "",
}


def by_z(instance):
    return right(instance)


@torch.no_grad()
def by_what_the_head_adds(instance):
    """The difference of z times W_O, added to what attention writes."""
    asked, model = country_questions(instance), network(instance % 4)
    z = "blocks.0.attn.hook_z"
    _, clean = model.run_with_cache(asked.tokens)
    _, other = model.run_with_cache(asked.other_tokens)
    shares = []
    for head in range(4):
        change = (other[z] - clean[z])[:, -1, head] @ model.W_O[0, head]

        def add(x, hook, change=change):
            return torch.cat([x[:, :-1], x[:, -1:] + change[:, None]], dim=1)

        logits = model.run_with_hooks(asked.tokens, fwd_hooks=[("blocks.0.hook_attn_out", add)])
        shares.append((logits[:, -1].argmax(-1) == asked.other_answers).numpy().mean())
    return {"head": (0, int(np.argmax(shares))), "share": np.max(shares)}


def at_all_positions_in_small_letters(instance):
    found = best(moved(instance, where=tuple(range(9))))
    return {"head": found["head"].lower(), "share": torch.tensor(found["share"])}


RIGHT = [by_z, by_what_the_head_adds, at_all_positions_in_small_letters]
