"""Events beside the exercises of a course: in Python, as bars, and in the terminal."""

import pytest
from progress_cases import graded, heading, notebook
from typer.testing import CliRunner

from interp_course import cli, course, progress
from interp_course.checks.start_here import looks_back

MANIFEST = """
name = "small"
[[unit]]
number = 1
slug = "small"
title = "Small & <thin>"
question = "What is twice two?"
minutes = 5
points = 5
"""
BY_HAND = {"grade": True, "solution": True, "points": 4}
IN_WORDS = {"cell_type": "markdown", "source": "", "metadata": {"nbgrader": BY_HAND}}


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "small"
    notebook(
        folder / "course" / "01_small" / "small.ipynb",
        {"cell_type": "code", "source": 'check.predictions["depth"](None)', "metadata": {}},
        heading("Exercise 1 · *Both*"),
        graded("check.first(first)\ncheck.second(second)\n", 2),
        heading("Exercise 2 · In words"),
        IN_WORDS,
        heading("Quiz"),
        graded("check.quiz(answers)\n", 3),
    )
    (folder / "course" / "course.toml").write_text(MANIFEST)
    return folder


@pytest.fixture
def in_course(root, monkeypatch):
    monkeypatch.setattr(course, "find_root", lambda start=None: root)
    return root


def run(*arguments, **options):
    return CliRunner().invoke(cli.app, ["progress", *arguments], **options)


def test_an_exercise_of_two_checks_is_solved_when_both_have_passed(kept, root):
    progress.record("small", "first", True)
    [unit] = progress.summary(root)
    assert (unit.solved, unit.exercises[0].solved) == (0, None)
    progress.record("small", "second", True)
    [unit] = progress.summary(root)
    assert (unit.solved, unit.points, unit.most_points) == (1, 2, 5)


def test_attempts_are_counted_up_to_the_first_success(kept, root):
    for passed in (False, False, True, True, False):
        progress.record("small", "quiz", passed, {1: "a"})
    quiz = progress.summary(root)[0].exercises[-1]
    assert (quiz.title, quiz.attempts) == ("Quiz", 3)
    assert quiz.solved is not None


def test_answers_in_words_are_not_among_the_exercises(kept, root):
    assert [e.title for e in progress.summary(root)[0].exercises] == ["Exercise 1 · Both", "Quiz"]


def test_the_points_of_answers_in_words_are_told_apart(kept, root):
    unit = progress.summary(root)[0]
    assert (unit.most_points, unit.by_hand) == (5, 4)
    assert "0 of 5 points, and 4 that a person grades" in repr(progress.show(root))


def test_a_prediction_counts_when_it_was_made(kept, root):
    progress.record("small", "predictions.depth", None)
    assert progress.summary(root)[0].predicted == 0
    progress.record("small", "predictions.depth", None, "b")
    assert (progress.summary(root)[0].predicted, progress.summary(root)[0].predictions) == (1, 1)


def test_a_notebook_that_a_student_broke_has_no_exercises(kept, root):
    course.units(root)[0].student(root).write_text("{")
    assert progress.summary(root)[0].exercises == ()


def test_nothing_is_there_before_the_first_check(kept, root):
    assert progress.summary(root)[0].solved == 0
    assert not kept.exists()


def test_the_bars_say_in_words_what_they_show(kept, root):
    progress.record("small", "quiz", True)
    shown = progress.show(root)
    assert "01 · Small & <thin>  ████████░░░░░░░░  1 of 2 exercises, 3 of 5 points" in repr(shown)
    assert 'aria-label="1 of 2 exercises solved"' in shown._repr_html_()
    assert "Small &amp; &lt;thin&gt;" in shown._repr_html_()
    assert f"Kept on this computer only, in {kept}" in repr(shown)


def test_the_bars_say_when_the_file_cannot_be_read(kept, root):
    kept.mkdir(parents=True)
    assert "cannot be read: unable to open" in repr(progress.show(root))


def test_the_bars_say_when_nothing_is_kept(kept, root, monkeypatch):
    monkeypatch.setenv("INTERP_COURSE_PROGRESS", "off")
    assert repr(progress.show(root)).endswith("No progress is kept here.")


def test_the_command_shows_units_and_the_exercises_of_one(kept, in_course):
    progress.record("small", "quiz", True)
    assert "1/2" in run().output
    assert "3/5 (+4)" in run().output
    assert "Exercise 1 · Both" in run("small").output
    assert run("smal").exit_code == 2


def test_the_command_says_when_nothing_is_kept(in_course, monkeypatch):
    monkeypatch.setenv("INTERP_COURSE_PROGRESS", "off")
    assert "no progress is kept here" in run().output


@pytest.mark.parametrize(("answer", "left"), [("n\n", 1), ("y\n", 0)])
def test_a_reset_asks_first(kept, in_course, answer, left):
    progress.record("small", "quiz", True)
    result = run("--reset", input=answer)
    assert "Forget your progress in the whole course?" in result.output
    assert progress.summary(in_course)[0].solved == left


def test_a_reset_of_a_unit_can_do_without_asking_and_names_the_copy(kept, in_course):
    progress.record("small", "quiz", True)
    result = run("small", "--reset", "--yes")
    [copy] = kept.parent.glob("progress-2*.sqlite")
    assert copy.name in result.output.replace("\n", "")
    assert progress.summary(in_course)[0].solved == 0


def test_a_reset_without_progress_is_one_message(kept, in_course):
    result = run("--reset", "--yes")
    assert result.exit_code == 2
    assert result.output.startswith("Error: there is no progress in")


def test_the_check_of_the_start_page_is_an_exercise_of_it(kept):
    looks_back("C")
    start = progress.summary(course.find_root())[0]
    assert (start.title, start.solved, len(start.exercises)) == ("Start here", 1, 1)
