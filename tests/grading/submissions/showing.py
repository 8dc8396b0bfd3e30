"""What would act on whoever reads it: HTML and JavaScript, and characters that hide text."""

from checked_course import WRONG
from nbformat.v4 import new_code_cell, new_markdown_cell

from submissions.making import Entry, Expected, answer, before, notebook

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)><iframe srcdoc='<b>'></iframe>"


def _text(found):
    text = f"{SCRIPT}\n\n[click](javascript:alert(1))\n\n$$\\href{{javascript:alert(1)}}{{x}}$$"
    found.cells.insert(0, new_markdown_cell(text, id="text"))
    found.cells[2].source = WRONG + f'\n# "</pre>{SCRIPT}'


def _attachment(found):
    cell = new_markdown_cell("![x](attachment:x.svg)", id="x")
    cell["attachments"] = {"x.svg": {"image/svg+xml": "PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIi8+"}}
    found.cells.append(cell)
    found.cells.append(new_code_cell(f"raise ValueError({SCRIPT!r})", id="error"))


ENTRIES = (
    Entry(
        "HTML",
        "shows HTML, JavaScript, SVG and LaTeX",
        before(f"""
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
text = {SCRIPT!r}
display(HTML(text), Javascript("alert(1)"), Latex(text), Markdown(text))
display({{"image/svg+xml": "<svg onload='alert(1)'/>", "image/png": text}}, raw=True)
print("shown", text)
"""),
        Expected(shown=("shown <script>",)),
    ),
    Entry("HTML in text", "puts scripts into text and answers", notebook(_text), Expected((0, 2))),
    Entry(
        "HTML in errors",
        "puts scripts into errors",
        answer(f"""
def welch_bound(n, d): raise ValueError({SCRIPT!r})
"""),
        Expected((0, 2)),
    ),
    Entry("attachments", "attaches a picture that runs", notebook(_attachment), Expected()),
    Entry(
        "hidden characters",
        "reorders text and steers a terminal",
        answer("""
def welch_bound(n, d): raise ValueError("\\x1b[2J\\u202e right")
"""),
        Expected((0, 2)),
    ),
    Entry(
        "widgets",
        "opens widgets and channels",
        before("""
import ipywidgets
from ipykernel.comm import Comm
display(ipywidgets.HTML("<script>alert(1)</script>"))
Comm(target_name="jupyter.widget", data={}).send({"x": 1})
print("opened")
"""),
        Expected(shown=("opened",)),
    ),
)
