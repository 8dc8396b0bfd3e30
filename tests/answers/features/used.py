"""Answers to "is what can be decoded also used?"."""

import functools

import torch

from interp_course import models, world

EXERCISE = "used"
PLACES = {
    "number after layer 1": ("number", 1),
    "number after layer 2": ("number", 2),
    "attractor after layer 1": ("attractor", 1),
    "sentiment after layer 1": ("sentiment", 1),
    "negation after layer 2": ("negation", 2),
    "harmful after layer 1": ("harmful", 1),
}
TASK = {"attractor": "number", "negation": "sentiment"}


@functools.cache
def network(run):
    return models.load("world", seed=run)


@functools.cache
def streams(run, variable, seed):
    pairs = world.pairs(variable, 200 if seed == 1 else 50, seed=seed)
    tokens = torch.cat([pairs.tokens, pairs.other_tokens])
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(3)]
    with torch.no_grad():
        _, cache = network(run).run_with_cache(tokens, names_filter=names)
    sides = pairs.clean + pairs.other
    first = torch.tensor([side.value == world.VARIABLES[variable][0] for side in sides])
    return [cache[name][:, -1] for name in names], first


def classes(run, variable, layer, seed=1):
    """Streams at the last position of the prompts with either value."""
    last, first = streams(run, variable, seed)
    return last[layer][first], last[layer][~first]


@functools.cache
def questions(run, task, n):
    """Tokens, and 0 for the right (wrong) words and -inf for all others."""
    pairs = world.pairs(task, n, seed=5)
    tokens = torch.cat([pairs.tokens, pairs.other_tokens])
    tokenizer = network(run).tokenizer
    marks = torch.full((2, 2 * n, network(run).cfg.d_vocab), -torch.inf)
    for i, (one, other) in enumerate(zip(pairs.clean, pairs.other, strict=True)):
        one, other = (tokenizer.convert_tokens_to_ids(list(s.right)) for s in (one, other))
        marks[0, i, one] = marks[1, n + i, one] = 0
        marks[1, i, other] = marks[0, n + i, other] = 0
    return tokens, marks[0], marks[1]


def log_odds(run, task, n, *hooks):
    tokens, right, wrong = questions(run, task, n)
    with torch.no_grad():
        logits = network(run).run_with_hooks(tokens, fwd_hooks=list(hooks))[:, -1]
    return ((logits + right).logsumexp(-1) - (logits + wrong).logsumexp(-1)).mean().item()


@functools.cache
def without(run, task, n):
    return log_odds(run, task, n)


@functools.cache
def loss(run, variable, layer, *, everywhere=False, seed=1, projector=False, n=150):
    a, b = classes(run, variable, layer, seed)
    middle = (a.mean(0) + b.mean(0)) / 2
    direction = a.mean(0) - b.mean(0)
    direction = direction / direction.norm()

    def ablate(resid, hook):
        resid = resid.clone()
        at = slice(None) if everywhere else slice(-1, None)
        gap = middle - resid[:, at]
        if projector:
            resid[:, at] += gap @ torch.outer(direction, direction)
        else:
            resid[:, at] += (gap @ direction)[..., None] * direction
        return resid

    task = TASK.get(variable, variable)
    before = without(run, task, n)
    after = log_odds(run, task, n, (f"blocks.{layer}.hook_resid_post", ablate))
    return (before - after) / before


def verdicts(instance, bar=0.07, run=None, early=0, **options):
    run = instance % 4 if run is None else run
    losses = {k: loss(run, v, layer - early, **options) for k, (v, layer) in PLACES.items()}
    return {key: "used" if value > bar else "idle" for key, value in losses.items()}


def all_of_them(instance):
    return dict.fromkeys(PLACES, "used")


def none_of_them(instance):
    return dict.fromkeys(PLACES, "idle")


def whatever_a_probe_finds(instance):
    """A least-squares probe, fitted and tested on different pairs."""
    answer = {}
    for key, (variable, layer) in PLACES.items():
        a, b = classes(instance % 4, variable, layer)
        x = torch.cat([a, b]).double()
        y = torch.cat([torch.ones(len(a)), -torch.ones(len(b))]).double()
        x = torch.cat([x, torch.ones(len(x), 1)], 1)
        w = torch.linalg.solve(x.T @ x + 1e-3 * torch.eye(97), x.T @ y)
        a, b = classes(instance % 4, variable, layer, seed=2)
        right = [(a.double() @ w[:-1] + w[-1] > 0), (b.double() @ w[:-1] + w[-1] < 0)]
        answer[key] = "used" if torch.cat(right).double().mean() > 0.95 else "idle"
    return answer


def accuracy_along_the_difference(instance):
    answer = {}
    for key, (variable, layer) in PLACES.items():
        a, b = classes(instance % 4, variable, layer)
        direction, middle = a.mean(0) - b.mean(0), (a.mean(0) + b.mean(0)) / 2
        right = torch.cat([(a - middle) @ direction > 0, (b - middle) @ direction < 0])
        answer[key] = "used" if right.double().mean() > 0.9 else "idle"
    return answer


def any_change_counts(instance):
    run = instance % 4
    losses = {key: loss(run, *at) for key, at in PLACES.items()}
    return {key: "used" if abs(value) > 0.001 else "idle" for key, value in losses.items()}


def with_minus_without(instance):
    run = instance % 4
    return {key: "used" if -loss(run, *at) > 0.1 else "idle" for key, at in PLACES.items()}


def lower_is_used(instance):
    run = instance % 4
    return {key: "used" if loss(run, *at) < 0.1 else "idle" for key, at in PLACES.items()}


def another_run(instance):
    return verdicts(instance, run=(instance + 2) % 4)


def stream_before_the_layer(instance):
    return verdicts(instance, early=1)


def ablated_everywhere(instance):
    return verdicts(instance, everywhere=True, bar=0.04)


def late_is_used(instance):
    return {key: "used" if layer == 2 else "idle" for key, (_, layer) in PLACES.items()}


def truth_values(instance):
    return {key: value == "used" for key, value in verdicts(instance).items()}


def the_losses(instance):
    return {key: loss(instance % 4, *at) for key, at in PLACES.items()}


def another_word(instance):
    return {key: value.replace("idle", "unused") for key, value in verdicts(instance).items()}


def a_list(instance):
    return list(verdicts(instance).values())


WRONG = {
    all_of_them: "decoded",
    none_of_them: "nothing is called used",
    whatever_a_probe_finds: "decoded",
    accuracy_along_the_difference: "decoded",
    any_change_counts: "decoded",
    with_minus_without: "nothing is called used",
    lower_is_used: "turned round",
    another_run: "another training run",
    stream_before_the_layer: "one layer too early",
    ablated_everywhere: "all positions",
    late_is_used: "depth",
    truth_values: "truth value",
    the_losses: "number",
    another_word: "",
    a_list: "",
}


def ablated_at_the_last_position(instance):
    return verdicts(instance)


def with_a_projector_and_a_strict_bar(instance):
    return verdicts(instance, projector=True, bar=0.1, n=50)


def with_other_pairs(instance):
    return verdicts(instance, seed=3, bar=0.05, n=50)


def in_capitals(instance):
    return {key: value.upper() for key, value in reversed(verdicts(instance).items())}


RIGHT = [
    ablated_at_the_last_position,
    with_a_projector_and_a_strict_bar,
    with_other_pairs,
    in_capitals,
]
