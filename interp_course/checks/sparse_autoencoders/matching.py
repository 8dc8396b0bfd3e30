"""True features and latents of a dictionary in pairs, each used once."""

import functools
import itertools
from collections.abc import Callable

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import normalize

from interp_course import runtime
from interp_course.checking import Case, Check

CLEAR = 0.03
"""The best pairing is better than all others by this much, and mistakes are this far off."""
SIZES = ((5, 5, 5), (5, 7, 7), (4, 8, 6))
"""Features, latents and dimensions. In the first both matrices are square."""
Way = Callable[[Tensor, Tensor], Tensor]


@functools.lru_cache(maxsize=256)
def _cases(seed: int) -> tuple[Case, ...]:
    """Two features lie near the same latent, and there is a latent that points away from one.

    In the first case there are no latents to spare, so that this one must be used.
    """
    cases = []
    for number, (features, latents, d_in) in enumerate(SIZES):
        rng = runtime.generator("check matching", seed + 1000 * number)
        W_dec, truth = _drawn(features, latents, d_in, rng)
        while not _is_clear(W_dec, truth):
            W_dec, truth = _drawn(features, latents, d_in, rng)
        kind = "float64, " if number == 2 else ""
        if number < 2:
            W_dec, truth = W_dec.float(), truth.float()
        text = f"{kind}{features} features and {latents} latents in {d_in} dimensions"
        cases.append(Case(text, (W_dec, truth)))
    return tuple(cases)


def _drawn(features: int, latents: int, d_in: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents that are found more or less well, in any order and of any length."""

    def noise(rows: int, size: float) -> Tensor:
        return size * normalize(torch.randn(rows, d_in, generator=rng).double(), dim=1)

    truth = noise(features, 1.0)
    truth[1] = truth[0] + noise(1, 0.7)
    truth = normalize(truth, dim=1)
    found = torch.cat([truth + noise(features, 0.8), noise(latents - features, 1.0)])
    found[0] = truth[0] + 0.8 * truth[1] + noise(1, 0.2)
    found[1] = truth[0] + noise(1, 0.6)
    found[-1] = (-truth[2] if latents > features else -truth.sum(dim=0)) + noise(1, 0.3)
    rows = [
        directions[torch.randperm(len(directions), generator=rng)]
        * (0.4 + 2.2 * torch.rand(len(directions), 1, generator=rng))
        for directions in (normalize(found, dim=1), truth)
    ]
    return rows[0], rows[1]


def _is_clear(W_dec: Tensor, truth: Tensor) -> bool:
    """Whether the pairing is no near-tie and other ways of pairing give something else.

    Where there are no latents to spare, one of the cosines is negative and no two of the other
    ways give the same.
    """
    cosines = _table(W_dec, truth)
    sums = _sums(cosines)
    first, second = sums.topk(2).values.tolist()
    right = cosines.gather(1, _pairings(*cosines.shape)[sums.argmax()][:, None])[:, 0]
    spare = len(W_dec) > len(truth)
    if first - second < CLEAR or not (spare or right.min() < -CLEAR):
        return False
    others = torch.stack([way(W_dec, truth) for way in OTHER_PAIRINGS])
    far = (others - right).abs().amax(dim=1).min()
    return bool(far > CLEAR and (spare or torch.pdist(others).min() > CLEAR))


@functools.lru_cache(maxsize=8)
def _pairings(features: int, latents: int) -> Tensor:
    """All ways of giving each feature a latent of its own, ``[pairing feature]``."""
    return torch.tensor(list(itertools.permutations(range(latents), features)))


def _oracle_cosines(W_dec: Tensor, truth: Tensor) -> Tensor:
    cosines = torch.zeros(len(truth), len(W_dec), dtype=torch.float64)
    for i, feature in enumerate(truth.double()):
        for j, latent in enumerate(W_dec.double()):
            product = (feature * latent).sum()
            cosines[i, j] = product / ((feature**2).sum() * (latent**2).sum()) ** 0.5
    return cosines


def _sums(cosines: Tensor) -> Tensor:
    """The sum of the cosines of each pairing."""
    pairings = _pairings(*cosines.shape)
    return sum((row[pairings[:, i]] for i, row in enumerate(cosines)), torch.zeros(()))


def _oracle(W_dec: Tensor, truth: Tensor) -> Tensor:
    """All pairings are tried."""
    cosines = _oracle_cosines(W_dec, truth)
    best = _pairings(*cosines.shape)[_sums(cosines).argmax()]
    return torch.stack([row[j] for row, j in zip(cosines, best, strict=True)]).to(truth)


def _table(W: Tensor, truth: Tensor) -> Tensor:
    return normalize(truth, dim=1) @ normalize(W, dim=1).T


def _pairs(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns with the largest sum, in the order of the rows."""
    rows, columns = linear_sum_assignment(scores.numpy(), maximize=True)
    return torch.as_tensor(rows), torch.as_tensor(columns)


def _right(W: Tensor, truth: Tensor) -> Tensor:
    return _table(W, truth)[_pairs(_table(W, truth))]


def _paired_by(scores: Way) -> Way:
    """The cosines, in pairs that another table of scores gives."""
    return lambda W, truth: _table(W, truth)[_pairs(scores(W, truth))]


def _of(table: Way) -> Way:
    """Another table of scores, paired and returned."""
    return lambda W, truth: table(W, truth)[_pairs(table(W, truth))]


def _in_order(W: Tensor, truth: Tensor) -> Tensor:
    """One feature after the other takes the nearest latent that is left."""
    left, taken = _table(W, truth), []
    for i in range(len(truth)):
        taken.append(left[i].max())
        left[:, int(left[i].argmax())] = -torch.inf
    return torch.stack(taken)


def _latents_in_order(W: Tensor, truth: Tensor) -> Tensor:
    """One latent after the other takes the nearest feature that is left."""
    left, taken = _table(W, truth), torch.zeros(len(truth), dtype=truth.dtype)
    for j in range(len(truth)):
        i = int(left[:, j].argmax())
        taken[i] = left[i, j]
        left[i] = -torch.inf
    return taken


def _largest_first(W: Tensor, truth: Tensor) -> Tensor:
    """The closest pair of all is taken first, then the closest of the rest."""
    left, taken = _table(W, truth), torch.zeros(len(truth), dtype=truth.dtype)
    for _ in range(len(truth)):
        i, j = divmod(int(left.argmax()), left.shape[1])
        taken[i] = left[i, j]
        left[i], left[:, j] = -torch.inf, -torch.inf
    return taken


def _by_latent(W: Tensor, truth: Tensor) -> Tensor:
    """The cosines in the order in which the latents stand in the dictionary."""
    columns = _pairs(_table(W, truth))[1]
    return _right(W, truth)[columns.argsort()]


def _for_all_latents(W: Tensor, truth: Tensor) -> Tensor:
    """A number for each latent, 0 for those without a feature."""
    result = torch.zeros(len(W), dtype=W.dtype)
    result[_pairs(_table(W, truth))[1]] = _right(W, truth)
    return result


def _nearest(W: Tensor, truth: Tensor) -> Tensor:
    return _table(W, truth).max(dim=1).values


def _diagonal(W: Tensor, truth: Tensor) -> Tensor:
    return _table(W, truth).diagonal()[: len(truth)]


def _products(W: Tensor, truth: Tensor) -> Tensor:
    return truth @ W.T


def _centred(W: Tensor, truth: Tensor) -> Tensor:
    return _table(W - W.mean(dim=1, keepdim=True), truth - truth.mean(dim=1, keepdim=True))


OTHER_PAIRINGS: tuple[Way, ...] = (
    _in_order,
    _latents_in_order,
    _largest_first,
    _nearest,
    _by_latent,
    _diagonal,
    _paired_by(lambda W, t: _table(W, t).abs()),
    _paired_by(_products),
    _paired_by(lambda W, t: -torch.cdist(t, W)),
    lambda W, t: _right(W, t).sort().values,
    lambda W, t: _right(W, t).sort(descending=True).values,
)

matched_cosines = Check(
    name="matched_cosines",
    oracle=_oracle,
    cases=_cases,
    reread="all cosines between the rows of truth and the rows of W_dec, [feature d_sae]; pairs, "
    "each latent used once, with the largest sum; the cosine of each pair, in the order of the "
    "features",
    mistakes={
        "each feature takes its nearest latent: one latent may then serve two features": (
            _nearest,
            lambda W, t: _table(W, t).abs().max(dim=1).values,
            lambda W, t: _products(W, t).max(dim=1).values,
            lambda W, t: _table(W, t).max(dim=1).values.mean(),
        ),
        "each latent takes its nearest feature: it is the features that are looked for": (
            lambda W, t: _table(W, t).max(dim=0).values,
            lambda W, t: _table(W, t).max(dim=0).values.mean(),
        ),
        "one feature after the other takes the best latent that is left: the first ones take "
        "what others need more": _in_order,
        "one latent after the other takes the best feature that is left": _latents_in_order,
        "the closest pair is taken first, then the closest of the rest: that need not give the "
        "largest sum": _largest_first,
        "feature i is compared with latent i: the latents are in no particular order": _diagonal,
        "the rows are not scaled to length 1: the longest of them, or those of like length, are "
        "paired": (
            _of(_products),
            _paired_by(_products),
            _paired_by(lambda W, t: -torch.cdist(t, W)),
            lambda W, t: torch.cdist(t, W)[_pairs(-torch.cdist(t, W))],
        ),
        "only the features are scaled to length 1, or only the latents: both must be": (
            _of(lambda W, t: normalize(t, dim=1) @ W.T),
            _of(lambda W, t: t @ normalize(W, dim=1).T),
        ),
        "columns are scaled to length 1: a direction is a row": (
            _of(lambda W, t: normalize(t, dim=0) @ normalize(W, dim=0).T),
            _of(lambda W, t: normalize(t, dim=1) @ normalize(W, dim=0).T),
        ),
        "W_dec and truth are each divided by one number: each row has its own length": (
            _of(lambda W, t: t @ W.T / (t.norm() * W.norm())),
            _of(lambda W, t: t @ W.T / (t.norm() * W.norm(dim=1))),
            _of(lambda W, t: t @ W.T / _products(W, t).abs().max()),
        ),
        "columns of W_dec are compared with the features: a direction is a row": (
            _of(lambda W, t: normalize(t, dim=1) @ normalize(W, dim=1)),
            _of(lambda W, t: normalize(t, dim=1) @ normalize(W, dim=0)),
            _of(lambda W, t: normalize(t, dim=0).T @ normalize(W, dim=0)),
        ),
        "the sign is ignored: a latent that points the other way is not the feature": (
            _of(lambda W, t: _table(W, t).abs()),
            _paired_by(lambda W, t: _table(W, t).abs()),
            _paired_by(lambda W, t: _table(W, t).square()),
            lambda W, t: _right(W, t).abs(),
        ),
        "the sum is made as small as possible: the method takes costs, unless it is told": (
            _paired_by(lambda W, t: -_table(W, t)),
            _of(lambda W, t: -_table(W, t)),
            lambda W, t: -_paired_by(lambda W, t: -_table(W, t))(W, t).abs(),
        ),
        "the costs are returned: the sign must be turned back": (
            lambda W, t: -_right(W, t),
            lambda W, t: 1 - _right(W, t),
        ),
        "each direction's own mean is subtracted first: that is a correlation": _of(_centred),
        "the cosines are squared": (
            lambda W, t: _right(W, t).square(),
            _of(lambda W, t: _table(W, t).square()),
        ),
        "angles are returned instead of cosines": (
            lambda W, t: _right(W, t).acos(),
            lambda W, t: _right(W, t).acos().rad2deg(),
        ),
        "the cosines stand in the order of the latents: that of the features is asked for": (
            _by_latent
        ),
        "there is one number for each latent: one for each feature is asked for": _for_all_latents,
        "the cosines are sorted: they are asked for in the order of the features": (
            lambda W, t: _right(W, t).sort().values,
            lambda W, t: _right(W, t).sort(descending=True).values,
        ),
        "the numbers of the latents are returned instead of the cosines": (
            lambda W, t: _pairs(_table(W, t))[1],
            lambda W, t: _table(W, t).argmax(dim=1),
        ),
        "the mean or the sum is returned: one cosine for each feature is asked for": (
            lambda W, t: _right(W, t).mean(),
            lambda W, t: _right(W, t).sum(),
        ),
        "all cosines are returned: that of each pair is asked for": (
            _table,
            lambda W, t: _table(W, t).T,
            lambda W, t: _table(W, t)[:, _pairs(_table(W, t))[1]],
        ),
    },
)
