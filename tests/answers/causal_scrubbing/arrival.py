"""Answers to "when, and through which head, does the number arrive?"."""

import functools

import torch

from interp_course import models
from interp_course.checks.causal_scrubbing import agreement
from interp_course.circuits import LOGITS, head, mlp
from interp_course.scrubbing import ANY, SAME, Edge, Node, Scrubber, Stream

EXERCISE = "arrival"
HEADS = [(layer, h) for layer in range(3) for h in range(4)]


@functools.cache
def network(run):
    return models.load("world", seed=run)


@functools.cache
def scrubber(instance, run):
    asked = agreement(instance)
    return Scrubber(network(run), asked.tokens, asked.labels)


def read(nodes, slots):
    return [Edge(slots, node, -1) for node in nodes]


def only(site, feature, bottom):
    """Above the site the last position reads the site and what was computed from it."""
    nodes = [Node(site, feature)]
    for layer in range(bottom, 3):
        if isinstance(site, Stream) or layer > bottom:
            nodes += [Node(head(layer, h), SAME, read(nodes, "qkv")) for h in range(4)]
        nodes += [Node(mlp(layer), SAME, read(nodes, "in"))]
    return Node(LOGITS, SAME, read(nodes, "in"))


def share(instance, claim, run, seed=0, n=1000, **options):
    asked = agreement(instance)
    report = scrubber(instance, run).test(claim, n, seed=seed, **options)
    return asked.kept(report.logits, report.plan.references).double().mean().item()


@functools.cache
def of_stream(instance, layer, run, seed=0):
    return share(instance, only(Stream(layer), agreement(instance).number, layer), run, seed)


@functools.cache
def of_head(instance, place, run, seed=0, n=1000):
    claim = only(head(*place), agreement(instance).number, place[0])
    return share(instance, claim, run, seed, n)


def name(place):
    return f"L{place[0]}.H{place[1]}"


@functools.cache
def found(instance, run=None, seed=0):
    run = instance % 4 if run is None else run
    layer = next(at for at in (1, 2, 3) if of_stream(instance, at, run, seed=seed) >= 0.95)
    best = max(HEADS, key=lambda place: of_head(instance, place, run))
    return layer, best, of_head(instance, best, run, seed)


def answer(layer, best, kept):
    return {"layer": layer, "head": name(best), "kept": kept}


def by_scrubbing(instance):
    return answer(*found(instance))


def with_other_samples(instance):
    layer, best, _ = found(instance, seed=3)
    kept = of_head(instance, best, instance % 4, seed=3, n=2000)
    return {"kept": torch.tensor(kept), "head": head(*best), "layer": torch.tensor(layer)}


@functools.cache
@torch.no_grad()
def by_exchange(instance):
    """Without a hypothesis: streams and heads of one sentence are put into another one."""
    asked, model = agreement(instance), network(instance % 4)
    n = len(asked.tokens) // 2
    rows, random = torch.arange(2 * n), torch.randperm(2 * n)
    _, cache = model.run_with_cache(asked.tokens)
    shares = []
    for layer in range(4):
        key = f"blocks.{layer}.hook_resid_pre" if layer < 3 else "blocks.2.hook_resid_post"

        def put(x, hook, key=key):
            return torch.cat([x[:, :-1], cache[key][:, -1:]], dim=1)

        out = model.run_with_hooks(asked.tokens[random], fwd_hooks=[(key, put)])[:, -1]
        shares.append(asked.kept(out, rows).double().mean().item())
    turned = []
    for layer, h in HEADS:

        def put(z, hook, h=h):
            z = z.clone()
            z[:, -1, h] = z[:, -1, h].roll(n, dims=0)
            return z

        key = f"blocks.{layer}.attn.hook_z"
        out = model.run_with_hooks(asked.tokens, fwd_hooks=[(key, put)])[:, -1]
        turned.append(1 - asked.kept(out, rows).double().mean().item())
    best = HEADS[turned.index(max(turned))]
    layer = next(at for at in range(4) if shares[at] >= 0.95)
    return answer(layer, best, of_head(instance, best, instance % 4, seed=5))


def head_as_a_pair(instance):
    return {**by_scrubbing(instance), "head": found(instance)[1]}


RIGHT = [by_scrubbing, with_other_samples, by_exchange, head_as_a_pair]


def layer_that_brings_it(instance):
    return {**by_scrubbing(instance), "layer": found(instance)[0] - 1}


def rest_left_in_place(instance):
    number, run = agreement(instance).number, instance % 4
    claims = [Node(LOGITS, SAME, read([Node(Stream(at), number)], "in")) for at in range(4)]
    shares = [share(instance, claim, run, unimportant="exact") for claim in claims]
    layer = next(at for at in range(4) if shares[at] >= 0.95)
    return {**by_scrubbing(instance), "layer": layer}


def all_from_one(instance):
    layer, (of, h), kept = found(instance)
    return answer(layer + 1, (of + 1, h + 1), kept)


def layer_from_one(instance):
    return {**by_scrubbing(instance), "layer": found(instance)[0] + 1}


def head_from_one(instance):
    layer, (of, h), kept = found(instance)
    return answer(layer, (of + 1, h), kept)


@torch.no_grad()
def head_at_the_noun(instance):
    asked, model = agreement(instance), network(instance % 4)
    n, lost = len(asked.tokens) // 2, {}
    for layer, h in HEADS:

        def put(z, hook, h=h):
            z = z.clone()
            z[:, 2, h] = z[:, 2, h].roll(n, dims=0)
            return z

        out = model.run_with_hooks(asked.tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", put)])[
            :, -1
        ]
        lost[layer, h] = 1 - asked.kept(out, torch.arange(2 * n)).double().mean().item()
    best = max(lost, key=lost.get)
    return answer(found(instance)[0], best, of_head(instance, best, instance % 4))


def no_share_changes(instance):
    """Heads exchanged among sentences of one number: nothing happens, the first head wins."""
    run, number = instance % 4, agreement(instance).number
    shares = [
        share(instance, only(head(*p), number, p[0]), run, n=200, unimportant="exact")
        for p in HEADS
    ]
    return answer(found(instance)[0], HEADS[shares.index(max(shares))], max(shares))


def another_run(instance):
    return answer(*found(instance, run=(instance + 1) % 4))


def direct_way(instance):
    layer, best, _ = found(instance)
    claim = Node(LOGITS, SAME, read([Node(head(*best), agreement(instance).number)], "in"))
    return answer(layer, best, share(instance, claim, instance % 4))


def control(instance):
    layer, best, _ = found(instance)
    return answer(layer, best, share(instance, only(head(*best), ANY, best[0]), instance % 4))


def report_accuracy(instance):
    layer, best, _ = found(instance)
    claim = only(head(*best), agreement(instance).number, best[0])
    report = scrubber(instance, instance % 4).test(claim, 1000)
    return answer(layer, best, report.accuracy.mean)


def lost_verbs(instance):
    layer, best, kept = found(instance)
    return answer(layer, best, 1 - kept)


def percent(instance):
    return {**by_scrubbing(instance), "kept": 100 * found(instance)[2]}


def head_number_alone(instance):
    return {**by_scrubbing(instance), "head": found(instance)[1][1]}


def no_dict(instance):
    return list(by_scrubbing(instance).values())


WRONG = {
    layer_that_brings_it: "in which the number comes",
    rest_left_in_place: "stays in place",
    all_from_one: "layers and heads are counted from 1",
    layer_from_one: "counted from 1",
    head_from_one: "layer of the head",
    head_at_the_noun: "noun's position",
    no_share_changes: "changes nothing",
    another_run: "another training run",
    direct_way: "direct way",
    control: "either number",
    report_accuracy: "report's accuracy",
    lost_verbs: "lost",
    percent: "percent",
    head_number_alone: "bare numbers",
    no_dict: "",
}
