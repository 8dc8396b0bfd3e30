"""Running a source, and making the student's notebook of it with nbgrader."""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from interp_course.notebooks.files import (
    BuildError,
    Target,
    digest,
    from_text,
    node,
    refuse_to_lose_edits,
    targets,
    to_text,
    write,
)
from interp_course.notebooks.outputs import MAY_RAISE, normalise, tags
from interp_course.notebooks.source import METADATA, first_line, read_source

Progress = Callable[[str, int, int], None]
"""Called after each code cell with the notebook's name, the cells done and the cells in all."""

TIMEOUT_SECONDS = 600
NEVER_A_LESSON = {"ImportError", "ModuleNotFoundError", "NameError", "SyntaxError"}


def build(
    root: Path, name: str | None = None, *, force: bool = False, progress: Progress | None = None
) -> list[Path]:
    """Run the sources and write the reference and the student notebooks.

    Args:
        root: The folder of the course (`course.find_root`).
        name: A unit's slug or folder, or ``START_HERE``; everything if None.
        force: Overwrite notebooks even if they were edited since they were built.
        progress: Told after each cell how far the run is.

    Returns:
        The files written.

    Raises:
        BuildError: If a notebook was edited, or a cell fails. Neither notebook of that unit
            is written then.
    """
    chosen = targets(root, name)
    if not force:
        refuse_to_lose_edits([path for t in chosen for path in (t.solution, t.student)], root)
    written: list[Path] = []
    for target in chosen:
        solution = execute(target, root, progress)
        student = student_version(stamped(solution, target, root), target, root)
        write(target.solution, to_text(solution))
        write(target.student, student)
        written += [target.solution, target.student]
    return written


def execute(target: Target, root: Path, progress: Progress | None = None) -> Any:
    """Run a source in the folder of its notebook and return the notebook with its outputs.

    Raises:
        BuildError: If a cell fails that is not tagged ``raises-exception``, or shows
            something that no second run repeats and is not tagged ``nbval-ignore-output``.
    """
    notebook = read_source(target)
    _run(notebook, target, progress)
    notebook.metadata = node(METADATA)
    volatile = normalise(notebook.cells, root)
    if volatile:
        cells = (f"{cell.id!r} ({first_line(cell)})" for cell in notebook.cells)
        named = [
            text for text, cell in zip(cells, notebook.cells, strict=True) if cell.id in volatile
        ]
        raise BuildError(
            f"{target.source}: a progress bar, a widget or a path of this machine is shown by "
            f'{", ".join(named)}. No second run repeats it: add tags=["nbval-ignore-output"]'
        )
    return notebook


def _run(notebook: Any, target: Target, progress: Progress | None) -> None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    done = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

    def tell(cell: Any, cell_index: int) -> None:
        if progress is not None:
            progress(target.name, done.index(cell_index) + 1, len(done))

    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_SECONDS,
        kernel_name="python3",
        record_timing=False,
        shutdown_kernel="immediate",
        extra_arguments=["--HistoryManager.enabled=False"],
        resources={"metadata": {"path": str(target.source.parent)}},
        on_cell_complete=tell,
        config=Config(KernelManager={"transport_encryption": "auto"}),
    )
    with tempfile.TemporaryDirectory() as settings:
        try:
            client.execute(env={**os.environ, **kernel_environment(), "IPYTHONDIR": settings})
        except CellExecutionError:
            pass  # described below, together with slips in cells that are meant to raise
        except (CellTimeoutError, DeadKernelError) as error:
            raise BuildError(f"{target.source}: {error}") from error
    failure = _failure(notebook, target)
    if failure:
        raise BuildError(failure)


def kernel_environment() -> dict[str, str]:
    """Environment variables under which a notebook gives the same outputs each time."""
    return {
        "HF_HUB_OFFLINE": "1",
        "INTERP_COURSE_PROGRESS": "off",
        "MKL_NUM_THREADS": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "",
    }


def _is_meant(cell: Any, error: Any) -> bool:
    """Whether an exception is part of the lesson, and not a slip in a cell that should raise."""
    return MAY_RAISE in tags(cell) and error.ename not in NEVER_A_LESSON


def _failure(notebook: Any, target: Target) -> str | None:
    """Which cell failed, with what, and its lines in the source, the failing one marked."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and not _is_meant(cell, output):
                return _described(cell, output, target)
    return None


def _described(cell: Any, output: Any, target: Target) -> str:
    trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
    deepest = re.findall(r"^File (\S+:\d+)", trace, re.MULTILINE)[-1:]
    failing = {int(number) for number in re.findall(r"Cell In\[\d+\], line (\d+)", trace)}
    before, found, _ = target.source.read_text(encoding="utf-8").partition(cell.source)
    above = before.count("\n") if found else 0
    lines = [
        f"{'->' if number in failing else '  '} {above + number:4}  {line}"
        for number, line in enumerate(cell.source.splitlines(), start=1)
    ]
    head = f"{target.source}: the cell {cell.id!r} raised {output.ename}: {output.evalue}"
    return "\n".join([head, *(f"in {place}" for place in deepest), *lines])


def stamped(solution: Any, target: Target, root: Path) -> Any:
    """The executed notebook with the digests of its own cells and of the student's.

    nbgrader keeps them in the student's notebook, so that its own command
    ``nbgrader generate_assignment`` gives the same bytes as `build`.
    """
    solution.metadata.pop("interp_course", None)
    student = from_text(student_version(solution, target, root))
    solution.metadata["interp_course"] = node(
        {"digest": digest(solution), "student_digest": digest(student)}
    )
    return solution


def student_version(solution: Any, target: Target, root: Path) -> str:
    """The text of the notebook for students.

    Raises:
        BuildError: If nbgrader refuses the notebook.
    """
    if target.unit is not None:
        return _by_nbgrader(to_text(solution), target.unit.folder, target.unit.slug, root)
    page = from_text(to_text(solution))
    for cell in page.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return to_text(page)


def _by_nbgrader(text: str, assignment: str, name: str, root: Path) -> str:
    """Let nbgrader make its student version in a folder of its own, without a gradebook."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    log = logging.Logger("nbgrader", logging.ERROR)
    errors = _Collected()
    log.addHandler(errors)
    with tempfile.TemporaryDirectory() as scratch:
        config = _nbgrader_config(root)
        config.CourseDirectory.update(
            root=scratch,
            source_directory="source",
            release_directory="release",
            assignment_id=assignment,
            notebook_id=name,
        )
        config.GenerateAssignment.no_database = True
        config.SaveCells.enabled = False
        write(Path(scratch, "source", assignment, f"{name}.ipynb"), text)
        try:
            directory = CourseDirectory(config=config, log=log)
            GenerateAssignment(coursedir=directory, config=config, log=log).start()
            return Path(scratch, "release", assignment, f"{name}.ipynb").read_text("utf-8")
        except (Exception, SystemExit) as error:  # nbgrader raises many kinds
            why = "\n".join(errors.messages) or error
            raise BuildError(f"nbgrader refuses {name}.ipynb: {why}") from error


def _nbgrader_config(root: Path) -> Any:
    """What ``nbgrader`` itself would read in this folder."""
    from traitlets.config.loader import Config, PyFileConfigLoader

    path = root / "nbgrader_config.py"
    return PyFileConfigLoader(path.name, str(root)).load_config() if path.exists() else Config()


class _Collected(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
