"""What the unit on features says about the network ``world``, on every training run."""

import functools

import pytest
import torch

from interp_course import directions, hooks, models, probing, steering, world

RUNS = range(4)


@functools.cache
def load(run):
    return models.load("world", seed=run)


def contrast(variable, n, seed):
    """Prompts of both kinds, their last positions, and which kind each is."""
    pairs = world.pairs(variable, n, seed=seed)
    tokens = torch.cat([pairs.tokens, pairs.other_tokens])
    first = min(side.value for side in pairs.clean)
    labels = torch.tensor([side.value != first for side in (*pairs.clean, *pairs.other)])
    return tokens, torch.full((len(tokens),), tokens.shape[1] - 1), labels


def plural_log_odds(run, **change):
    """How much likelier right verbs are than wrong ones, with a direction taken out at the end."""
    pairs = world.pairs("number", 16, seed=5)
    tokens, sides = torch.cat([pairs.tokens, pairs.other_tokens]), (*pairs.clean, *pairs.other)
    right = torch.tensor([[load(run).to_single_token(w) for w in s.right] for s in sides])
    last = slice(tokens.shape[1] - 1, None)
    with torch.no_grad(), steering.direction_ablated(load(run), positions=last, **change):
        log_probs = load(run)(tokens)[:, -1].log_softmax(dim=-1)
    chosen, others = log_probs.gather(1, right), log_probs.gather(1, right.roll(16, 0))
    return (chosen.logsumexp(1) - others.logsumexp(1)).mean().item()


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("variable", ["language", "number", "sentiment", "harmful"])
def test_a_probe_reads_the_variable_on_new_prompts(run, variable):
    train, held_out = contrast(variable, 150, 1), contrast(variable, 150, 2)
    found = probing.accuracy_by_layer(load(run), *train, held_out=held_out)
    assert found.accuracy.max() >= 0.98
    assert found.accuracy[0] < 0.6  # the last word alone says nothing


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("variable", "matters"), [("number", True), ("attractor", False)])
def test_a_direction_that_can_be_read_is_used_or_idle(run, variable, matters):
    name = hooks.resid_post(2)
    tokens, ends, labels = contrast(variable, 150, 1)
    acts = probing.at_positions(load(run), tokens, ends, [name])[name]

    def lost(d):
        mean = directions.projection(acts, d).mean().item()
        return -plural_log_odds(run, direction=d, names=[name], coordinate=mean)

    found = steering.against_random(lost, directions.difference_of_means(acts, labels), n=30)
    assert (found.effect > found.percentile95 + 0.5) is matters
