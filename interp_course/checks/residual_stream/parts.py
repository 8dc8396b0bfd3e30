"""The last residual stream as a sum with one term for each part."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from interp_course import models, runtime
from interp_course.checking import Case, Check


def _cases(seed: int) -> list[Case]:
    """Small random models in which no weight, bias or gain is 0 or 1."""
    shapes = ((2, 3, 10, 4, 13, 2, 5), (1, 2, 12, 5, 7, 3, 4), (3, 2, 8, 3, 11, 1, 6))
    cases = []
    for number, (layers, heads, d_model, d_head, d_mlp, batch, n) in enumerate(shapes):
        rng = runtime.generator("check parts", seed + 1000 * number)
        architecture = models.Architecture(layers, heads, d_model, d_head, 9, 8, d_mlp)
        module = models.build(architecture, seed)
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                gain = ".ln" in f".{name}" and name.endswith("weight")
                drawn = torch.randn(parameter.shape, generator=rng)
                parameter.copy_(1 + 0.4 * drawn if gain else 0.5 * drawn)
        tokens = torch.randint(9, (batch, n), generator=rng)
        text = f"{layers} layers, {heads} heads, batch {batch}, {n} positions"
        cases.append(Case(text, (models.wrap(module), tokens), check_edits=False))
    return cases


@dataclass
class _Layer:
    """What one layer does, in float64."""

    heads: list[Tensor]
    bias: Tensor
    middle: Tensor
    mlp: Tensor
    end: Tensor

    @property
    def attention(self) -> Tensor:
        return torch.stack(self.heads).sum(0) + self.bias


@dataclass
class _Run:
    """A forward pass in float64 from the weights alone, everything kept."""

    embed: Tensor
    position: Tensor
    layers: list[_Layer]
    final: Tensor


def _norm(x: Tensor, norm: Any, eps: float) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / (variance + eps) ** 0.5 * _wide(norm.weight) + _wide(norm.bias)


def _wide(weight: Tensor) -> Tensor:
    return weight.detach().double()


def _run(model: Any, tokens: Tensor) -> _Run:
    eps = model.cfg.eps
    embed = _wide(model.W_E)[tokens]
    position = _wide(model.W_pos)[: tokens.shape[1]].expand_as(embed)
    stream, layers = embed + position, []
    for layer in range(model.cfg.n_layers):
        block, bias = model.blocks[layer], _wide(model.b_O[layer]).expand_as(embed)
        x = _norm(stream, block.ln1, eps)
        heads = [_head(model, layer, head, x) for head in range(model.cfg.n_heads)]
        middle = stream + sum(heads) + bias
        x = _norm(middle, block.ln2, eps)
        hidden = x @ _wide(model.W_in[layer]) + _wide(model.b_in[layer])
        hidden = hidden * (1 + torch.erf(hidden / 2**0.5)) / 2  # the exact GELU
        mlp = hidden @ _wide(model.W_out[layer]) + _wide(model.b_out[layer])
        stream = middle + mlp
        layers.append(_Layer(heads, bias, middle, mlp, stream))
    return _Run(embed, position, layers, _norm(stream, model.ln_final, eps))


def _head(model: Any, layer: int, head: int, x: Tensor, *, output: int | None = None) -> Tensor:
    """What one head adds; ``output`` takes W_O from another layer."""
    q, k, v = (
        x @ _wide(W[layer, head]) + _wide(b[layer, head])
        for W, b in (
            (model.W_Q, model.b_Q),
            (model.W_K, model.b_K),
            (model.W_V, model.b_V),
        )
    )
    future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    scores = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(future, -torch.inf)
    z = scores.softmax(-1) @ v
    return z @ _wide(model.W_O[layer if output is None else output, head])


def _with_own_weights_of(model: Any, tokens: Tensor, output: int) -> Tensor:
    """The parts, with the W_O of one layer used in all of them."""
    run = _run(model, tokens)
    stream = run.embed + run.position
    for number, layer in enumerate(run.layers):
        x = _norm(stream, model.blocks[number].ln1, model.cfg.eps)
        count = range(len(layer.heads))
        changed = [_head(model, number, head, x, output=output) for head in count]
        stream, layer.heads = layer.end, changed
    return _stacked(run)


def _stacked(run: _Run, entries: str = "heads bias mlp", start: str = "embed position") -> Tensor:
    """Terms in an order given by names; each name may stand for several."""
    parts = [_first(run, name) for name in start.split()]
    for layer in run.layers:
        for name in entries.split():
            parts += _terms(layer, name)
    return torch.stack(parts)


def _first(run: _Run, name: str) -> Tensor:
    return run.embed + run.position if name == "both" else getattr(run, name)


def _terms(layer: _Layer, name: str) -> list[Tensor]:
    if name == "heads":
        return layer.heads
    if name == "backwards":
        return layer.heads[::-1]
    if name == "heads+bias":
        return [head + layer.bias for head in layer.heads]
    if name == "zeros":
        return [torch.zeros_like(layer.bias)]
    if name == "sum":
        return [layer.attention - layer.bias]
    return [getattr(layer, name)]


def _oracle(model: Any, tokens: Tensor) -> Tensor:
    return _stacked(_run(model, tokens))


def _grouped(model: Any, tokens: Tensor) -> Tensor:
    """All heads of all layers, then all biases, then all MLPs."""
    run = _run(model, tokens)
    parts = [run.embed, run.position]
    for name in ("heads", "bias", "mlp"):
        parts += [term for layer in run.layers for term in _terms(layer, name)]
    return torch.stack(parts)


def _and_norm(model: Any, tokens: Tensor) -> Tensor:
    return torch.cat([_oracle(model, tokens), _run(model, tokens).final[None]])


def _listed(entries: str = "heads bias mlp", start: str = "embed position") -> Any:
    return lambda model, tokens: _stacked(_run(model, tokens), entries, start)


residual_parts = Check(
    name="residual_parts",
    oracle=_oracle,
    cases=_cases,
    rtol=1e-3,
    atol=2e-4,
    reread="embed, position; then for each layer: every head's z @ W_O, b_O, the MLP's output; "
    "what a part *adds*, not the stream after it",
    mistakes={
        "the position embedding is left out": _listed(start="embed"),
        "the token embedding is left out": _listed(start="position"),
        "embedding and position are one term: they are asked for separately": _listed(start="both"),
        "the first term holds the position too, which is then counted twice": _listed(
            start="both position"
        ),
        "position comes before embedding": _listed(start="position embed"),
        "b_O is left out, so the sum is not the stream": _listed("heads mlp"),
        "b_O is added to every head, so it is counted once for each": (
            _listed("heads+bias mlp"),
            _listed("heads+bias bias mlp"),
        ),
        "b_O is a term of zeros": _listed("heads zeros mlp"),
        "the whole attention output stands beside its heads: it is counted twice": (
            _listed("heads attention mlp"),
            _listed("heads attention bias mlp"),
            _listed("heads bias attention mlp"),
        ),
        "the attention output is one term: each head is asked for separately": (
            _listed("attention mlp"),
            _listed("sum bias mlp"),
            _listed("attention bias mlp"),
        ),
        "the stream after the layer stands where the MLP's output belongs": (
            _listed("heads bias end")
        ),
        "the stream after attention stands where the MLP's output belongs": (
            _listed("heads bias middle")
        ),
        "the MLPs are left out": _listed("heads bias"),
        "the MLP comes before b_O": _listed("heads mlp bias"),
        "the MLP comes before the heads": (_listed("mlp heads bias"), _listed("mlp bias heads")),
        "b_O comes before the heads": _listed("bias heads mlp"),
        "the heads stand in reverse order": _listed("backwards bias mlp"),
        "terms are grouped by kind: all heads of all layers come before the biases": _grouped,
        "every layer uses W_O of layer 0": lambda m, t: _with_own_weights_of(m, t, 0),
        "every layer uses W_O of the last layer": lambda m, t: _with_own_weights_of(m, t, -1),
        "the terms are added up: each entry is the stream so far": lambda m, t: _oracle(
            m, t
        ).cumsum(0),
        "only the sum is returned: the terms are asked for": lambda m, t: _oracle(m, t).sum(0),
        "the normalised stream is appended: LayerNorm adds nothing to the stream": _and_norm,
        "the new axis is not the first": (
            lambda m, t: _oracle(m, t).movedim(0, 1),
            lambda m, t: _oracle(m, t).movedim(0, 2),
            lambda m, t: _oracle(m, t).movedim(0, 3),
        ),
        "the terms are joined along the batch instead of stacked": lambda m, t: _oracle(
            m, t
        ).flatten(0, 1),
    },
)
