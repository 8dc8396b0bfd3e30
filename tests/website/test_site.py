"""The site that students may browse: whole, silent, and without answers."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("myst_nb", reason="the site needs pip install 'interp-course[site]'")

from website import building, checking, mathml, pages  # noqa: E402

UNIT = "course/02_superposition/superposition"


def build(out):
    command = [sys.executable, "-m", "website", str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "site"
    done = build(out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture
def copy(site, tmp_path):
    return shutil.copytree(site, tmp_path / "copy")


def page(site, name):
    return (site / f"{name}.html").read_text("utf-8")


def test_every_notebook_and_page_of_a_release_is_in_it(site):
    wanted = {Path(path).with_suffix(".html") for path in pages.pages(ROOT)}
    assert len(wanted) > 15
    assert [path for path in wanted if not (site / path).exists()] == []


def test_it_is_whole_and_asks_for_nothing_from_elsewhere(site):
    assert checking.problems(site, ROOT) == []


def test_it_holds_no_notebook_and_no_source(site):
    assert [p for p in site.rglob("*") if p.suffix in {".ipynb", ".md", ".py", ".toml"}] == []


def test_formulas_are_drawn_by_the_browser(site):
    text = page(site, UNIT)
    assert text.count("<math") > 20
    assert not any("mathjax" in name.lower() for name in checking.Page(text).loaded)
    assert not re.search(r"\$\$|\\frac", checking.Page(text).text)


def test_hints_are_folded_and_boxes_are_quotations(site):
    assert "<details>" in page(site, UNIT)
    assert re.search(r"<blockquote>\s*<div><p><strong>Correction to a ", page(site, UNIT))


def test_a_term_of_a_unit_leads_to_its_entry_and_that_to_its_source(site):
    assert '../../docs/glossary.html#welch-bound"' in page(site, UNIT)
    assert 'href="bibliography.html#welch1974"' in page(site, "docs/glossary")
    assert 'id="welch1974"' in page(site, "docs/bibliography")


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ('<a href="nowhere.html">x</a>', "link nowhere.html leads nowhere"),
        ('<a href="docs/glossary.html#nothing">x</a>', "leads to no heading"),
        ('<img src="a.png" alt="x">', "load a.png, which is missing"),
        ('<img src="_static/file.png">', "1 images have no alt text"),
        ('<script src="https://example.org/a.js"></script>', "from elsewhere"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "from elsewhere"),
        ("<pre>### BEGIN <b>SOLUTION</b></pre>", "'BEGIN SOLUTION'"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(copy, added, message):
    front = copy / "index.html"
    front.write_text(front.read_text("utf-8").replace("</body>", f"{added}</body>"), "utf-8")
    [problem] = checking.problems(copy, ROOT)
    assert message in problem
    assert "index.html" in problem


def test_an_answer_is_found_through_the_colours_of_the_code(copy):
    source = (ROOT / "solutions/02_superposition/superposition.py").read_text("utf-8")
    answer = source.split("BEGIN SOLUTION\n")[1].splitlines()[0].strip()
    coloured = "".join(f"<span>{part}</span>" for part in re.split(r"(?=\W)", answer))
    front = copy / "index.html"
    front.write_text(f"<pre>{coloured}</pre>", "utf-8")
    assert any("of an answer" in problem for problem in checking.problems(copy, ROOT))


def test_a_site_takes_the_place_of_an_earlier_one_only(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(building.SiteError, match="holds something else than a site"):
        building.build({}, tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_command_that_cannot_be_converted_stops_the_build():
    with pytest.raises(mathml.ExtensionError, match=r"\\nosuchcommand"):
        mathml.mathml(r"x + \nosuchcommand y", block=False)


def test_every_entry_of_the_bibliography_is_a_heading_with_its_places():
    text = pages.sources((ROOT / "docs" / "bibliography.toml").read_text("utf-8"))
    assert "### elhage2022\n\nN. Elhage et al. (2022), *Toy Models of Superposition*." in text
    assert "[arXiv:2209.10652](https://arxiv.org/abs/2209.10652)" in text
