"""What is taken out of stored outputs, on outputs made by hand."""

import re
import sys
from configparser import ConfigParser

import pytest
from nbformat.v4 import new_code_cell, new_output
from small_course import HERE

from interp_course.notebooks.outputs import normalise


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def display(**data):
    return new_output("display_data", {kind.replace("_", "/", 1): v for kind, v in data.items()})


def cell(*outputs, tags=()):
    return new_code_cell("f()", id="a", metadata={"tags": list(tags)}, outputs=list(outputs))


def widget(**data):
    output = display(text_plain="Slider()", **data)
    output.data["application/vnd.jupyter.widget-view+json"] = {"model_id": "1"}
    return output


def test_neighbouring_pieces_of_a_stream_become_one(tmp_path):
    made = cell(stream("a"), stream("b\n"), display(text_plain="x"), stream("c\n"), stream("d\n"))
    assert normalise([made], tmp_path) == []
    assert [output.get("text") for output in made.outputs] == ["ab\n", None, "c\nd\n"]


def test_a_progress_bar_between_two_prints_does_not_part_them(tmp_path):
    made = cell(stream("a\n"), stream("\r 50%|█  | 1/2 [00:01<00:01]", "stderr"), stream("b\n"))
    normalise([made], tmp_path)
    assert [output.text for output in made.outputs] == ["a\nb\n"]


@pytest.mark.parametrize(
    "bar",
    [
        "\r100%|████| 3/3 [00:00<00:00, 9.1it/s]\n",
        "\r7it [00:00, 31.3it/s]",
        "train:  5%|▌   | 1/20",
    ],
)
def test_a_warning_stays_when_the_bar_around_it_goes(tmp_path, bar):
    made = cell(stream(f"{bar}\nUserWarning: careful\n", "stderr"))
    assert normalise([made], tmp_path) == ["a"]
    assert made.outputs[0].text == "UserWarning: careful\n"


def test_a_percentage_in_a_warning_is_no_progress_bar(tmp_path):
    made = cell(stream("UserWarning: 5% of the values are missing\n", "stderr"))
    assert normalise([made], tmp_path) == []
    assert "5%" in made.outputs[0].text


def test_a_widget_goes_unless_it_has_html_to_show(tmp_path):
    made = cell(widget(), widget(text_html="<p>the figure</p>"), tags=["nbval-ignore-output"])
    normalise([made], tmp_path)
    [output] = made.outputs
    assert set(output.data) == {"text/plain", "text/html"}


def test_a_dropped_widget_must_be_ignored_by_nbval(tmp_path):
    assert normalise([cell(widget())], tmp_path) == ["a"]
    assert normalise([cell(widget(), tags=["nbval-ignore-output"])], tmp_path) == []


def test_a_widget_below_its_own_text_leaves_the_text_and_needs_no_tag(tmp_path):
    below = widget()
    del below.data["text/plain"]
    made = cell(display(text_markdown="Which?"), below)
    assert normalise([made], tmp_path) == []
    assert [output.data for output in made.outputs] == [{"text/markdown": "Which?"}]


def test_a_cell_can_ask_that_its_output_is_not_stored(tmp_path):
    made = cell(stream("24.5 GB free\n"), tags=["output-not-stored", "nbval-ignore-output"])
    assert normalise([made], tmp_path) == []
    assert made.outputs == []


def test_random_ids_are_numbered_in_order_through_the_notebook(tmp_path):
    first, second = "circuits-vis-1a2b3c4d-5e6f", "0f9e8d7c-1234-4abc-9def-0123456789ab"
    cells = [cell(display(text_html=f"<i id={text}>")) for text in (first, second, first)]
    normalise(cells, tmp_path)
    shown = [made.outputs[0].data["text/html"] for made in cells]
    assert shown[0] == shown[2] == "<i id=circuits-vis-00000000-0000>"
    assert shown[1] == "<i id=00000000-0000-4000-8000-000000000001>"


def test_the_folders_of_this_machine_are_taken_out(tmp_path):
    text = f"{tmp_path}/solutions/a.py and {sys.prefix}/lib/b.py"
    made = cell(stream(text), tags=["nbval-ignore-output"])
    normalise([made], tmp_path)
    assert made.outputs[0].text == "solutions/a.py and lib/b.py"


def test_a_path_in_a_traceback_needs_no_tag_because_nbval_skips_it(tmp_path):
    error = new_output("error", ename="E", evalue="e", traceback=[f"File {tmp_path}/a.py:3"])
    made = cell(error)
    assert normalise([made], tmp_path) == []
    assert made.outputs[0].traceback == ["File a.py:3"]


def test_pictures_are_left_alone(tmp_path):
    data = "iVBOR at 0x7f12345678ab 12345678-abcd"
    made = cell(display(image_png=data))
    normalise([made], tmp_path)
    assert made.outputs[0].data["image/png"] == data


@pytest.mark.parametrize(
    "text",
    ["<A at 0x7f12345678ab>", "id=1a2b3c4d-5e6f", "id=0f9e8d7c-1234-4abc-9def-0123456789ab"],
)
def test_what_is_stored_and_what_a_new_run_shows_look_the_same_to_nbval(tmp_path, text):
    config = ConfigParser(interpolation=None)
    config.read(HERE / "nbval.cfg")
    made = cell(stream(text))
    normalise([made], tmp_path)
    fresh, stored = text, made.outputs[0].text
    for section in config.values():
        if "regex" in section:
            fresh, stored = (
                re.sub(section["regex"], section["replace"], t) for t in (fresh, stored)
            )
    assert fresh == stored != text
