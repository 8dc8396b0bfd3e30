"""The catalogue of submissions is complete, and the manual lists it."""

from pathlib import Path

from submissions import CATALOGUE, KINDS, table

MANUAL = Path(__file__).parents[2] / "docs" / "grading.md"


def test_no_submission_has_the_name_of_another() -> None:
    assert sum(len(module.ENTRIES) for module in KINDS.values()) == len(CATALOGUE)


def test_honest_submissions_stand_first_in_the_middle_and_last() -> None:
    places = [place for place, name in enumerate(sorted(CATALOGUE)) if " right" in name]
    last = len(CATALOGUE) - 1
    assert {0, 1, last - 1, last} < set(places)
    assert any(last // 4 < place < 3 * last // 4 for place in places)


def test_the_manual_lists_the_catalogue() -> None:
    assert table() in MANUAL.read_text(), f"put into {MANUAL.name}:\n{table()}"
