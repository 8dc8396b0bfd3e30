"""What the check of exchanges allows is what leaves a network's answer as it is."""

import pytest
import torch
from compiled_cases import make

from interp_course.checks.causal_scrubbing import exchangeable
from interp_course.checks.causal_scrubbing.exchanges import SITES
from interp_course.checks.causal_scrubbing.sentence_pairs import PAIRS, pair

BUILT = make("induction", instance=5, rotate=True)
HEAD = BUILT.part("induction head")
NAMES = {"output": "z", "pattern": "pattern", "query": "q", "keys": "k", "values": "v"}
THE_FLAW = "another last token, the same match, another next token"


@torch.no_grad()
def answers(site: str, ours, theirs) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probabilities at the end of our sentence, untouched and with a site of theirs."""
    name = f"blocks.{HEAD.layer}.attn.hook_{NAMES[site]}"
    other = BUILT.model.run_with_cache(theirs[None])[1][name]
    where = slice(None) if site in ("keys", "values") else slice(-1, None)
    place = (0, HEAD.head, -1) if site == "pattern" else (0, where, HEAD.head)

    def swap(x, hook):
        new = x.clone()
        new[place] = other[place]
        return new

    exchanged = BUILT.model.run_with_hooks(ours[None], fwd_hooks=[(name, swap)])
    return tuple(x[0, -1].log_softmax(dim=-1) for x in (BUILT.model(ours[None]), exchanged))


def following(tokens) -> int:
    match = (tokens[:-1] == tokens[-1]).nonzero().item()
    return int(tokens[match + 1])


@pytest.mark.parametrize("kind", PAIRS)
def test_the_network_answers_with_the_token_that_followed(kind):
    for tokens in pair(kind, "network"):
        untouched, _ = answers("query", tokens, tokens)
        assert untouched.argmax() == following(tokens)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("kind", PAIRS)
def test_an_allowed_exchange_leaves_every_logit_as_it_is(site, kind):
    for key in ("a", "b", "c"):
        ours, theirs = pair(kind, key)
        if exchangeable.oracle(site, ours, theirs):
            torch.testing.assert_close(*answers(site, ours, theirs), atol=1e-4, rtol=0)


@pytest.mark.parametrize("key", ["a", "b", "c"])
def test_an_output_from_the_same_place_brings_another_word_along(key):
    ours, theirs = pair(THE_FLAW, key)
    _, exchanged = answers("output", ours, theirs)
    assert not exchangeable.oracle("output", ours, theirs)
    assert exchanged.argmax() == following(theirs) != following(ours)


@pytest.mark.parametrize("key", ["a", "b", "c"])
def test_a_pattern_from_the_same_place_keeps_the_word(key):
    ours, theirs = pair(THE_FLAW, key)
    _, exchanged = answers("pattern", ours, theirs)
    assert exchangeable.oracle("pattern", ours, theirs)
    assert exchanged.argmax() == following(ours)


def test_every_site_may_be_exchanged_sometimes_and_not_always():
    for site in SITES:
        verdicts = {exchangeable.oracle(*c.args) for c in exchangeable.cases(0) if site in c.args}
        assert verdicts == {True, False}
