"""Points in a plane keep their places, their names and their markers."""

import io

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from interp_course import figures

WORDS = {"x_label": "first", "y_label": "second", "title": "Apart", "alt": "Two clouds."}
PAIRS = [[0.0, 0.0], [1.0, 2.0]]


def scatter(groups=None, **options) -> figures.Picture:
    return figures.scatter(groups or {"a": PAIRS}, **WORDS | options)


def cloud(n: int, spread: float = 1.0) -> torch.Tensor:
    return spread * torch.randn(n, 2, generator=torch.Generator().manual_seed(n))


def labels(figure: Figure) -> list[Text]:
    return [text for text in figure.axes[0].texts if text.get_text()]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in labels(figure)]


def boxes(figure: Figure) -> list[Bbox]:
    """Where the words are, without the lines that lead to them."""
    return [Text.get_window_extent(text) for text in labels(figure)]


def test_points_are_where_the_data_say(drawn):
    scatter({"a": torch.tensor(PAIRS)})
    assert drawn[0].axes[0].lines[0].get_xydata().tolist() == PAIRS


@pytest.mark.parametrize("n", [30, 400])
def test_every_point_is_drawn_once(drawn, n):
    group = cloud(n)
    scatter({"a": group, "b": group + 5})
    found = np.concatenate([line.get_xydata() for line in drawn[0].axes[0].lines])
    both = np.concatenate([group, group + 5])
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(both, axis=0), atol=1e-6)


@pytest.mark.parametrize("look", ["get_marker", "get_color"])
def test_seven_groups_have_markers_and_colours_of_their_own(drawn, look):
    scatter({str(i): cloud(5) + i for i in range(7)})
    assert len({getattr(line, look)() for line in drawn[0].axes[0].lines}) == 7


def test_groups_are_named_as_they_are_written(drawn):
    scatter({"_a $x$": PAIRS, "b": PAIRS})
    texts = drawn[0].axes[0].get_legend().get_texts()
    assert [text.get_text() for text in texts] == ["_a $x$", "b"]


def test_one_group_needs_no_legend(drawn):
    scatter({"a": PAIRS})
    assert drawn[0].axes[0].get_legend() is None


def test_words_beside_points_are_in_the_order_of_the_groups(drawn):
    scatter({"a": PAIRS, "b": PAIRS}, names=["p", "", "$q$", "r"])
    assert words(drawn[0]) == ["p", "$q$", "r"]


def test_words_may_be_given_for_some_groups_only(drawn):
    scatter({"a": PAIRS, "b": PAIRS}, names={"b": ["p", "q"]})
    assert words(drawn[0]) == ["p", "q"]


@pytest.mark.parametrize("equal", [False, True])
def test_words_do_not_cover_each_other(drawn, equal):
    scatter({"a": cloud(30)}, names=[f"word {i}" for i in range(30)], equal=equal)
    found = boxes(drawn[0])
    pairs = [(a, b) for i, a in enumerate(found) for b in found[:i]]
    common = [Bbox.intersection(a, b) for a, b in pairs]
    assert [box for box in common if box is not None and box.width * box.height > 1] == []


def test_words_stay_inside_the_axes(drawn):
    scatter({"a": cloud(30)}, names=["a rather long name"] * 30)
    frame = drawn[0].axes[0].get_window_extent().padded(1)
    assert all(frame.contains(*box.min) and frame.contains(*box.max) for box in boxes(drawn[0]))


def test_words_stand_near_their_points(drawn):
    scatter({"a": cloud(40, spread=0.01)}, names=["a longer name"] * 40)
    at = [drawn[0].axes[0].transData.transform(text.xy) for text in labels(drawn[0])]
    gaps = [np.clip(p, b.min, b.max) - p for p, b in zip(at, boxes(drawn[0]), strict=True)]
    assert np.linalg.norm(gaps, axis=1).max() < 45


def test_arrows_are_named_at_their_tips(drawn):
    scatter(arrows={"sentiment": (3.0, 1.0)})
    (label,) = labels(drawn[0])
    assert (label.get_text(), tuple(label.xy)) == ("sentiment", (3.0, 1.0))


def test_arrows_are_inside_the_picture(drawn):
    scatter(arrows={"long": (-30.0, 1.0)})
    assert drawn[0].axes[0].get_xlim()[0] < -30


def test_the_direction_of_an_arrow_shows():
    pictures = {scatter(arrows={"a": tip}).png for tip in ((1.0, 0.0), (0.0, 1.0))}
    assert len(pictures) == 2


def test_equal_axes_keep_angles(drawn):
    scatter({"a": [[0, 0], [9, 1]]}, equal=True)
    to_pixels = drawn[0].axes[0].transData
    (x0, y0), (x1, y1) = to_pixels.transform([(0, 0), (1, 1)])
    assert x1 - x0 == pytest.approx(y1 - y0)


def test_many_points_still_make_a_small_picture():
    assert len(scatter({"a": cloud(3000), "b": cloud(3000) + 1}).png) < 150_000


def test_no_group_hides_the_others():
    picture = scatter({"a": cloud(2000), "b": -cloud(2000)})
    pixels = np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB")).astype(int)
    blue, red = pixels[..., 2] - pixels[..., 0], pixels[..., 0] - pixels[..., 2]
    assert (blue > 60).sum() > 0.5 * (red > 60).sum()


@pytest.mark.parametrize("count", [0, 8])
def test_no_groups_and_too_many_are_refused(count):
    with pytest.raises(ValueError, match=f"groups must hold 1 to 7 groups, got {count}"):
        figures.scatter({str(i): PAIRS for i in range(count)}, **WORDS)


@pytest.mark.parametrize("group", [torch.zeros(2, 3), torch.zeros(1, 2, 2), [1.0, 2.0], []])
def test_what_is_not_a_list_of_pairs_is_refused_by_name(group):
    with pytest.raises(ValueError, match=r"groups\['a'\] must have"):
        scatter({"a": group})


def test_a_point_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match=r"groups\['a'\] has 1 values that are not finite"):
        scatter({"a": [[0.0, float("nan")]]})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["p"], "names has 1 entries, but groups hold 2 points"),
        ({"a": ["p"]}, r"names\['a'\] has 1 entries, but the group has shape \(2, 2\)"),
        ({"z": ["p", "q"]}, r"names are given for \['z'\], but groups are \['a'\]"),
    ],
)
def test_names_that_do_not_fit_the_points_are_refused(names, message):
    with pytest.raises(ValueError, match=message):
        scatter(names=names)


def test_too_many_words_are_refused():
    with pytest.raises(ValueError, match="hold 41 words, but at most 40"):
        scatter({"a": cloud(60)}, names=["p"] * 40 + [""] * 20, arrows={"up": (0.0, 1.0)})


def test_an_arrow_to_nowhere_is_refused():
    with pytest.raises(ValueError, match=r"arrows\['up'\] must be a pair .* not zero"):
        scatter(arrows={"up": (0.0, 0.0)})


@pytest.mark.parametrize("missing", ["title", "alt", "x_label", "y_label"])
def test_points_without_words_are_refused_by_name(missing):
    with pytest.raises(ValueError, match=f"^{missing} is empty"):
        scatter(**{missing: " "})
