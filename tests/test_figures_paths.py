"""Boxes in rows: each below what it needs, with a bar that says how much of it is done."""

import pytest

from interp_course.figures import Stop, paths

DIAMOND = [
    Stop("first", "10 min"),
    Stop("left", needs=(0,), share=0.25),
    Stop("right", needs=(0,)),
    Stop("last", needs=(1, 2), share=1.0),
]


def draw(stops):
    return paths(stops, title="A way", alt="Four boxes.")


def height(axes, name):
    return next(text.get_position()[1] for text in axes.texts if text.get_text() == name)


def test_a_box_stands_below_all_that_it_needs(drawn):
    draw(DIAMOND)
    first, left, right, last = (height(drawn[0].axes[0], stop.title) for stop in DIAMOND)
    assert first < left == right < last


def test_there_is_an_arrow_for_each_need(drawn):
    draw(DIAMOND)
    arrows = [text for text in drawn[0].axes[0].texts if getattr(text, "arrow_patch", None)]
    assert len(arrows) == 4


def test_the_bar_is_filled_as_far_as_the_share(drawn):
    draw(DIAMOND)
    boxes = drawn[0].axes[0].patches
    whole, filled = boxes[1::3], boxes[2::3]
    shares = [f.get_width() / w.get_width() for w, f in zip(whole, filled, strict=True)]
    assert shares == pytest.approx([0.0, 0.25, 0.0, 1.0])


def test_branches_do_not_cross(drawn):
    draw([Stop("a"), Stop("b", needs=(0,)), Stop("c", needs=(0,)), Stop("of c", needs=(2,)),
          Stop("of b", needs=(1,))])  # fmt: skip
    places = {t.get_text(): t.get_position()[0] for t in drawn[0].axes[0].texts}
    assert (places["of b"], places["of c"]) == (places["b"], places["c"])


def test_dollars_in_a_title_are_shown_as_they_are(drawn):
    draw([Stop("costs $5 or $6")])
    assert not drawn[0].axes[0].texts[0].get_parse_math()


def test_the_same_boxes_give_the_same_bytes():
    assert draw(DIAMOND).png == draw(DIAMOND).png


@pytest.mark.parametrize(
    ("stops", "message"),
    [
        ([Stop("a", needs=(0,))], "box 0 needs (0,); it may need boxes before it only"),
        ([Stop("a", needs=(-1,))], "it may need boxes before it only"),
        ([Stop(" ")], "the title of box 0 is empty"),
        ([Stop("a", share=1.5)], "the share of box 0 must be from 0 to 1, got 1.5"),
        ([], "got 0 with 0 in a row"),
        ([Stop("a")] * 4, "got 4 with 4 in a row"),
        ([Stop(str(i), needs=(i - 1,) if i else ()) for i in range(25)], "got 25 with 1 in a row"),
    ],
)
def test_boxes_that_cannot_be_drawn_are_refused(stops, message):
    with pytest.raises(ValueError, match="box") as caught:
        draw(stops)
    assert message in str(caught.value)
