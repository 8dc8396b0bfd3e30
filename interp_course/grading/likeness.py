"""Which submissions look alike: copies stay recognisable under new names and comments.

The method is winnowing (Schleimer, Wilkerson and Aiken 2003, "Winnowing: local algorithms for
document fingerprinting", SIGMOD, sections 3 and 5):

1. Each student's own answers become one stream of tokens. Comments, layout and docstrings go;
   every name that is not Python's own or an attribute becomes ``name``, every text ``text``.
2. Each run of `RUN` tokens is hashed, and of each `WINDOW` neighbouring hashes the smallest is
   kept, the rightmost if there are several: any shared passage of ``RUN + WINDOW - 1`` tokens
   leaves a common fingerprint.
3. What the handed-out notebook or the reference answer contains is taken away.

Short right answers look alike without having been copied. So a fingerprint weighs
``log2((n + 1) / df)`` bits, where ``df`` of the ``n`` submissions hold it: what everybody writes
weighs almost nothing. Two submissions look alike if they share most of the weight of all that
either of them holds, and if that is enough in bits to be no accident. The two limits were set on
made classes whose students draw each answer from one small stock, which is harder than life: with
the answers of ``tests/answers`` and classes of 12 and 30, 3 of 65,000 pairs that drew for
themselves passed the limits, and all 240 renamed copies of a whole submission did. A copy of one
answer among many of one's own is not found, nor is one that was translated with care.
"""

import builtins
import hashlib
import io
import keyword
import token
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

RUN = 10
WINDOW = 4
LEAST_SHARE = 0.7
LEAST_BITS = 60.0
_LONGEST_ANSWERS = 200_000
"""Characters of one student's answers that are compared; what is longer is cut."""

_OWN = frozenset(dir(builtins)) | frozenset(keyword.kwlist)
_LAYOUT = {
    *(tokenize.COMMENT, tokenize.NL, token.NEWLINE, token.INDENT, token.DEDENT),
    *(token.ENDMARKER, token.ENCODING),
}
_TEXT = {token.STRING} | {
    getattr(token, name) for name in dir(token) if name.startswith(("FSTRING_", "TSTRING_"))
}


@dataclass(frozen=True)
class Pair:
    """Two submissions that look alike. Only a person can say why."""

    first: str
    second: str
    share: float
    """Weight of the shared fingerprints over that of all in the two, 0 to 1 (Jaccard)."""
    bits: float
    """Weight of the shared fingerprints."""


def alike(submissions: Mapping[str, Iterable[str]], known: Iterable[str] = ()) -> list[Pair]:
    """The pairs of submissions to one unit that look alike, the most alike first.

    Args:
        submissions: Each student's own answer cells, by name.
        known: Texts that nobody needs to copy: the handed-out cells and the reference answers.
    """
    from scipy import sparse

    given = {digest for text in known for digest in _hashes(tokens(text))}
    names = list(submissions)
    prints = [fingerprints(submissions[name]) - given for name in names]
    vocabulary = {value: i for i, value in enumerate(sorted(set().union(*prints)))}
    if len(names) < 2 or not vocabulary:
        return []
    rows = np.repeat(np.arange(len(names)), [len(found) for found in prints])
    columns = np.array([vocabulary[value] for found in prints for value in sorted(found)])
    held = sparse.csr_matrix(
        (np.ones(len(columns)), (rows, columns)), shape=(len(names), len(vocabulary))
    )
    frequency = np.asarray(held.sum(axis=0)).ravel()
    weighted = held.multiply(np.log2((len(names) + 1) / frequency)).tocsr()
    totals = np.asarray(weighted.sum(axis=1)).ravel()
    shared = sparse.triu(weighted @ held.T, k=1).tocoo()
    together = totals[shared.row] + totals[shared.col] - shared.data
    share = shared.data / np.maximum(together, 1e-9)
    close = np.flatnonzero((share >= LEAST_SHARE) & (shared.data >= LEAST_BITS))
    pairs = [
        Pair(names[shared.row[i]], names[shared.col[i]], float(share[i]), float(shared.data[i]))
        for i in close
    ]
    return sorted(pairs, key=lambda pair: (-pair.share, -pair.bits, pair.first, pair.second))


def fingerprints(sources: Iterable[str]) -> set[int]:
    """The winnowed fingerprints of one student's answers."""
    found: set[int] = set()
    left = _LONGEST_ANSWERS
    for source in sources:
        hashes = _hashes(tokens(source[:left]))
        left = max(0, left - len(source))
        for start in range(max(1, len(hashes) - WINDOW + 1) if hashes else 0):
            found.add(min(hashes[start : start + WINDOW]))
    return found


def tokens(source: str) -> list[str]:
    """A program as tokens that a new name, comment, text or layout does not change.

    What is not Python any more from some place on is taken as far as it can be read.
    """
    found: list[str] = []
    statement_begins = True
    for kind, text in _python_tokens(source):
        if kind in _LAYOUT:
            statement_begins = statement_begins or kind in (token.NEWLINE, token.INDENT)
            continue
        if kind == token.STRING and statement_begins:
            continue  # a docstring, or a text that stands alone
        statement_begins = False
        if kind == token.NAME and text not in _OWN and found[-1:] != ["."]:
            text = "name"
        elif kind in _TEXT:
            text = "text"
        found.append(text)
    return found


def _python_tokens(source: str) -> Iterator[tuple[int, str]]:
    try:
        for item in tokenize.generate_tokens(io.StringIO(source).readline):
            yield item.type, item.string
    except (tokenize.TokenError, SyntaxError, ValueError, MemoryError):
        return


def _hashes(words: list[str]) -> list[int]:
    """One number for each run of `RUN` tokens; the same in every process."""
    runs = (" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1))
    return [_number(run) for run in runs]


def _number(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
