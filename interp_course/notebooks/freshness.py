"""Do source, reference notebook and student notebook still belong together?

Fast: nothing is run. That the stored outputs are still what the code gives is nbval's part.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interp_course.notebooks import leaks
from interp_course.notebooks.building import student_version
from interp_course.notebooks.files import BuildError, Target, edited, from_text, targets
from interp_course.notebooks.outputs import MAY_RAISE, tags
from interp_course.notebooks.source import first_line, read_source


def check(root: Path, name: str | None = None) -> list[str]:
    """What is wrong with the generated notebooks, one line each; empty if nothing is.

    Looked at are: a source or a notebook that is missing; cells that differ from the source;
    notebooks edited by hand; cells that were not run or failed; a student notebook that is
    not what nbgrader makes of the reference now; answers, hidden tests and files that should
    not be in ``course/``.

    Args:
        root: The folder of the course.
        name: A unit's slug or folder, or ``START_HERE``; everything if None.
    """
    found = [problem for t in targets(root, name) for problem in _problems(t, root)]
    return found + ([] if name else [*_extra_files(root), *_leaked(root)])


def _problems(target: Target, root: Path) -> Iterator[str]:
    solution, student = (str(p.relative_to(root)) for p in (target.solution, target.student))
    try:
        source = read_source(target)
    except BuildError as error:
        yield str(error)
        return
    notebook = _read(target.solution)
    if notebook is None:
        yield f"{solution} is missing or no notebook: run `{target.command}`"
        return
    if edited(target.solution):
        yield _by_hand(solution, target)
    yield from _drift(source, notebook, solution, target)
    for cell in notebook.cells:
        problem = _not_run(cell)
        if problem:
            yield f"{solution}: the cell {cell.id!r} {problem}: run `{target.command}`"
    yield from _student(notebook, student, target, root)


def _student(notebook: Any, name: str, target: Target, root: Path) -> Iterator[str]:
    if _read(target.student) is None:
        yield f"{name} is missing or no notebook: run `{target.command}`"
    elif edited(target.student):
        yield _by_hand(name, target)
    else:
        try:
            expected = student_version(notebook, target, root)
        except BuildError as error:
            yield str(error)
            return
        if target.student.read_text(encoding="utf-8") != expected:
            yield f"{name} is not what nbgrader makes of the reference: run `{target.command}`"


def _by_hand(name: str, target: Target) -> str:
    return (
        f"{name} was edited by hand: move what should stay to {target.source.name}, "
        f"then run `{target.command} --force`"
    )


def _read(path: Path) -> Any:
    try:
        return from_text(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _drift(source: Any, notebook: Any, name: str, target: Target) -> Iterator[str]:
    """Compare cell by cell what the source says with what was built."""
    fields = ("id", "cell_type", "source", "metadata")
    wanted, built = (
        [{field: cell.get(field) for field in fields} for cell in nb.cells]
        for nb in (source, notebook)
    )
    if wanted == built:
        return
    pairs = zip(wanted, built, strict=False)
    place = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(wanted), len(built)))
    where = first_line(source.cells[place]) if place < len(wanted) else "the end"
    yield (
        f"{name} is older than {target.source.name} (they differ from cell {place + 1} on, "
        f"{where!r}): run `{target.command}`"
    )


def _not_run(cell: Any) -> str | None:
    if cell.cell_type != "code" or not cell.source.strip():
        return None
    if cell.execution_count is None:
        return "was not run, so nbval would compare nothing"
    raised = any(output.output_type == "error" for output in cell.outputs)
    if raised and MAY_RAISE not in tags(cell):
        return "shows an error"
    if MAY_RAISE in tags(cell) and not raised:
        return f"is tagged {MAY_RAISE} and raises nothing"
    return None


def _extra_files(root: Path) -> Iterator[str]:
    expected = {root / "course" / "course.toml", *(t.student for t in targets(root))}
    for path in leaks.files(root / "course"):
        if path not in expected:
            yield (
                f"{path.relative_to(root)} is in no manifest: move it out of course/, "
                "which is what students get"
            )


def _leaked(root: Path) -> Iterator[str]:
    """Look for the hidden lines of every source in every file that students get."""
    sources = {}
    for target in targets(root):
        try:
            sources[target.student] = (target, *leaks.split(read_source(target).cells))
        except BuildError:
            continue  # reported by _problems
    for path in leaks.files(root / "course"):
        own = sources[path][2] if path in sources else ""
        for target, hidden, shown in sources.values():
            for text in leaks.leaks(hidden, f"{shown}\n{own}", path):
                yield (
                    f"{path.relative_to(root)} contains {text!r}, hidden in {target.source.name}: "
                    f"delete it there, then run `{target.command} --force`"
                )
