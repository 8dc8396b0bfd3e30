"""Answers to "which edges are needed" as students find them."""

import functools

import torch

from interp_course import circuits
from interp_course.checks.circuits import puzzle

EXERCISE = "edges"
N = 12


def hooks_of(edge):
    """The hooks that read what the source writes, and what the target reads."""
    source, target = edge.source, edge.target
    reads = {"head": f"blocks.{target.layer}.attn.hook_{edge.slot}"}
    reads |= {"mlp": f"blocks.{target.layer}.mlp.hook_pre", "logits": "unembed.hook_out"}
    writes = {"embed": "hook_embed", "positions": "hook_pos_embed"}
    writes |= {"head": f"blocks.{source.layer}.attn.hook_z"}
    writes |= {"mlp": f"blocks.{source.layer}.hook_mlp_out"}
    return writes[source.kind], reads[target.kind]


def written(model, cache, edge):
    found = cache[hooks_of(edge)[0]]
    if edge.source.kind == "head":
        layer, head = edge.source.layer, edge.source.head
        return found[:, :, head] @ model.W_O[layer, head]
    return found


def changed(model, tokens, edge, change):
    """Probabilities of the next word when the target reads that much more of the source."""
    target = edge.target
    if target.kind == "logits":
        return (model(tokens) + change @ model.W_U)[:, -1].softmax(dim=-1)
    name = hooks_of(edge)[1]
    if target.kind == "mlp":
        return read(model, tokens, name, change @ model.W_in[target.layer])
    weight = getattr(model, f"W_{edge.slot.upper()}")[target.layer, target.head]
    only = torch.arange(model.cfg.n_heads)[:, None] == target.head
    return read(model, tokens, name, (change @ weight)[:, :, None] * only)


def read(model, tokens, name, change):
    logits = model.run_with_hooks(tokens, fwd_hooks=[(name, lambda x, hook: x + change)])
    return logits[:, -1].softmax(dim=-1)


@functools.cache
@torch.no_grad()
def needed(instance, by="mean"):
    """The edges each of which, replaced alone, changes the prediction."""
    given = puzzle(instance)
    model = given.model
    prompts = given.task.sample(N, instance, None if by in ("mean", "zero") else by)
    before = model(prompts.tokens)[:, -1].softmax(dim=-1)
    _, clean = model.run_with_cache(prompts.tokens)
    _, other = model.run_with_cache(prompts.corrupted)
    found = set()
    for edge in circuits.edges(model):
        here = written(model, clean, edge)
        there = {"mean": here.mean(dim=0, keepdim=True), "zero": 0 * here}
        replaced = there[by] if by in there else written(model, other, edge)
        after = changed(model, prompts.tokens, edge, replaced - here)
        if (after - before).abs().max() > 0.1:
            found.add(str(edge))
    return frozenset(found)


def every(instance):
    return {str(edge) for edge in circuits.edges(puzzle(instance).model)}


def ends(name):
    return [end.strip() for end in name.split("->")]


def parts_of(instance):
    edges = [circuits.edge(name) for name in needed(instance)]
    return {str(part) for edge in edges for part in (edge.source, edge.target)}


@functools.cache
@torch.no_grad()
def mimic(instance):
    """The head that the keys single out, and the one with its pattern."""
    real = next(ends(n)[1][:-2] for n in needed(instance) if n.startswith("L0.MLP") and ".k" in n)
    given = puzzle(instance)
    _, cache = given.model.run_with_cache(given.task.sample(N).tokens)
    pattern = cache["blocks.1.attn.hook_pattern"]
    apart = [(pattern[:, h] - pattern[:, int(real[-1])]).abs().max().item() for h in range(4)]
    return real, f"L1.H{next(h for h in range(4) if apart[h] < 0.01 and h != int(real[-1]))}"


def ablated_by_another_city(instance):
    return needed(instance, "city")


def ablated_by_another_relation(instance):
    return set(needed(instance, "relation"))


def both_counterparts(instance):
    return needed(instance, "city") | needed(instance, "relation")


def into_the_logits(instance):
    return {name for name in every(instance) if name.endswith("logits")}


def last_step_alone(instance):
    return [name for name in needed(instance) if name.endswith("logits")]


def all_edges(instance):
    return every(instance)


def parts(instance):
    return parts_of(instance)


def heads_of_the_circuit(instance):
    return sorted(part for part in parts_of(instance) if "H" in part)


def reversed_arrows(instance):
    return {" -> ".join(reversed(ends(name))) for name in needed(instance)}


def queries(instance):
    return {name.replace(".k", ".q") for name in needed(instance)}


def no_inputs(instance):
    return {name.removesuffix(".k").removesuffix(".v") for name in needed(instance)}


def inputs_of_everything(instance):
    return {name if name[-2] == "." else f"{name}.v" for name in needed(instance)}


def edges_of_the_mimic(instance):
    real, looks = mimic(instance)
    return {name.replace(real, looks) for name in needed(instance)}


def edges_of_both(instance):
    looks = mimic(instance)[1]
    return {*needed(instance), *edges_of_the_mimic(instance), f"{looks} -> logits"}


def every_edge_between_the_parts(instance):
    inside = parts_of(instance)
    return {n for n in every(instance) if {str(p) for p in both(n)} <= inside}


def both(name):
    edge = circuits.edge(name)
    return edge.source, edge.target


def every_input_of_the_pairs(instance):
    pairs = {both(name) for name in needed(instance)}
    return {n for n in every(instance) if both(n) in pairs}


def without_embeddings(instance):
    return {name for name in needed(instance) if not name.startswith("embed")}


def nothing(instance):
    return set()


def one_edge(instance):
    return min(needed(instance))


def threshold_too_small(instance):
    idle = sorted(every(instance) - needed(instance))
    looks = mimic(instance)[1]
    return [*needed(instance), *[n for n in idle if n.startswith("pos") and looks not in n][:5]]


def threshold_too_large(instance):
    keys = sorted(name for name in needed(instance) if ".k" in name)
    values = sorted(name for name in needed(instance) if ".v" in name)
    return needed(instance) - {keys[0], values[0]}


WRONG = {
    ablated_by_another_city: "counterparts in which they carry the same",
    ablated_by_another_relation: "counterparts in which they carry the same",
    both_counterparts: "counterparts in which they carry the same",
    into_the_logits: "only edges into the logits",
    last_step_alone: "only edges into the logits",
    all_edges: "nothing is cut",
    parts: "parts are named",
    heads_of_the_circuit: "parts are named",
    reversed_arrows: "direction is reversed",
    queries: "queries are taken for keys",
    no_inputs: "an input is left out",
    inputs_of_everything: "an input is named where there is only one",
    edges_of_the_mimic: "an attention pattern is believed",
    edges_of_both: "an attention pattern is believed",
    every_edge_between_the_parts: "every edge between the parts",
    every_input_of_the_pairs: "every edge between the parts",
    without_embeddings: "edges from the embeddings",
    nothing: "every edge is cut",
    one_edge: "a single edge",
    threshold_too_small: "threshold is too small",
    threshold_too_large: "threshold is too large",
}


def by_means(instance):
    return needed(instance)


def by_zeros_as_a_circuit(instance):
    return circuits.Circuit.of(needed(instance, "zero"))


def by_means_in_small_letters(instance):
    return [name.lower() for name in needed(instance)]


def one_too_many(instance):
    return [*needed(instance), min(every(instance) - needed(instance))]


def one_missing(instance):
    return needed(instance) - {min(needed(instance))}


RIGHT = [by_means, by_zeros_as_a_circuit, by_means_in_small_letters, one_too_many, one_missing]
