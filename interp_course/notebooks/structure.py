"""How every notebook of the course is laid out, as rules that a machine can check.

The rules are checked on the generated notebooks, because that is what students open. An
exercise runs from ``### Exercise N · title`` to the next heading of level 2 or 3, and its
cells are always: task, solution, look (one or more), self-check, hints, graded cell. After
that may come text and code that show what the exercise was good for. An exercise that is
answered in words (`words`) has a task with a rubric, and the answer.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interp_course.notebooks import words
from interp_course.notebooks.files import Target, from_text, targets
from interp_course.notebooks.outputs import IGNORED_BY_NBVAL, tags

MOST_CELLS = 80
MOST_CELLS_OF_START = 20
MOST_CODE_LINES = 30
MOST_TEXT_LINES = 25
LEAST_COMPARED = 0.4
LARGEST_STUDENT = 200 * 2**10
LARGEST_SOLUTION = 2 * 2**20
SELF_CHECK = "self-check"
STUB = "raise NotImplementedError()"

EXERCISE = re.compile(r"### Exercise (\d+) · \S")
QUIZ = re.compile(r"### Quiz\b")
HEADING = re.compile(r"^(#+) .*", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
POINTS = re.compile(r"\b(\d+) points?\b")
IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r"""\balt\s*=\s*(["']).+?\1""", re.IGNORECASE | re.DOTALL)
NBVAL_COMMENT = re.compile(r"^\s*#+\s*(NBVAL_IGNORE_OUTPUT|NBVAL_SKIP)\s*$", re.MULTILINE)
NOT_RENDERED = {"a `> [!` call-out": r"^\s*> \[!", "a footnote": r"\[\^\w+\]"}

PARTS = {
    "t": "task",
    "s": "solution",
    "l": "look",
    "c": "self-check",
    "h": "hints",
    "g": "graded",
    "r": "task with a rubric",
    "a": "answer in words",
    "m": "text",
    "?": "a cell that is both solution and graded",
}
ANATOMY = re.compile(r"(tsl+chg|ra)[mhl]*")


def lint(root: Path, name: str | None = None) -> list[str]:
    """Where the generated notebooks break the rules, one line each; empty if nowhere.

    Args:
        root: The folder of the course.
        name: A unit's slug or folder, or ``START_HERE``; everything if None.
    """
    found: list[str] = []
    for target in targets(root, name):
        if not (target.solution.exists() and target.student.exists()):
            found.append(f"{target.name} is not built: run `{target.command}`")
            continue
        solution, student = (
            from_text(path.read_text(encoding="utf-8"))
            for path in (target.solution, target.student)
        )
        problems = [*_sizes(target), *lint_notebook(solution), *_stubs(student.cells)]
        problems += _unit(solution.cells, target) if target.unit else _start(solution.cells)
        found += [f"{target.source.name}: {problem}" for problem in problems]
    return found


def lint_notebook(notebook: Any) -> list[str]:
    """The rules that need nothing but the executed notebook."""
    rules = (
        _lengths, _title, _grade_ids, _exercises, _compared, _semicolons, _images, _rendered,
        _silent, words.rules,
    )  # fmt: skip
    return [problem for rule in rules for problem in rule(notebook.cells)]


def _sizes(target: Target) -> Iterator[str]:
    for path, most in ((target.solution, LARGEST_SOLUTION), (target.student, LARGEST_STUDENT)):
        size = path.stat().st_size
        if size >= most:
            kind = "student" if path == target.student else "reference"
            yield f"the {kind} notebook has {size // 1024} KiB; allowed are {most // 1024} KiB"


def _lengths(cells: list[Any]) -> Iterator[str]:
    if len(cells) > MOST_CELLS:
        yield f"there are {len(cells)} cells; allowed are {MOST_CELLS}"
    for cell in cells:
        lines = len(cell.source.splitlines())
        most = MOST_CODE_LINES if cell.cell_type == "code" else MOST_TEXT_LINES
        if lines > most:
            yield f"the cell {cell.id!r} has {lines} lines; allowed are {most}"


def _headings(cell: Any, *levels: int) -> list[str]:
    """The headings of these levels in a cell."""
    if cell.cell_type != "markdown":
        return []
    found = HEADING.finditer(FENCE.sub("", cell.source))
    return [heading.group() for heading in found if len(heading[1]) in levels]


def _title(cells: list[Any]) -> Iterator[str]:
    titles = sum(len(_headings(cell, 1)) for cell in cells)
    if titles != 1:
        yield f"there are {titles} headings of level 1 (`# `); there should be one"


def _grade_ids(cells: list[Any]) -> Iterator[str]:
    ids = Counter(cell.metadata.nbgrader.grade_id for cell in cells if "nbgrader" in cell.metadata)
    for grade_id, count in ids.items():
        if count > 1:
            yield f"the grade_id {grade_id!r} is used {count} times"


def _sections(cells: list[Any]) -> list[tuple[str, list[Any]]]:
    """The cells, cut before each cell with a heading of level 2 or 3, and the last such heading."""
    sections: list[tuple[str, list[Any]]] = [("", [])]
    for cell in cells:
        headings = _headings(cell, 2, 3)
        if headings:
            sections.append((headings[-1], []))
        sections[-1][1].append(cell)
    return sections


def _exercises(cells: list[Any]) -> Iterator[str]:
    number = 0
    for heading, section in _sections(cells):
        exercise = EXERCISE.match(heading)
        if exercise:
            number += 1
            yield from _exercise(section, int(exercise[1]), number)
        elif QUIZ.match(heading):
            if not any(_role(cell) == "g" for cell in section):
                yield "the quiz has no graded cell"
        else:
            for cell in section:
                if _role(cell) in "sga?":
                    yield f"the cell {cell.id!r} is graded, but in no exercise and in no quiz"


def _exercise(section: list[Any], given: int, number: int) -> Iterator[str]:
    if given != number:
        yield f"Exercise {given} should have the number {number}"
    first = "r" if words.has_rubric(section[0]) else "t"
    letters = first + "".join(map(_role, section[1:]))
    if not ANATOMY.fullmatch(letters):
        yield (
            f"Exercise {given} consists of {', '.join(PARTS[letter] for letter in letters)}; it "
            "should be task, solution, look (one or more), self-check, hints, graded; or, "
            "in words, task with a rubric, answer"
        )
    stated = POINTS.search(section[0].source)
    points = _points(section)
    if stated and int(stated[1]) != points:
        yield f"Exercise {given} says {stated.group()} and is graded with {points}"


def _role(cell: Any) -> str:
    """The letter of what a cell is in an exercise."""
    if cell.cell_type != "code":
        text = "r" if words.has_rubric(cell) else "h" if "<details" in cell.source else "m"
        return "a" if words.is_answer(cell) else text
    grader = cell.metadata.get("nbgrader", {})
    if grader.get("solution"):
        return "?" if grader.get("grade") else "s"
    if grader.get("grade"):
        return "g" if grader.get("locked") else "?"
    return "c" if SELF_CHECK in tags(cell) else "l"


def _points(cells: list[Any]) -> int | float:
    return sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in cells)


def _compared(cells: list[Any]) -> Iterator[str]:
    """At least a share of the code cells must show text that nbval really compares."""
    code = [cell for cell in cells if cell.cell_type == "code" and cell.source.strip()]
    compared = [cell for cell in code if is_compared(cell)]
    if len(compared) < LEAST_COMPARED * len(code):
        yield (
            f"nbval compares the output of {len(compared)} of {len(code)} code cells; "
            f"at least {LEAST_COMPARED:.0%} should print something that is the same in each run"
        )


def is_compared(cell: Any) -> bool:
    """Whether nbval compares anything in a code cell (it looks at no pictures)."""
    if IGNORED_BY_NBVAL & set(tags(cell)) or NBVAL_COMMENT.search(cell.source):
        return False
    return cell.execution_count is not None and any(
        not any(kind.startswith("image/") for kind in output.get("data", {}))
        for output in cell.outputs
    )


def _semicolons(cells: list[Any]) -> Iterator[str]:
    """Without history, as nbval runs cells, IPython does not honour a last ``;``."""
    for cell in cells:
        if cell.source.rstrip().endswith(";") and not IGNORED_BY_NBVAL & set(tags(cell)):
            yield f"the cell {cell.id!r} ends in `;`, which nbval ignores: write `_ = ...` instead"


def _shown(cell: Any) -> str:
    """The text a cell shows to a reader, apart from code."""
    if cell.cell_type != "code":
        return cell.source
    return "\n".join(str(output.get("data", {}).get("text/html", "")) for output in cell.outputs)


def _images(cells: list[Any]) -> Iterator[str]:
    for cell in cells:
        text = _shown(cell)
        without = [tag for tag in IMAGE.findall(text) if not ALT.search(tag)]
        if without or (cell.cell_type != "code" and "![](" in text):
            yield f"the cell {cell.id!r} shows an image without alt text"


def _rendered(cells: list[Any]) -> Iterator[str]:
    for cell in cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", cell.source))
            for name, pattern in NOT_RENDERED.items():
                if re.search(pattern, text, re.MULTILINE):
                    yield f"the cell {cell.id!r} has {name}, which JupyterLab does not render"


def _silent(cells: list[Any]) -> Iterator[str]:
    for cell in cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr":
                first = output.text.strip().splitlines()[0]
                yield f"the cell {cell.id!r} shows a warning: {first}"


def _stubs(cells: list[Any]) -> Iterator[str]:
    """In the student's notebook every solution cell asks for an answer."""
    for cell in cells:
        stub = {"s": STUB, "a": words.ANSWER_STUB}.get(_role(cell), "")
        if stub not in cell.source:
            yield f"the student's cell {cell.id!r} has no place to fill in"


def _unit(cells: list[Any], target: Target) -> Iterator[str]:
    assert target.unit is not None
    points = _points(cells)
    if points != target.unit.points:
        yield f"the graded cells give {points} points, the manifest says {target.unit.points}"
    by_hand = words.points_by_hand(cells)
    if by_hand != target.unit.by_hand:
        yield (
            f"answers in words give {by_hand} points, the manifest says {target.unit.by_hand} "
            "(`by_hand`)"
        )
    headings = [heading for heading, _ in _sections(cells)]
    for kind, pattern in {"### Exercise 1 · title": EXERCISE, "### Quiz": QUIZ}.items():
        if not any(pattern.match(heading) for heading in headings):
            yield f"there is no section `{kind}`"


def _start(cells: list[Any]) -> Iterator[str]:
    if len(cells) > MOST_CELLS_OF_START:
        yield f"there are {len(cells)} cells; allowed are {MOST_CELLS_OF_START}"
