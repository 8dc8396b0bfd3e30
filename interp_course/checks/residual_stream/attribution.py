"""Direct logit attribution."""

from typing import Any

import torch
from torch import Tensor

from interp_course import runtime
from interp_course.checking import Case, Check


def _cases(seed: int) -> list[Case]:
    """In the first case W_U is square (so its rows can be taken for columns), eps is not small."""
    cases = []
    shapes = ((4, 3, 8, 8, 0.3), (6, 2, 7, 13, 1e-5), (3, 5, 10, 12, 0.02))
    for number, (components, batch, d_model, d_vocab, eps) in enumerate(shapes):
        rng = runtime.generator("check attribution", seed + 1000 * number)
        size = 0.5 + torch.rand(components, batch, 1, generator=rng)
        parts = size * (torch.randn(components, batch, d_model, generator=rng) + 0.7)
        W_U = torch.randn(d_model, d_vocab, generator=rng)
        right = torch.randint(d_vocab, (batch,), generator=rng)
        shift = torch.randint(1, d_vocab, (batch,), generator=rng)
        wrong = (right + shift) % d_vocab
        if number == 2:
            parts, W_U = parts.double(), W_U.double()
        kind = "float64, " if number == 2 else ""
        text = f"{kind}{components} components, batch {batch}, eps {eps}"
        cases.append(Case(text, (parts, W_U, right, wrong, eps)))
    return cases


def _oracle(parts: Tensor, W_U: Tensor, right: Tensor, wrong: Tensor, eps: float) -> Tensor:
    """One example at a time, and in it one part at a time."""
    components, batch, d_model = parts.shape
    result = torch.zeros(components, batch, dtype=parts.dtype)
    for b in range(batch):
        stream = torch.zeros(d_model, dtype=parts.dtype)
        for c in range(components):
            stream += parts[c, b]
        mean = stream.sum() / d_model
        scale = (((stream - mean) ** 2).sum() / d_model + eps) ** 0.5
        direction = W_U[:, right[b]] - W_U[:, wrong[b]]
        for c in range(components):
            part = parts[c, b]
            result[c, b] = ((part - part.sum() / d_model) / scale * direction).sum()
    return result


def _scale(parts: Tensor, eps: float, kind: str) -> Tensor:
    """Something like the scale of the summed stream; keeps a last axis of length 1."""
    stream = parts.sum(0)
    variance = stream.var(-1, keepdim=True, unbiased=False)
    each = parts.var(-1, keepdim=True, unbiased=False)
    kinds = {
        "right": lambda: (variance + eps).sqrt(),
        "none": lambda: torch.ones(()),
        "each": lambda: (each + eps).sqrt(),
        "mean of each": lambda: (each + eps).sqrt().mean(0),
        "sum of each": lambda: (each.sum(0) + eps).sqrt(),
        "sum of scales": lambda: (each + eps).sqrt().sum(0),
        "mean part": lambda: (parts.mean(0).var(-1, keepdim=True, unbiased=False) + eps).sqrt(),
        "last": lambda: (each[-1] + eps).sqrt(),
        "sample": lambda: (stream.var(-1, keepdim=True) + eps).sqrt(),
        "sample no eps": lambda: stream.std(-1, keepdim=True),
        "sample outside": lambda: stream.std(-1, keepdim=True) + eps,
        "outside": lambda: variance.sqrt() + eps,
        "no eps": lambda: variance.sqrt(),
        "variance": lambda: variance + eps,
        "raw": lambda: (stream.square().mean(-1, keepdim=True) + eps).sqrt(),
        "length": lambda: stream.norm(dim=-1, keepdim=True),
        "whole batch": lambda: (stream.var(unbiased=False) + eps).sqrt(),
        "batch mean": lambda: (variance + eps).sqrt().mean(),
        "over batch": lambda: (stream.var(0, unbiased=False) + eps).sqrt(),
    }
    return kinds[kind]()


def _dla(
    parts: Tensor,
    W_U: Tensor,
    right: Tensor,
    wrong: Tensor,
    eps: float,
    *,
    scale: str = "right",
    centre: str = "own",
    direction: str = "both",
) -> Tensor:
    """The attribution with one thing changed."""
    means = {
        "own": lambda: parts.mean(-1, keepdim=True),
        "none": lambda: torch.zeros(()),
        "stream": lambda: parts.sum(0).mean(-1, keepdim=True),
        "components": lambda: parts.mean(0),
        "batch": lambda: parts.mean(1, keepdim=True),
        "all": lambda: parts.mean(),
    }
    directions = {
        "both": lambda: (W_U[:, right] - W_U[:, wrong]).T,
        "turned": lambda: (W_U[:, wrong] - W_U[:, right]).T,
        "right": lambda: W_U[:, right].T,
        "wrong": lambda: W_U[:, wrong].T,
        "sum": lambda: (W_U[:, right] + W_U[:, wrong]).T,
        "rows": lambda: W_U[right] - W_U[wrong],
        "numbers": lambda: W_U[:, right - wrong].T,
        "first": lambda: W_U[:, right[0]] - W_U[:, wrong[0]],
        "unit": lambda: torch.nn.functional.normalize((W_U[:, right] - W_U[:, wrong]).T, dim=-1),
    }
    centred = parts - means[centre]()
    return (centred / _scale(parts, eps, scale) * directions[direction]()).sum(-1)


def _changed(**options: str) -> Any:
    return lambda *args: _dla(*args, **options)


direct_logit_attribution = Check(
    name="direct_logit_attribution",
    oracle=_oracle,
    cases=_cases,
    rtol=1e-3,
    atol=1e-4,
    reread="(part - its own mean) / sqrt(var(sum of all parts) + eps), times W_U[:, right] - "
    "W_U[:, wrong]: one scale for each example, the same for all its parts",
    mistakes={
        "each part is divided by its own scale: then they no longer add up": (
            _changed(scale="each"),
            _changed(scale="each", centre="none"),
        ),
        "the parts' scales are averaged or added: the scale is that of the summed stream": (
            _changed(scale="mean of each"),
            _changed(scale="sum of scales"),
        ),
        "the variances of the parts are added: they are not independent of each other": _changed(
            scale="sum of each"
        ),
        "the scale is that of the mean of the parts, not of their sum": _changed(scale="mean part"),
        "the scale is that of the last part, not of the sum of all": _changed(scale="last"),
        "nothing is divided by the scale": (
            _changed(scale="none"),
            _changed(scale="none", centre="none"),
        ),
        "the parts are not centred: LayerNorm subtracts the mean": (
            _changed(centre="none"),
            _changed(centre="none", scale="raw"),
        ),
        "the mean of the whole stream is subtracted from every part": _changed(centre="stream"),
        "the mean over the parts is subtracted: it is the mean over d_model": _changed(
            centre="components"
        ),
        "the mean over the batch is subtracted: it is the mean over d_model": _changed(
            centre="batch"
        ),
        "one mean over everything is subtracted: each part has its own": _changed(centre="all"),
        "the sign is turned: wrong minus right": _changed(direction="turned"),
        "only the logit of the right answer is looked at": _changed(direction="right"),
        "only the logit of the wrong answer is looked at": _changed(direction="wrong"),
        "right and wrong are added instead of subtracted": _changed(direction="sum"),
        "rows of W_U are taken: tokens are its columns": _changed(direction="rows"),
        "the token numbers are subtracted instead of the columns of W_U": _changed(
            direction="numbers"
        ),
        "the answers of the first example are used for all": _changed(direction="first"),
        "the direction is cut to unit length": _changed(direction="unit"),
        "the variance is that of a sample, divided by d_model - 1": (
            _changed(scale="sample"),
            _changed(scale="sample no eps"),
            _changed(scale="sample outside"),
        ),
        "it is divided by the variance instead of its square root": _changed(scale="variance"),
        "the mean of the stream is still in the scale: it is the variance, not the mean square": (
            _changed(scale="raw")
        ),
        "it is divided by the length of the stream instead of its standard deviation": (
            _changed(scale="length"),
            _changed(scale="length", centre="none"),
        ),
        "one scale is used for the whole batch: each example has its own": (
            _changed(scale="whole batch"),
            _changed(scale="batch mean"),
        ),
        "the variance runs over the batch instead of d_model": _changed(scale="over batch"),
        "eps is added to the standard deviation: it belongs under the root": _changed(
            scale="outside"
        ),
        "eps is left out": _changed(scale="no eps"),
        "the parts are added up: one number for each part is asked for": lambda *a: _dla(*a).sum(0),
        "the batch is averaged over: that comes later": lambda *a: _dla(*a).mean(1),
        "the batch comes before the parts in what is returned": lambda *a: _dla(*a).T,
    },
)
