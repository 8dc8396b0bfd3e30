"""A notebook stores each widget as HTML above the live view, and never much of it."""

import json

import pytest
import torch
from reading_cases import small_reading

from interp_course.circuits import EMBED, LOGITS
from interp_course.scrubbing import SAME, Edge, Node
from interp_course.widgets import (
    AttentionExplorer,
    FeatureDashboard,
    HypothesisTree,
    PatchingMap,
    SteeringSlider,
    SuperpositionViewer,
    attention_heads,
    colored_tokens,
    described,
)

TOKENS = ["a long token"] * 256
STEPS = [float(i) for i in range(101)]
BELOW = [Edge("in", Node(EMBED, SAME, name=f"the words, part {i}")) for i in range(199)]
LARGEST = {
    "explorer": lambda: AttentionExplorer(TOKENS, torch.full((12, 12, 256, 256), 1 / 256)),
    "slider": lambda: SteeringSlider(
        "It was", STEPS, [40 * " word"] * 101, {f"word {i}": [0.05] * 101 for i in range(12)}
    ),
    "viewer": lambda: SuperpositionViewer(torch.rand(60, 2, 12), STEPS[:60]),
    "dashboard": lambda: FeatureDashboard(small_reading()),
    "tree": lambda: HypothesisTree(Node(LOGITS, SAME, BELOW)),
    "map": lambda: PatchingMap(torch.rand(64, 16), TOKENS[:16]),
    "tokens": lambda: colored_tokens(TOKENS * 4, torch.rand(1024)),
    "heads": lambda: attention_heads(TOKENS, torch.full((144, 256, 256), 1 / 256)),
}
"""As large as each kind can be, or as a text and a model of 144 heads make it."""


@pytest.fixture(scope="module", params=LARGEST)
def stored(request: pytest.FixtureRequest) -> list[dict]:
    """The outputs that a notebook stores of one widget."""
    outputs: list[dict] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(described, "display", lambda data, raw: outputs.append(data))
        LARGEST[request.param]()._ipython_display_()
    return outputs


def test_the_html_is_an_output_above_the_live_view(stored):
    above, below = stored
    assert set(above) == {"text/plain", "text/html"}
    assert set(below) == {"application/vnd.jupyter.widget-view+json"}


def test_the_html_can_be_told_from_other_outputs_by_its_class(stored):
    assert stored[0]["text/html"].startswith('<div class="course-static">')


def test_even_the_largest_widget_is_stored_in_less_than_300_kib(stored):
    assert 500 < len(json.dumps(stored)) < 300 * 1024
