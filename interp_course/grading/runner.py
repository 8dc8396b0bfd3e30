"""Execute one submission and let nbgrader store its scores.

This is the seam for hardening: `Runner` is all that the batch knows, and the only place where
a student's code runs. Another runner may sandbox the kernel, limit it, or work on another
machine, as long as it leaves its scores in the gradebook.
"""

import contextlib
import logging
import os
import secrets
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from traitlets.config import Config

ANY_TEXT = r"[\s\S]"
AUTOGRADE_STEPS = (
    "interp_course.grading.executing.JudgingExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
)
"""nbgrader's own steps, but for the first, which decides scores outside of a student's process."""
IGNORED = (".ipynb_checkpoints", "__pycache__", "*.pyc", "feedback")
"""What nbgrader itself leaves out when it copies the files of an assignment."""
VERDICT_FILES = "*.verdicts.json"
SECRET_FILE = ".grading-secret"
"""From it the fresh inputs of a run are drawn; grading again with it asks the same questions."""
Instances = Literal["same", "each"]
"""Whether all students have the instance of the grader's environment, or each their own."""


@dataclass(frozen=True)
class Job:
    """One submission that lies ready in an nbgrader course folder."""

    workspace: Path
    """The folder with ``source``, ``submitted`` and ``gradebook.db``."""
    student: str
    """The name of the student's folder below ``submitted``."""
    assignment: str


@dataclass(frozen=True)
class Outcome:
    """How running a submission ended."""

    failure: str | None = None
    """Why there are no scores; None if there are."""
    log: str = ""


@runtime_checkable
class Runner(Protocol):
    """Runs one submission; must not raise for anything the submission does."""

    def run(self, job: Job) -> Outcome:
        """Execute the submission and store its scores in the workspace's gradebook."""
        ...


@dataclass(frozen=True)
class UnsandboxedRunner:
    """nbgrader's autograder with an ordinary kernel: safe scores, but nothing else is safe.

    Scores of exercises with checks are decided in this process and cannot be forged. The
    student's code runs as the user who grades, though, and can read and change that user's
    files, among them the gradebook: for trusted submissions only.
    """

    cell_timeout: int = 600
    """Seconds that one cell may run."""
    instances: Instances = "same"
    instance: int | None = None
    """That of all students, also on another machine; if None, that of the environment."""

    def run(self, job: Job) -> Outcome:
        """Autograde in this process; the student's code runs in a kernel of its own."""
        settings = nbgrader_config(job.workspace)
        settings.Execute.timeout = self.cell_timeout
        settings.JudgingExecute.instances = self.instances
        settings.JudgingExecute.common_instance = self.instance
        return autograde(settings, job)


def autograde(settings: Config, job: Job) -> Outcome:
    """Let nbgrader execute and score one submission with these settings."""
    from nbgrader.converters import Autograde

    return _start(Autograde, settings, job.assignment, job.student)


def register(workspace: Path, assignment: str) -> Outcome:
    """Store an assignment in the gradebook and write its student version to ``release``."""
    from nbgrader.converters import GenerateAssignment

    return _start(GenerateAssignment, nbgrader_config(workspace), assignment)


def nbgrader_config(workspace: Path) -> Config:
    """The settings of nbgrader for a workspace; each line answers a measured failure."""
    c = Config()
    c.CourseDirectory.root = str(workspace)
    # Writers wait for each other instead of failing with "database is locked".
    c.CourseDirectory.db_url = gradebook_url(workspace)
    # A graceful shutdown waits for the interpreter's teardown: a fifth of the whole time.
    c.Execute.shutdown_kernel = "immediate"
    # Scores are decided outside of the process in which a student's code runs.
    c.Autograde.autograde_preprocessors = list(AUTOGRADE_STEPS)
    c.JudgingExecute.secret_file = str(workspace / SECRET_FILE)
    # Seeds and suspicions are no feedback.
    c.CourseDirectory.ignore = [*IGNORED, VERDICT_FILES]
    # A deleted test cell would otherwise have no score at all.
    c.OverwriteCells.add_missing_cells = True
    # Text on stderr, such as a warning, would score zero; what counts is what a cell raises.
    c.IgnorePattern.enabled = True
    c.IgnorePattern.pattern = ANY_TEXT
    # A rubric may stand in any locked text cell, not only in a "task" with a score of its own.
    c.ClearMarkScheme.enforce_metadata = False
    # Silences a warning of the kernel about unencrypted local connections.
    c.KernelManager.transport_encryption = "auto"
    return c


def gradebook_url(workspace: Path) -> str:
    """The address of a workspace's gradebook, absolute because nbgrader changes folders."""
    return f"sqlite:///{workspace / 'gradebook.db'}?timeout=60"


def scripts_first_on_path() -> None:
    """Let nbgrader find ``alembic``, which it starts by name when it makes a gradebook."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])


def _start(converter: Any, settings: Config, assignment: str, student: str = "*") -> Outcome:
    from nbgrader.coursedir import CourseDirectory

    scripts_first_on_path()
    kept = _Log()
    log = logging.Logger("nbgrader", logging.INFO)
    log.addHandler(kept)
    folder = CourseDirectory(config=settings, log=log)
    folder.assignment_id, folder.student_id = assignment, student
    app = converter(coursedir=folder, config=settings, log=log)
    app.force = True
    try:
        with warnings.catch_warnings():
            # Remarks of nbgrader's libraries on each other: where warnings are errors, they
            # would fail a submission for what it did not do.
            warnings.simplefilter("ignore")
            app.start()
    except (Exception, SystemExit) as error:  # nothing in a submission may stop the batch
        return Outcome(kept.reason() or f"{type(error).__name__}: {error}", kept.text())
    return Outcome(log=kept.text())


class _Log(logging.Handler):
    """Keeps what nbgrader says; its exceptions only point at the log."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def text(self) -> str:
        return "".join(f"[{r.levelname}] {r.getMessage()}\n" for r in self.records)

    def reason(self) -> str | None:
        """The most telling line: the end of a traceback, or else the first error."""
        errors = [r.getMessage() for r in self.records if r.levelno >= logging.ERROR]
        for message in errors:
            if "Traceback" in message:
                return _last_line(message)
        return errors[0] if errors else None


def _last_line(traceback: str) -> str:
    return [line for line in traceback.splitlines() if line.strip()][-1].strip()


def read_secret(path: Path) -> bytes:
    """The secret of a grading run, from which fresh inputs are drawn; made if there is none.

    Whoever grades again with the same file asks the same questions.
    """
    if not path.exists():
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(name, path)
        os.unlink(name)
    return bytes.fromhex(path.read_text(encoding="ascii"))
