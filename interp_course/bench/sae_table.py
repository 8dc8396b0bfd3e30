"""The measurements of `sae` as tables, and as what is written to a file."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.table import Table

from interp_course.bench.sae import Measurement, Row

MIB = 2**20
TERA = 10**12


def table(measurement: Measurement) -> Table:
    """Medians, ratios to ours, memory and agreement of one architecture at one size."""
    job = measurement.job
    title = f"{job.architecture}, d_in {job.d_in}, d_sae {job.d_sae}, batch {job.batch}"
    title += f", k {job.k}" if job.architecture == "topk" else ""
    made = Table(title=f"{title}; {job.threads} threads, {job.device}", title_justify="left")
    made.add_column("one step", overflow="fold")
    for column in headings(measurement):
        made.add_column(column, justify="right")
    for row in measurement.rows:
        made.add_row(row.name, *cells(measurement, row))
    return made


def headings(measurement: Measurement) -> list[str]:
    """The columns after the name."""
    bases = [f"x {name}" for name in _bases(measurement)]
    gpu = ["share of product rate"] if measurement.clock == "wall" else []
    return ["CPU s", "wall s", *bases, *gpu, "peak MiB", "of it imports", "gradients differ by"]


def cells(measurement: Measurement, row: Row) -> list[str]:
    """What stands in them; ``x ours`` is how many times the cost of ours a step costs."""
    ratios = [f"{measurement.ratio(row.name, base):.2f}" for base in _bases(measurement)]
    if measurement.clock == "wall":
        ratios.append(f"{measurement.ratio('five products, bf16', row.name):.0%}")
    difference = measurement.differences.get(row.name)
    return [
        *(f"{row.seconds(clock):.3g}" for clock in ("cpu", "wall")),
        *ratios,
        *("-" if size is None else f"{size / MIB:.0f}" for size in (row.peak, row.base)),
        "-" if difference is None else f"{difference:.0e}",
    ]


def as_json(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """Everything measured, and on what."""
    return {"machine": machine(), "measurements": [_measurement(m) for m in measurements]}


def machine() -> dict[str, Any]:
    """Processor, cores, GPU and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    bases, job = _bases(measurement), measurement.job
    sizes = ("architecture", "d_in", "d_sae", "batch", "k", "threads", "device")
    dense = 10 * job.batch * job.d_in * job.d_sae
    rows = [
        {
            "name": row.name,
            "cpu_seconds": row.cpu,
            "wall_seconds": row.wall,
            "median_cpu_seconds": row.seconds("cpu"),
            "median_wall_seconds": row.seconds("wall"),
            "times": {base: measurement.ratio(row.name, base) for base in bases},
            "peak_bytes": row.peak,
            "imports_bytes": row.base,
            "gradients_differ_by": measurement.differences.get(row.name),
            "teraflops_of_five_products": dense / row.seconds("wall") / TERA,
        }
        for row in measurement.rows
    ]
    return {**{size: getattr(job, size) for size in sizes}, "rows": rows}


def _bases(measurement: Measurement) -> list[str]:
    """The rows that the others are compared with: ours, in both number formats."""
    return [row.name for row in measurement.rows if row.name.startswith("ours")][:2]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
