"""The auxiliary loss that revives dead latents, and what may learn from it.

Source: Gao et al. (2024), "Scaling and evaluating sparse autoencoders", section A.2.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize

from interp_course import runtime
from interp_course.checking import Case
from interp_course.checks.sparse_autoencoders.learning import NO_GRADIENT, LearningCheck

ERROR_LEARNS = "a gradient flows into the error: it is a target, which the dead latents must reach"
ENCODER_FIXED = "no gradient reaches the pre-activations: the encoder learns nothing"
DECODER_FIXED = "no gradient reaches W_dec: the decoder learns nothing"
NONE_DEAD = "the whole error is counted although no latent is dead: then the loss is 0"
TOO_FEW = (
    "more latents are asked for than are dead: if there are fewer than k_aux, all of them are used"
)


def _name_error(case: Case, error: str) -> str | None:
    """Of `torch.topk` with too large a k."""
    few = bool(case.args[2].sum() < case.args[4])
    return TOO_FEW if few and "out of range" in error else None


def _cases(seed: int) -> list[Case]:
    """In the first case W_dec is square, so its columns can be taken for rows.

    In its first row only one dead latent has a positive pre-activation, in its second more
    than k_aux have. Then all but one are dead, then fewer than k_aux, and in the end none.
    """
    cases = []
    shapes = ((4, 9, 9, 5, 3), (5, 6, 8, 7, 3), (6, 7, 8, 3, 5), (4, 5, 7, 0, 2))
    for number, (batch, d_in, d_sae, n_dead, k_aux) in enumerate(shapes):
        rng = runtime.generator("check auxk", seed + 1000 * number)
        lengths = 0.6 + 0.8 * torch.rand(d_sae, 1, generator=rng)
        W_dec = lengths * normalize(torch.randn(d_sae, d_in, generator=rng), dim=1)
        error = 0.9 * torch.randn(batch, d_in, generator=rng) + 0.2
        order = torch.randperm(d_sae, generator=rng)
        dead = torch.zeros(d_sae, dtype=torch.bool)
        dead[order[:n_dead]] = True
        pre_acts = 0.4 + torch.randn(batch, d_sae, generator=rng)
        size = 0.3 + pre_acts.abs()
        if n_dead:
            pre_acts[0, dead] = -size[0, dead]
            pre_acts[0, order[0]] = size[0, order[0]]
            pre_acts[1, dead] = size[1, dead]
        kind = ""
        if number == 1:
            error, pre_acts, W_dec = error.double(), pre_acts.double(), W_dec.double()
            kind = "float64, "
        text = f"{kind}{n_dead} of {d_sae} latents dead, k_aux {k_aux}"
        cases.append(Case(text, (error, pre_acts, dead, W_dec, k_aux)))
    return cases


def _oracle(error: Tensor, pre_acts: Tensor, dead: Tensor, W_dec: Tensor, k_aux: int) -> Tensor:
    """One activation after the other, and for each one dead latent after the other."""
    total = torch.zeros((), dtype=error.dtype)
    for row, target in zip(pre_acts, error.detach(), strict=True):
        candidates = [j for j in range(len(dead)) if dead[j]]
        if not candidates:
            continue
        candidates.sort(key=lambda j: row[j].item(), reverse=True)
        left = target
        for j in candidates[:k_aux]:
            if row[j] > 0:
                left = left - row[j] * W_dec[j]
        total = total + (left * left).sum()
    return total / len(error)


def _values(pre_acts: Tensor, which: Tensor, k: int) -> Tensor:
    """The k largest of these latents in each row, by their pre-activations; 0 elsewhere."""
    ranked = pre_acts.masked_fill(~which, -torch.inf)
    places = ranked.topk(min(k, int(which.sum())), dim=1).indices
    return torch.zeros_like(pre_acts).scatter(1, places, pre_acts.gather(1, places))


def _codes(p: Tensor, dead: Tensor, k: int) -> Tensor:
    return _values(p, dead, k).relu()


def _loss(error: Tensor, rebuilt: Tensor) -> Tensor:
    return (error.detach() - rebuilt).square().sum(dim=1).mean()


def _guarded(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The loss where something is dead, 0 elsewhere."""
    return lambda e, p, d, W, k: loss(e, p, d, W, k) if d.any() else 0.0 * p.sum()


def _coded(codes: Callable[[Tensor, Tensor, int], Tensor]) -> tuple[Callable[..., Tensor], ...]:
    """Other codes, with a loss of 0 where nothing is dead and without."""

    def loss(e: Tensor, p: Tensor, d: Tensor, W: Tensor, k: int) -> Tensor:
        return _loss(e, codes(p, d, k) @ W)

    return _guarded(loss), loss


def _from(
    loss: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Another function of the error and what is rebuilt of it, guarded or not."""

    def whole(e: Tensor, p: Tensor, d: Tensor, W: Tensor, k: int) -> Tensor:
        return loss(e.detach(), _codes(p, d, k) @ W)

    return _guarded(whole), whole


def _over_the_batch(p: Tensor, dead: Tensor, k: int) -> Tensor:
    """The k of a row, times the rows, wherever in the batch they are largest."""
    flat = p.masked_fill(~dead, -torch.inf).flatten()
    places = flat.topk(min(k, int(dead.sum())) * len(p)).indices
    return torch.zeros_like(flat).scatter(0, places, flat[places].relu()).view_as(p)


def _few_of_the_batch(p: Tensor, dead: Tensor, k: int) -> Tensor:
    flat = p.masked_fill(~dead, -torch.inf).flatten()
    places = flat.topk(min(k, int(dead.sum()))).indices
    return torch.zeros_like(flat).scatter(0, places, flat[places].relu()).view_as(p)


def _same_for_all(p: Tensor, dead: Tensor, k: int) -> Tensor:
    """The latents with the largest means."""
    chosen = _values(p.mean(dim=0, keepdim=True), dead, k) != 0
    return p.relu() * chosen


def _first(p: Tensor, dead: Tensor, k: int) -> Tensor:
    chosen = torch.zeros_like(dead)
    chosen[dead.nonzero()[:k, 0]] = True
    return p.relu() * chosen


def _by_size(p: Tensor, dead: Tensor, k: int) -> Tensor:
    return p * (_values(p.abs(), dead, k) != 0)


def _among_the_largest(p: Tensor, dead: Tensor, k: int) -> Tensor:
    """The largest of all, and of these the dead ones."""
    return _codes(p, torch.ones_like(dead), k) * dead


def _places_among_the_dead(e: Tensor, p: Tensor, dead: Tensor, W: Tensor, k: int) -> Tensor:
    codes = _codes(p[:, dead], torch.ones_like(dead[dead]), k)
    return _loss(e, codes @ W[: codes.shape[1]])


auxk = LearningCheck(
    name="auxk",
    oracle=_oracle,
    cases=_cases,
    fixed={0: ("the error", ERROR_LEARNS)},
    learning={1: ("the pre-activations", ENCODER_FIXED), 3: ("W_dec", DECODER_FIXED)},
    name_error=_name_error,
    reread="in each row the k_aux largest pre-activations of dead latents, cut at 0, times their "
    "rows of W_dec; the error minus that, squared, added up over d_in, averaged over the batch; "
    "the error itself is held fixed, and with no dead latent the loss is 0",
    mistakes={
        NONE_DEAD: _coded(_codes)[1],
        "the living latents rebuild the error: only the dead ones are to learn": _coded(
            lambda p, d, k: _codes(p, ~d, k)
        ),
        "the largest of all latents rebuild the error: only the dead ones are to learn": _coded(
            lambda p, d, k: _codes(p, torch.ones_like(d), k)
        ),
        "all latents rebuild the error: only the dead ones are to learn": _coded(
            lambda p, d, k: p.relu()
        ),
        "the largest of all latents are taken first, and then the dead ones among them": _coded(
            _among_the_largest
        ),
        "all dead latents are used: only k_aux in each row are": (
            *_coded(lambda p, d, k: p.relu() * d),
            *_coded(lambda p, d, k: p * d),
        ),
        "the largest pre-activations are taken from the whole batch: each row has its own": (
            *_coded(_over_the_batch),
            *_coded(_few_of_the_batch),
        ),
        "the same latents are used in all rows: each row has its own": (
            *_coded(_same_for_all),
            *_coded(_first),
        ),
        "the smallest pre-activations are taken instead of the largest": (
            *_coded(lambda p, d, k: -_values(-p, d, k)),
            *_coded(lambda p, d, k: (-_values(-p, d, k)).relu()),
        ),
        "they are ranked by their size, whatever their sign": (
            *_coded(_by_size),
            *_coded(lambda p, d, k: _by_size(p, d, k).relu()),
            *_coded(lambda p, d, k: _by_size(p, d, k).abs()),
        ),
        "negative pre-activations are used: latents are never below 0": (
            *_coded(_values),
            *_coded(lambda p, d, k: _values(p * d, torch.ones_like(d), min(k, int(d.sum())))),
        ),
        "places counted among the dead latents are used for the rows of all": (
            _guarded(_places_among_the_dead),
            _places_among_the_dead,
        ),
        "each chosen latent is set to 1: it has the size of its pre-activation": _coded(
            lambda p, d, k: (_values(p, d, k) != 0).to(p)
        ),
        "it is rebuilt with the columns of W_dec: the latents are its rows": (
            _guarded(lambda e, p, d, W, k: _loss(e, _codes(p, d, k) @ W.T)),
            lambda e, p, d, W, k: _loss(e, _codes(p, d, k) @ W.T),
        ),
        "it is added to the error instead of taken away from it": _from(
            lambda e, r: (e + r).square().sum(dim=1).mean()
        ),
        "only what is rebuilt is measured, not what is left of the error": _from(
            lambda e, r: r.square().sum(dim=1).mean()
        ),
        "only the error is measured: nothing is rebuilt": (
            _guarded(lambda e, p, d, W, k: e.square().sum(dim=1).mean()),
            lambda e, p, d, W, k: e.square().sum(dim=1).mean(),
            lambda e, p, d, W, k: e.square().mean(),
            lambda e, p, d, W, k: e.norm(dim=1).mean(),
        ),
        "the mean runs over d_in as well: the squares are added up there": _from(
            lambda e, r: (e - r).square().mean()
        ),
        "the sum runs over the batch as well: the rows are averaged": _from(
            lambda e, r: (e - r).square().sum()
        ),
        "the mean runs over d_in and the sum over the batch: it is the other way round": _from(
            lambda e, r: (e - r).square().mean(dim=1).sum()
        ),
        "the length of what is left is taken, without squaring it": (
            *_from(lambda e, r: (e - r).norm(dim=1).mean()),
            *_from(lambda e, r: (e - r).norm()),
            *_from(lambda e, r: (e - r).square().sum(dim=1).mean().sqrt()),
        ),
        "differences are not squared, only their size is taken": (
            *_from(lambda e, r: (e - r).abs().sum(dim=1).mean()),
            *_from(lambda e, r: (e - r).abs().mean()),
        ),
        "it is divided by the squares of the error: here it is not normalised": (
            *_from(lambda e, r: (e - r).square().sum() / e.square().sum()),
            *_from(lambda e, r: ((e - r).square().sum(dim=1) / e.square().sum(dim=1)).mean()),
            *_from(lambda e, r: (e - r).square().sum() / (e - e.mean(dim=0)).square().sum()),
        ),
        "it is multiplied by a coefficient: that comes later": (
            *_from(lambda e, r: (e - r).square().sum(dim=1).mean() / 32),
            *_from(lambda e, r: (e - r).square().sum(dim=1).mean() / 2),
        ),
        "it is one number for each row: their mean is asked for": _from(
            lambda e, r: (e - r).square().sum(dim=1)
        ),
        "it is what is left of the error: the mean of its squared lengths is asked for": _from(
            lambda e, r: e - r
        ),
        ERROR_LEARNS: (
            _guarded(lambda e, p, d, W, k: (e - _codes(p, d, k) @ W).square().sum(dim=1).mean()),
        ),
        NO_GRADIENT: _guarded(lambda e, p, d, W, k: _loss(e, _codes(p, d, k) @ W).detach()),
        ENCODER_FIXED: _guarded(lambda e, p, d, W, k: _loss(e, _codes(p, d, k).detach() @ W)),
        DECODER_FIXED: _guarded(lambda e, p, d, W, k: _loss(e, _codes(p, d, k) @ W.detach())),
    },
)
