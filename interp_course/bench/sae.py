"""What a training step of a sparse autoencoder costs, here and in other libraries.

Every implementation has a process of its own, in which its own training loop runs. They take
turns, so that what else the machine does hits all alike, and medians are compared. Before
anything is timed, the gradients of all on the same weights and batch are compared, for the very
sizes that are measured.
"""

import dataclasses
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from interp_course.bench import processes
from interp_course.bench.sae_worker import Job

WARM_UP = 2
"""Steps before the first that counts; the first of all draws memory and logs."""
TOLERANCE = 1e-6
"""Of the difference between our sparse and dense gradients, as a share of the largest entry."""
PEER_TOLERANCE = 1e-5
"""Of the difference between a peer's gradients and ours; other orders of summation."""
REFERENCE = "ours, dense path"


class DisagreementError(RuntimeError):
    """Two implementations do not compute the same, so that their times cannot be compared."""


@dataclass(frozen=True)
class Entry:
    """A line of the table: an implementation and how it computes."""

    name: str
    implementation: str
    bf16: bool = False
    path: str = "auto"

    @property
    def computes_gradients(self) -> bool:
        """Whether its gradients are compared with ours."""
        return self.implementation != "products" and (not self.bf16 or not self.is_peer)

    @property
    def is_peer(self) -> bool:
        """Whether it needs the environment of the other libraries."""
        return self.implementation not in ("ours", "products")

    def job(self, job: Job, gradients: str | None = None) -> Job:
        """The job of its worker."""
        changes = {"bf16": self.bf16, "path": self.path, "gradients": gradients}
        return dataclasses.replace(job, implementation=self.implementation, **changes)


@dataclass(frozen=True)
class Row:
    """What was measured of one implementation: per step and turn, in seconds and bytes."""

    name: str
    cpu: tuple[float, ...]
    wall: tuple[float, ...]
    peak: int | None
    base: int | None
    """Of the peak, what Python, torch and the library held before anything was made."""

    def seconds(self, clock: str) -> float:
        """The median over the turns, for the clock ``"cpu"`` or ``"wall"``."""
        return statistics.median(getattr(self, clock))


@dataclass(frozen=True)
class Measurement:
    """One architecture at one size."""

    job: Job
    rows: tuple[Row, ...]
    differences: dict[str, float]
    """Largest difference of the gradients from those of our dense path, as a share of the
    largest entry, by the name of the implementation."""

    @property
    def clock(self) -> str:
        """What is compared: CPU time, or on a GPU the time on the clock."""
        return "cpu" if self.job.device == "cpu" else "wall"

    def row(self, name: str) -> Row:
        """The row with this name."""
        return next(row for row in self.rows if row.name == name)

    def ratio(self, name: str, to: str) -> float:
        """How many times the cost of ``to`` a step of ``name`` costs, by medians."""
        return self.row(name).seconds(self.clock) / self.row(to).seconds(self.clock)


def check(job: Job) -> None:
    """Refuse what cannot be measured.

    Raises:
        ValueError: If the architecture or the sizes are none that are measured.
    """
    if job.architecture not in ("topk", "relu"):
        raise ValueError(f"architecture must be topk or relu, got {job.architecture!r}")
    if job.device.partition(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"training steps are timed on cpu or cuda, not on {job.device!r}")
    if min(job.d_in, job.d_sae, job.batch, job.k) < 1 or job.k > job.d_sae:
        raise ValueError(
            "sizes must be at least 1, and k at most d_sae, got "
            f"d_in={job.d_in}, d_sae={job.d_sae}, batch={job.batch}, k={job.k}"
        )


def entries(architecture: str, device: str, *, peers: bool) -> list[Entry]:
    """What is measured."""
    on_cpu, topk = device == "cpu", architecture == "topk"
    low = "bf16 encoder" if on_cpu and topk else "bf16 autocast"
    found = []
    if on_cpu and topk:
        found.append(Entry("encoder product alone", "products", path="encoder"))
        found.append(Entry("encoder product, bf16", "products", True, "encoder"))
    found.append(Entry("five products alone", "products"))
    found.append(Entry("five products, bf16", "products", True))
    found.append(Entry("ours", "ours"))
    found.append(Entry(f"ours, {low}", "ours", True))
    if topk:
        found.append(Entry(REFERENCE, "ours", path="dense"))
    if not peers:
        return found
    found.append(Entry("SAELens", "sae_lens"))
    if topk:
        found.append(Entry("SAELens, sparse activations", "sae_lens", path="sparse"))
    found.append(Entry("SAELens, bf16 autocast", "sae_lens", True))
    found.append(Entry("dictionary_learning", "dictionary_learning"))
    if not on_cpu:  # it ignores the number format on a CPU
        found.append(Entry("dictionary_learning, bf16", "dictionary_learning", True))
    if topk:  # on a GPU it always computes in bfloat16
        found.append(Entry("sparsify" if on_cpu else "sparsify, bf16", "sparsify", not on_cpu))
    return found


def commands(peers: Path | None) -> Callable[[Entry], Sequence[str]]:
    """How to start the worker of an entry, given the interpreter of the peers' environment."""
    script = str(Path(__file__).with_name("sae_worker.py"))

    def command(entry: Entry) -> Sequence[str]:
        if entry.is_peer:
            return [str(peers), "-P", script]
        return [sys.executable, "-m", "interp_course.bench.sae_ours"]

    return command


def measure(
    job: Job,
    wanted: Sequence[Entry],
    command: Callable[[Entry], Sequence[str]],
    *,
    repeats: int = 5,
    steps: int = 2,
    progress: Callable[[str], None] = lambda what: None,
) -> Measurement:
    """Compare gradients, then let the workers take turns.

    Args:
        job: Architecture, sizes and device.
        wanted: What to measure.
        command: How to start the worker of an entry.
        repeats: Turns of each worker.
        steps: Steps in a turn.
        progress: Called with what comes next.

    Raises:
        DisagreementError: If gradients differ.
        WorkerError: If a worker fails.
        ValueError: If the job or the numbers cannot be.
    """
    check(job)
    if repeats < 1 or steps < 1:
        raise ValueError(f"repeats and steps must be at least 1, got {repeats} and {steps}")
    differences = _agreement(job, wanted, command, progress)
    turns: dict[str, list[dict[str, float]]] = {entry.name: [] for entry in wanted}
    with ExitStack() as stack:
        workers, bases = [], {}
        for entry in wanted:
            progress(f"starting {entry.name}")
            worker = processes.Worker(entry.name, command(entry), entry.job(job))
            workers.append(stack.enter_context(worker))
            bases[entry.name] = worker.wait_until_ready()
            worker.steps(WARM_UP)
        for repeat in range(repeats):
            for worker in workers:
                progress(f"round {repeat + 1} of {repeats}: {worker.name}")
                turns[worker.name].append(worker.steps(steps))
    rows = []
    for name, found in turns.items():
        cpu, wall = (tuple(turn[clock] / steps for turn in found) for clock in ("cpu", "wall"))
        rows.append(Row(name, cpu, wall, found[-1]["peak"], bases[name]))  # type: ignore[arg-type]
    return Measurement(job, tuple(rows), differences)


def _agreement(
    job: Job,
    wanted: Sequence[Entry],
    command: Callable[[Entry], Sequence[str]],
    progress: Callable[[str], None] = lambda what: None,
) -> dict[str, float]:
    """How far gradients are from those of our dense path, by the name of the implementation.

    Raises:
        DisagreementError: If they are further away than rounding explains; see the tolerances.
    """
    reference = Entry(REFERENCE, "ours", path="dense")
    compared = [entry for entry in wanted if entry.computes_gradients and entry.name != REFERENCE]
    with tempfile.TemporaryDirectory() as folder:
        found: Iterator[tuple[Entry, dict[str, Tensor]]]
        found = _computed(job, [reference, *compared], command, Path(folder), progress)
        _, expected = next(found)
        differences = {entry.name: _difference(other, expected) for entry, other in found}
    for entry in compared:
        limit = PEER_TOLERANCE if entry.is_peer else TOLERANCE
        if not entry.bf16 and not differences[entry.name] <= limit:
            raise DisagreementError(
                f"the gradients of {entry.name} differ from those of {REFERENCE} by "
                f"{differences[entry.name]:.1e} of the largest entry, more than {limit:.0e}: "
                "they do not compute the same, so their times cannot be compared"
            )
    return differences


def _computed(
    job: Job,
    wanted: Sequence[Entry],
    command: Callable[[Entry], Sequence[str]],
    folder: Path,
    progress: Callable[[str], None],
) -> Iterator[tuple[Entry, dict[str, Tensor]]]:
    for entry in wanted:
        progress(f"gradients of {entry.name}")
        file = folder / "gradients.pt"
        yield entry, processes.gradients(entry.name, command(entry), entry.job(job, str(file)))
        file.unlink(missing_ok=True)


def _difference(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """The largest over the loss and the gradients."""
    return max(_relative(found[name].to(values), values) for name, values in expected.items())


def _relative(found: Tensor, expected: Tensor) -> float:
    difference = (found - expected).abs().max() / expected.abs().max().clamp(min=1e-30)
    return float(difference) if bool(torch.isfinite(difference)) else float("inf")
