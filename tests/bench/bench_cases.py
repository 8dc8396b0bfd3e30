"""A small job, and workers that only pretend."""

import sys
from pathlib import Path

from interp_course.bench.sae import Entry
from interp_course.bench.sae_worker import Job

SCRIPT = str(Path(__file__).with_name("fake_worker.py"))
JOB = Job("", "topk", d_in=6, d_sae=16, batch=10, k=3)


def fake(behaviour: str, notes: Path, name: str, seconds: str = "1,1,1") -> list[str]:
    """What starts such a worker."""
    return [sys.executable, SCRIPT, behaviour, str(notes), name, seconds]


def entry(name: str, **changes) -> Entry:
    """A line of the table, of a peer unless it is said otherwise."""
    return Entry(name, **{"implementation": "sae_lens", **changes})
