"""Honest submissions, which must get exactly their points wherever they stand in a run."""

from submissions.making import Entry, Expected, before, notebook

HALF = Expected((0, 2))


def _keep(found):
    return found


ENTRIES = tuple(
    entry
    for place in ("- first", "m middle", "zzz last")
    for entry in (
        Entry(f"{place} right", "right answers", notebook(_keep), Expected()),
        Entry(f"{place} half right", "one wrong answer", before("", right=False), HALF),
    )
)
