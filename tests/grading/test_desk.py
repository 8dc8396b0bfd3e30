"""The grader's desk and the stand-ins in a student's process, which can ask it for things."""

import json
import pickle
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from interp_course.grading import replying, talking, values
from interp_course.grading.desk import Desk
from interp_course.grading.talking import INBOX_VARIABLE, SOCKET, Refusal

pytestmark = pytest.mark.usefixtures("unhooked")
UNIT = "superposition"


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short path: that of a socket may have no more than about 100 characters."""
    with tempfile.TemporaryDirectory(prefix="desk-") as folder:
        monkeypatch.setenv(INBOX_VARIABLE, folder)
        yield Path(folder)


@pytest.fixture
def desk(inbox: Path) -> Iterator[Desk]:
    with Desk(inbox) as desk:
        yield desk


def test_the_contents_of_a_unit_are_told(desk):
    told = json.loads(talking.ask({"do": "contents", "unit": UNIT}))
    assert told["welch_bound"] == "exercise"
    assert told["network"] == "called"


def test_a_helper_function_is_called(desk):
    request = {"do": "call", "unit": UNIT, "name": "cells"}
    found = pickle.loads(talking.ask(request, values.dumps([(3,), {}]).encode()))
    assert len(found) == 6


def test_the_same_call_is_answered_from_memory(desk):
    request = {"do": "call", "unit": UNIT, "name": "network"}
    body = values.dumps([(3,), {}]).encode()
    assert talking.ask(request, body) == talking.ask(request, body)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"do": 1},
        {"do": "eval", "name": "1"},
        {"do": "call", "unit": UNIT, "name": "relations"},
        {"do": "call", "unit": "../x", "name": "y"},
        {"do": "given", "unit": UNIT, "name": "quiz"},
        {"do": "take", "name": "unknown"},
        {"do": "reply", "name": ["list"]},
    ],
    ids=str,
)
def test_other_requests_are_refused(desk, header):
    with pytest.raises(Refusal):
        talking.ask(header)


def test_a_process_that_asks_too_often_is_refused(inbox):
    with Desk(inbox, most_requests=2):
        for _ in range(2):
            talking.ask({"do": "contents", "unit": UNIT})
        with pytest.raises(Refusal, match="too many requests"):
            talking.ask({"do": "contents", "unit": UNIT})


def test_a_process_that_asks_for_too_much_work_is_refused(inbox):
    with Desk(inbox, most_seconds=0.0):
        talking.ask({"do": "contents", "unit": UNIT})
        with pytest.raises(Refusal, match="too much time"):
            talking.ask({"do": "contents", "unit": UNIT})


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[1]\n",
        b'{"size": -1}\n',
        b'{"size": 99000000}\n',
        b'{"size": "1"}\n',
        b"x" * 20_000,
    ],
    ids=["empty", "list", "negative", "huge", "text", "endless"],
)
def test_what_is_no_message_is_refused_and_the_desk_goes_on(desk, inbox, line):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(inbox / SOCKET))
        connection.sendall(line)
        assert b"refused" in connection.recv(1000)
    assert talking.ask({"do": "contents", "unit": UNIT})


def test_a_question_is_fetched_and_replied_to_once(desk):
    desk.pose("name", b"inputs")
    assert talking.ask({"do": "take", "name": "name"}) == b"inputs"
    for text in (b"first", b"second"):
        talking.ask({"do": "reply", "name": "name"}, text)
    question = desk.collect("name")
    assert (question.reply, question.replies) == ("first", 2)


def test_a_reply_that_comes_too_late_is_refused(desk):
    desk.pose("name")
    desk.collect("name")
    with pytest.raises(Refusal, match="nothing is asked"):
        talking.ask({"do": "reply", "name": "name"}, b"late")


def test_a_finding_is_handed_over(desk):
    desk.pose("name")
    replying.reply("name", "finding", lambda: {"a": 1})
    assert values.loads(desk.collect("name").reply or "") == {"value": {"a": 1}}


def test_what_an_expression_raises_is_handed_over(desk):
    desk.pose("name")
    replying.reply("name", "finding", lambda: unwritten)  # type: ignore[name-defined]  # noqa: F821
    assert "NameError" in values.loads(desk.collect("name").reply or "")["error"]


def test_a_value_that_is_too_large_is_named_as_such(desk):
    desk.pose("name")
    replying.reply("name", "finding", lambda: [0] * 200_000)
    assert "too large" in values.loads(desk.collect("name").reply or "")["error"]


def test_without_a_desk_the_reason_is_told(monkeypatch):
    monkeypatch.delenv(INBOX_VARIABLE, raising=False)
    with pytest.raises(Refusal, match="not started by the grader"):
        talking.ask({})


def with_stand_ins(code: str) -> str:
    """What a process with stand-ins prints."""
    start = "from interp_course.grading import standins; standins.install()\n"
    done = subprocess.run([sys.executable, "-c", start + code], capture_output=True, text=True)
    return done.stdout + done.stderr


IMPORT = f"from interp_course.checks import {UNIT} as check\n"


def test_a_check_decides_nothing(desk):
    said = with_stand_ins(IMPORT + "check.welch_bound(1); check.relations(None, 3)")
    assert said == (
        "✓ welch_bound: handed over, judged outside\n✓ relations: handed over, judged outside\n"
    )


def test_a_stand_in_has_no_oracle(desk):
    code = IMPORT + "print([n for c in (check.welch_bound, check.relations) for n in vars(c)])"
    assert with_stand_ins(code) == "['_name', '_name']\n"


def test_a_helper_function_works_in_the_process(desk):
    said = with_stand_ins(IMPORT + "n = check.network(3); print(type(n).__name__, n.W.shape)")
    assert said == "Network torch.Size([4, 6])\n"


def test_quizzes_and_predictions_show_nothing(desk):
    said = with_stand_ins(IMPORT + 'print(check.questions); check.predictions["sparse"]("a")')
    assert said == "(not shown while a notebook is graded)\n"


def test_a_wrong_call_of_a_helper_function_says_what_is_wrong(desk):
    assert "ValueError: cells: TypeError" in with_stand_ins(IMPORT + "check.cells(1, 2, 3)")


@pytest.mark.parametrize(
    "name",
    ["interp_course.checks.superposition.welch", "interp_course.verify", "interp_course.checks.x"],
)
def test_what_knows_right_answers_cannot_be_imported(desk, name):
    assert "ModuleNotFoundError" in with_stand_ins(f"import {name}")
