"""Ablate one head on one path only."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from interp_course import models, runtime, sequences
from interp_course.checking import Case, Check


class _Weights(NamedTuple):
    """The weights of a two-layer attention-only model, as plain tensors."""

    E: Tensor
    pos: Tensor
    Q: Tensor
    K: Tensor
    V: Tensor
    O: Tensor  # noqa: E741
    U: Tensor


def _cases(seed: int) -> list[Case]:
    """Small random models with strong attention, so that each path matters; then a real one.

    The queries come first: a constant added to all *keys* moves all scores of a query alike,
    which the softmax ignores, so mean, zero and no replacement differ less there.
    """
    cases = []
    for number, projection in enumerate("qkv"):
        model = _random_model(seed + 1000 * number)
        rng = runtime.generator("check paths", seed + 1000 * number)
        tokens = sequences.repeated_random(5, 6, 12, rng)
        head = int(torch.randint(2, (), generator=rng))
        name = f"head (0, {head}) of a random model, projection {projection!r}"
        cases.append(Case(name, (model, tokens, head, projection), check_edits=False))
    model = models.load("induction", instance=seed)
    tokens = sequences.repeated_random(4, 20, 64, runtime.generator("check paths", seed))
    cases.append(Case("a trained model", (model, tokens, 2, "k"), check_edits=False))
    return cases


def _random_model(seed: int) -> Any:
    architecture = models.Architecture(2, 2, d_model=10, d_head=5, d_vocab=12, n_ctx=16)
    module = models.build(architecture, seed)
    rng = runtime.generator("check path weights", seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            scale = 0.0 if name.endswith("bias") else 0.7
            parameter.copy_(scale * torch.randn(parameter.shape, generator=rng))
    return models.wrap(module)


def _weights(model: Any) -> _Weights:
    return _Weights(
        *(
            w.detach().double()
            for w in (
                model.W_E,
                model.W_pos,
                model.W_Q,
                model.W_K,
                model.W_V,
                model.W_O,
                model.W_U,
            )
        )
    )


def _head(
    model: Any, w: _Weights, layer: int, head: int, q: Tensor, k: Tensor, v: Tensor
) -> Tensor:
    """Output of one head whose three inputs are given separately, ``[batch pos d_model]``."""
    block, n = model.blocks[layer].attn, q.shape[1]
    part = slice(head * w.Q.shape[-1], (head + 1) * w.Q.shape[-1])
    queries = q @ w.Q[layer, head] + block.q.bias.detach().double()[part]
    keys = k @ w.K[layer, head] + block.k.bias.detach().double()[part]
    values = v @ w.V[layer, head] + block.v.bias.detach().double()[part]
    scores = queries @ keys.mT / w.Q.shape[-1] ** 0.5
    scores = scores.masked_fill(torch.ones(n, n, dtype=torch.bool).triu(1), -torch.inf)
    return scores.softmax(-1) @ values @ w.O[layer, head]


def _loss(
    model: Any,
    tokens: Tensor,
    head: int,
    inputs: str,
    *,
    mode: str = "mean",
    elsewhere: bool = False,
    window: str = "second copy",
) -> Tensor:
    """Two layers by hand: the output of head (0, head) is replaced in some inputs of layer 1."""
    w, n = _weights(model), tokens.shape[1]
    stream = w.E[tokens] + w.pos[:n]
    heads = range(w.Q.shape[1])
    outputs = {h: _head(model, w, 0, h, stream, stream, stream) for h in heads}
    bias = [model.blocks[layer].attn.o.bias.detach().double() for layer in (0, 1)]
    real = stream + sum(outputs.values()) + bias[0]
    replacement = {
        "mean": outputs[head].mean(dim=(0, 1)),
        "zero": torch.zeros(()),
        "by position": outputs[head].mean(dim=0),
        "added": outputs[head] + outputs[head].mean(dim=(0, 1)),
        "all heads": outputs[head] - sum(o - o.mean(dim=(0, 1)) for o in outputs.values()),
    }[mode]
    changed = real - outputs[head] + replacement
    q, k, v = (changed if letter in inputs else real for letter in "qkv")
    final = changed if elsewhere else real
    final = final + sum(_head(model, w, 1, h, q, k, v) for h in heads) + bias[1]
    log_probs = (final @ w.U).log_softmax(-1)[:, :-1]
    losses = -log_probs.gather(-1, tokens[:, 1:, None])[..., 0]
    period = (n - 1) // 2
    windows = {
        "second copy": slice(period + 1, None),
        "all": slice(None),
        "first": slice(period, None),
        "positions": slice(period + 2, None),
    }
    return losses[:, windows[window]].mean()


def _oracle(model: Any, tokens: Tensor, head: int, projection: str) -> Tensor:
    return _loss(model, tokens, head, projection)


def _others(projection: str) -> str:
    return "".join(letter for letter in "qkv" if letter != projection)


loss_without_path = Check(
    name="loss_without_path",
    oracle=_oracle,
    cases=_cases,
    rtol=1e-3,
    atol=1e-4,
    reread="only hook_in of this projection in layer 1 changes: take away the head's output, put "
    "its mean over batch and positions there; loss over the second copy without its first token",
    mistakes={
        "the head is ablated in the residual stream, so q, k, v and the direct path all lose it": (
            lambda m, t, h, p: _loss(m, t, h, "qkv", elsewhere=True)
        ),
        "all three inputs of layer 1 are edited, not only this projection": lambda m, t, h, p: (
            _loss(m, t, h, "qkv")
        ),
        "the other two inputs are edited instead of this one": lambda m, t, h, p: _loss(
            m, t, h, _others(p)
        ),
        "the queries are edited whatever the projection is": lambda m, t, h, p: _loss(m, t, h, "q"),
        "the keys are edited whatever the projection is": lambda m, t, h, p: _loss(m, t, h, "k"),
        "nothing is edited: does your hook return the new tensor?": lambda m, t, h, p: _loss(
            m, t, h, ""
        ),
        "the output is taken away but its mean is not put back: that is zero ablation": (
            lambda m, t, h, p: _loss(m, t, h, p, mode="zero")
        ),
        "the mean is taken over the batch only, so it still knows the position": (
            lambda m, t, h, p: _loss(m, t, h, p, mode="by position")
        ),
        "the mean is added but the output itself is not taken away": lambda m, t, h, p: _loss(
            m, t, h, p, mode="added"
        ),
        "all heads of layer 0 are ablated instead of the one asked for": lambda m, t, h, p: _loss(
            m, t, h, p, mode="all heads"
        ),
        "the loss is averaged over all positions, also those of the first copy": (
            lambda m, t, h, p: _loss(m, t, h, p, window="all")
        ),
        "the first token of the second copy, which nothing can foresee, is counted": (
            lambda m, t, h, p: _loss(m, t, h, p, window="first")
        ),
        "the second and third token of the second copy are left out as well": lambda m, t, h, p: (
            _loss(m, t, h, p, window="positions")
        ),
        "the answer is the increase of the loss, not the loss": lambda m, t, h, p: (
            _loss(m, t, h, p) - _loss(m, t, h, "")
        ),
    },
)
