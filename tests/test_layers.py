"""Imports inside the package only ever point down, and heavy or visual libraries stay put."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import interp_course

ROOT = Path(interp_course.__file__).parent
LAYERS = [  # bottom first; a module imports from layers below its own, or from its own package
    {"runtime", "assets", "comparing", "course", "workers"},
    {
        "sequences",
        "training",
        "hooks",
        "circuits",
        "disguise",
        "collectives",
        "synthetic",
        "toy_models",
    },
    {"world", "progress"},
    {"models"},
    {
        *("compiled", "attention", "head_weights", "ablation", "directions", "superposition"),
        "scrubbing",
    },
    {"sae", "sae_truth", "activation_buffer"},
    {
        *("probing", "steering", "phases", "clamping", "patching"),
        *("sae_training", "sae_metrics", "sae_probing", "sae_reading"),
    },
    {"recipes", "dictionaries", "training_faults"},
    {"picture"},
    {"figure_inputs", "drawing"},
    {"figures", "widgets"},
    {"course_map"},
    {"checking"},
    {"quizzes"},
    {"checks"},
    {"notebooks", "train_commands"},
    {"grading", "answers", "releasing"},
    {"verify", "doctor", "bench"},
    {"terminal"},
    {"grade_command", "progress_command"},
    {"cli"},
    {"__main__"},
]
LEVEL = {module: level for level, layer in enumerate(LAYERS) for module in layer}
FORBIDDEN = {  # although it would point down
    "checks": {  # an oracle is independent
        *("attention", "head_weights", "ablation", "directions", "probing", "steering", "recipes"),
        *("superposition", "phases", "patching"),
        *("sae", "sae_training", "sae_metrics", "sae_truth", "sae_probing", "activation_buffer"),
        *("sae_reading", "clamping", "dictionaries", "training_faults", "scrubbing"),
    },
    "notebooks": {"models"},  # builds text, needs no torch
}
MEASURED_WITH = {  # a claim is judged by scrubbing it; that it is true is known from the weights
    f"checks/causal_scrubbing/{name}.py": {"scrubbing"}
    for name in ("hypotheses", "pitfalls", "ranking", "arrivals", "tables")
}
ONLY_IN = {  # outside library: the modules that may import it
    "transformer_lens": {"models", "head_weights", "bench"},
    "sklearn": {"probing", "superposition", "sae_probing"},
    "matplotlib": {"drawing", "figures"},
    "IPython": {"picture", "widgets"},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
    "circuitsvis": {"widgets"},
    "traitlets": {"widgets", "notebooks", "grading"},
    "jupyter_client": {"doctor", "grading"},
    "nbformat": {"notebooks", "grading", "verify", "bench"},
    "nbclient": {"notebooks", "grading"},
    "jinja2": {"grading"},
    "markupsafe": {"grading"},
    "jupytext": {"notebooks"},
    "nbgrader": {"notebooks", "grading", "bench"},
    "cloudpickle": {"grading"},
    "typer": {
        "train_commands",
        "terminal",
        "grade_command",
        "progress_command",
        "cli",
        "bench",
        "releasing",
    },
    "rich": {"terminal", "grade_command", "progress_command", "cli", "grading", "bench"},
}
HEAVY = [
    *("torch", "transformer_lens", "transformers", "sklearn"),
    *("nbgrader", "matplotlib", "IPython"),
]
FILES = sorted(ROOT.rglob("*.py"))


def module(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported(source: str) -> set[str]:
    """Full names of what is imported anywhere in a file, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where an arrow points"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def inside(source: str) -> set[str]:
    """The modules of the package among them."""
    return {name.split(".")[1] for name in imported(source) if name.startswith("interp_course.")}


def faults(me: str, source: str, excused: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """What is wrong with the imports of a module."""
    if me not in LEVEL:
        return [f"{me} is in no layer: add it to LAYERS"]
    others = inside(source) - {me}
    up = {o for o in others if LEVEL.get(o, 99) >= LEVEL[me]} | others & FORBIDDEN.get(me, set())
    up -= excused
    outside = {name.split(".")[0] for name in imported(source)}
    strange = {name for name in outside if name in ONLY_IN and me not in ONLY_IN[name]}
    return [f"{me} may not import {name}" for name in sorted(up | strange)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    if path != ROOT / "__init__.py":
        excused = MEASURED_WITH.get(path.relative_to(ROOT).as_posix(), set())
        assert faults(module(path), path.read_text(), excused) == []


@pytest.mark.parametrize(
    ("me", "source"),
    [
        ("attention", "def f():\n    from interp_course.figures import lines"),
        ("runtime", "from interp_course import assets"),
        ("attention", "import interp_course.ablation"),
        ("checks", "from interp_course import attention"),
        ("attention", "import matplotlib.pyplot as plt"),
        ("compiled", "from transformer_lens.model_bridge import TransformerBridge"),
        ("unheard_of", ""),
    ],
)
def test_an_arrow_that_points_up_or_sideways_is_found(me, source):
    assert len(faults(me, source)) == 1


def test_every_layer_lists_modules_that_exist():
    assert set(LEVEL) == {module(path) for path in FILES} - {"__init__"}


def test_the_package_itself_imports_nothing():
    assert imported((ROOT / "__init__.py").read_text()) == set()


def test_head_weights_takes_nothing_from_transformer_lens_but_factored_matrix():
    names = imported((ROOT / "head_weights.py").read_text())
    lens = {name for name in names if name.startswith("transformer_lens")}
    assert lens == {"transformer_lens.FactoredMatrix"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_hook_names_are_spelled_in_one_file_and_in_oracles(path):
    if module(path) not in ("hooks", "checks"):
        texts = [n.value for n in ast.walk(ast.parse(path.read_text())) if is_text(n)]
        assert [t for t in texts if t.startswith("blocks.") or "hook_" in t] == []


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def heavy_after(name: str) -> str:
    code = f"import sys, {name}; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.mark.parametrize("name", ["", ".cli", ".course", ".notebooks", ".doctor"])
def test_what_the_command_line_needs_at_once_is_light(name):
    assert heavy_after(f"interp_course{name}") == ""


def test_a_heavy_import_would_be_seen():
    assert heavy_after("interp_course.runtime") == "torch"
