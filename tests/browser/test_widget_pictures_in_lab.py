"""What is drawn in a widget lies where its words say, and follows the mouse."""

import pytest
from labserver import Visit
from widgetpage import shown

pytestmark = pytest.mark.browser

SETUP = """
import torch
from interp_course.widgets import AttentionExplorer, SuperpositionViewer
patterns = torch.ones(1, 1, 4, 4).tril()
explorer = AttentionExplorer(list("abcd"), patterns / patterns.sum(-1, keepdim=True))
up_and_right = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
viewer = SuperpositionViewer(torch.stack([up_and_right, up_and_right]), [0.1, 0.2])
"""


@pytest.fixture(scope="module")
def page(shared_visit: Visit):
    return shown(shared_visit, "pictures.ipynb", "# Pictures", SETUP, "explorer", "viewer")


@pytest.mark.parametrize("row", range(4))
def test_hovering_over_the_map_of_a_head_chooses_the_token_of_that_row(page, row: int):
    explorer = page.locator(".attention-explorer")
    canvas = explorer.get_by_role("img", name="Pattern of head L0.H0")
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] / 2, "y": (row + 0.5) * box["height"] / 4})
    assert explorer.get_by_role("status").inner_text().startswith(f"L0.H0: token {row} ")


def test_the_marked_row_of_the_map_is_that_of_the_chosen_token(page):
    explorer = page.locator(".attention-explorer")
    explorer.get_by_role("option").nth(2).hover()
    canvas = explorer.get_by_role("img", name="Pattern of head").bounding_box()
    middle = explorer.locator(".frame .row").bounding_box()
    share = (middle["y"] + middle["height"] / 2 - canvas["y"]) / canvas["height"]
    assert share == pytest.approx(2.5 / 4, abs=0.02)


def test_weights_are_painted_where_they_belong(page):
    canvas = page.locator(".attention-explorer").get_by_role("img", name="Pattern of head")
    red = canvas.evaluate("""(canvas) => {
      const {data} = canvas.getContext('2d').getImageData(0, 0, 4, 4);
      return [...Array(16).keys()].map((i) => data[4 * i]);
    }""")
    assert red[0] == max(red)  # the first token gives all to itself, and yellow is brightest
    assert [red[i] == min(red) for i in range(16)] == [i % 4 > i // 4 for i in range(16)]


def test_arrows_point_where_their_angles_say(page):
    viewer = page.locator(".superposition-viewer")
    tips = [
        [float(line.get_attribute(name)) for name in ("x2", "y2")]
        for line in viewer.locator(".arrow line").all()
    ]
    angles = [row.split()[-1] for row in viewer.locator("tbody tr").all_inner_texts()]
    assert angles == ["90°", "0°"]
    assert tips[0] == pytest.approx([0.0, -abs(tips[0][1])], abs=1e-6)  # SVG counts downwards
    assert tips[1] == pytest.approx([abs(tips[1][0]), 0.0], abs=1e-6)
