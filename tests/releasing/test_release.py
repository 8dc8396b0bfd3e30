"""The release of this course: everything that students need, and no answer in any file."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import interp_course
from interp_course import course
from interp_course.releasing import making

ROOT = Path(interp_course.__file__).parents[1]
SOURCES = sorted((ROOT / "solutions").rglob("*.py"))
REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "for students"
    making.make(ROOT, folder)
    return folder


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        joined = ["".join(v for v in value if isinstance(v, str))]
        return joined + [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.fixture(scope="module")
def texts(released: Path) -> dict[str, str]:
    """All that can be read in each file, of notebooks without JSON's escapes."""
    files = {p.relative_to(released).as_posix(): p for p in released.rglob("*") if p.is_file()}
    found = {name: path.read_bytes().decode(errors="replace") for name, path in files.items()}
    for name in found:
        if name.endswith(".ipynb"):
            found[name] = "\n".join(strings(json.loads(found[name])))
    return found


def regions(kind: str) -> list[set[str]]:
    """The distinctive lines of each region in the sources; read without the course's own tools."""
    sources = [path.read_text(encoding="utf-8") for path in SOURCES]
    shown = "\n".join(REGION.sub("", text) for text in sources)
    found = [m[2] for text in sources for m in REGION.finditer(text) if m[1] == kind]
    lines = [{line.strip() for line in text.splitlines()} for text in found]
    return [{line for line in region if len(line) >= 12 and line not in shown} for region in lines]


def test_there_are_regions_to_look_for() -> None:
    assert len([region for region in regions("SOLUTION") if region]) > 50
    assert len([region for region in regions("HIDDEN TESTS") if region]) > 30


def test_no_line_of_a_solution_is_outside_the_package(texts: dict[str, str]) -> None:
    lines = set().union(*regions("SOLUTION"))
    outside = {n: text for n, text in texts.items() if not n.startswith("interp_course/")}
    assert [(name, line) for name, text in outside.items() for line in lines if line in text] == []


def test_no_file_of_the_package_has_more_than_two_lines_of_one_solution(
    texts: dict[str, str],
) -> None:
    wanted = [region for region in regions("SOLUTION") if len(region) > 2]
    inside = [text for name, text in texts.items() if name.startswith("interp_course/")]
    assert max(sum(line in text for line in r) for r in wanted for text in inside) <= 2


def test_no_line_of_a_hidden_test_is_anywhere(texts: dict[str, str]) -> None:
    lines = set().union(*regions("HIDDEN TESTS"))
    assert [(name, line) for name, text in texts.items() for line in lines if line in text] == []


def test_no_marker_of_a_solution_or_a_hidden_test_is_anywhere(texts: dict[str, str]) -> None:
    marker = re.compile("^[ \t]*### (BEGIN|END) ", re.MULTILINE)
    assert [name for name, text in texts.items() if marker.search(text)] == []


def test_no_notebook_has_an_output(released: Path) -> None:
    notebooks = [nbformat.read(path, as_version=4) for path in released.rglob("*.ipynb")]
    cells = [cell for nb in notebooks for cell in nb.cells if cell.cell_type == "code"]
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []


def test_the_notebooks_are_those_of_the_course(released: Path) -> None:
    units = [unit.student(ROOT) for unit in course.units(ROOT)]
    names = {path.relative_to(ROOT) for path in [*units, ROOT / "course" / "START_HERE.ipynb"]}
    assert {path.relative_to(released) for path in released.rglob("*.ipynb")} == names
    assert [n for n in names if (released / n).read_bytes() != (ROOT / n).read_bytes()] == []


def test_nothing_that_only_instructors_need_is_in_it(released: Path) -> None:
    on_top = {path.name for path in released.iterdir()}
    assert (
        on_top & {"solutions", "tests", ".git", ".ci", "CONTRIBUTING.md", "gradebook.db"} == set()
    )
    assert not (released / "docs" / "instructor.md").exists()


def test_every_file_of_the_package_is_in_it(released: Path) -> None:
    package = Path("interp_course")
    wanted = {p.relative_to(ROOT) for p in (ROOT / package).rglob("*.*") if p.suffix != ".pyc"}
    assert {path for path in wanted if not (released / path).exists()} == set()


def test_every_page_of_the_docs_is_for_students_or_known_to_be_for_instructors(
    released: Path,
) -> None:
    pages = {path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md")}
    kept = {page for page in pages if not (released / page).exists()}
    assert kept == {Path("docs/instructor.md"), Path("docs/grading.md")}


def test_every_link_in_a_text_leads_to_a_file(released: Path) -> None:
    broken = []
    for path in released.rglob("*.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
        broken += [(path.name, link) for link in links if not (path.parent / link).exists()]
    assert broken == []


def test_what_students_install_with_make_is_what_everyone_installs(released: Path) -> None:
    def recipe(makefile: Path) -> str:
        return makefile.read_text().partition(".venv/lab: ")[2].partition("touch")[0]

    assert recipe(released / "Makefile") == recipe(ROOT / "Makefile") != ""


def test_how_to_install_without_make_is_told_alike(released: Path) -> None:
    def told(readme: Path) -> str:
        text = readme.read_text(encoding="utf-8").partition("    python3 -m venv")[2]
        return text.partition("to mend what is wrong")[0]

    assert told(released / "README.md") == told(ROOT / "README.md") != ""


def test_the_release_alone_is_a_course_that_is_ready(released: Path) -> None:
    code = (
        "from interp_course import course, doctor; root = course.find_root(); print(root)\n"
        "print(course.overview(root).count('.ipynb'))\n"
        "print([i.name for i in [*doctor._course(), *doctor._weights()] if not i.ok])"
    )
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(released)!r})\n{code}"]
    done = subprocess.run(command, cwd=released, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(released), str(len(course.units(ROOT))), "[]"]
