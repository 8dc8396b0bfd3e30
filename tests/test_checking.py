"""A check accepts what is right, names what is wrong, and survives whatever an answer does."""

import sys

import pytest
import torch

from interp_course import runtime
from interp_course.checking import Case, Check, CheckFailed, Finding, Reply, ask


def draw(seed: int) -> list[Case]:
    rng = runtime.generator("test checking", seed)
    return [Case(f"{n} numbers", (torch.randn(n, generator=rng) + 1,)) for n in (4, 7)]


CHECK = Check(
    name="spread",
    cases=draw,
    oracle=lambda x: ((x - x.mean()) ** 2).mean(),
    reread="the mean of the squared distances from the mean",
    mistakes={
        "the mean is not subtracted": lambda x: (x**2).mean(),
        "the root is taken": lambda x: ((x - x.mean()) ** 2).mean().sqrt(),
        "this mistake crashes": lambda x: x[99],
    },
)


def right(x):
    return x.var(correction=0)


def message(answer, seed=0) -> str:
    verdict = CHECK.verdict(answer, seed)
    assert not verdict.passed
    return verdict.message


def leaves(x):
    raise SystemExit


def raises(x):
    return x["no such key"]


def prints_a_lot(x):
    print("noise " * 100_000)
    return x.sum()


def warns(x):
    print("an old function", file=sys.stderr)
    return x.sum()


def edits(x):
    x -= x.mean()
    return (x**2).mean()


def edits_and_is_wrong(x):
    x -= 1
    return x.sum()


def test_a_right_answer_passes_and_says_so(capsys):
    CHECK(right)
    assert capsys.readouterr().out == "✓ spread: correct\n"


@pytest.mark.parametrize(
    "same",
    [
        lambda x: x.numpy().var(),
        lambda x: float(x.double().var(correction=0)),
        lambda x: sum((v - x.mean()) ** 2 for v in x) / len(x),
    ],
    ids=["NumPy", "a number in double precision", "a loop"],
)
def test_other_ways_to_the_right_value_pass(same):
    assert CHECK.verdict(same).passed


def test_a_known_mistake_is_named():
    verdict = CHECK.verdict(lambda x: x.square().mean())
    assert verdict.mistake == "the mean is not subtracted"
    assert "This is what comes out when the mean is not subtracted." in verdict.message


def test_an_unknown_mistake_gets_the_numbers_and_what_to_read_again():
    verdict = CHECK.verdict(lambda x: x.sum())
    assert verdict.mistake is None
    assert verdict.message.startswith("✗ spread, 4 numbers:\n  returned ")
    assert verdict.message.endswith("→ the mean of the squared distances from the mean")


def test_a_mistake_that_shows_in_the_second_case_only_is_found():
    verdict = CHECK.verdict(lambda x: right(x) if len(x) == 4 else (x**2).mean())
    assert verdict.mistake == "the mean is not subtracted"
    assert "spread, 7 numbers" in verdict.message


def test_an_answer_fitted_to_one_seed_fails_for_another():
    known = {len(case.args[0]): right(case.args[0]) for case in draw(0)}
    assert CHECK.verdict(lambda x: known[len(x)], seed=0).passed
    assert not CHECK.verdict(lambda x: known[len(x)], seed=1).passed


def test_an_answer_that_is_not_written_is_told_so():
    def stub(x):
        raise NotImplementedError

    assert "not written yet: replace `raise NotImplementedError()`" in message(stub)


def test_an_answer_that_calls_exit_does_not_end_the_notebook():
    assert "raised SystemExit" in message(leaves)


def test_an_answer_that_raises_is_shown_its_own_line():
    text = message(raises)
    assert "raised IndexError" in text or "raised TypeError" in text
    assert 'of raises: return x["no such key"]' in text


def test_an_answer_that_returns_nothing_is_asked_for_a_return():
    assert "returned None: is there a `return` at the end?" in message(lambda x: None)


def test_an_answer_with_another_signature_is_asked_about_it():
    assert "is the signature unchanged?" in message(lambda: 1)


@pytest.mark.parametrize("value", [3.0, torch.ones(2), "text"])
def test_a_value_in_place_of_the_function_is_recognised(value):
    assert "expected your function itself, got" in message(value)


def test_what_an_answer_prints_is_kept_short_and_off_the_screen(capsys):
    assert "(It printed: noise noise" in message(prints_a_lot)
    assert len(message(prints_a_lot)) < 1000
    assert capsys.readouterr().out == ""


def test_a_warning_is_kept_off_the_screen_as_well(capsys):
    assert "(It printed: an old function" in message(warns)
    assert capsys.readouterr().err == ""


def test_a_right_answer_that_edits_its_input_fails_for_that():
    verdict = CHECK.verdict(edits)
    assert verdict.mistake == "the input is edited in place"
    assert "argument 1 was changed in place: work on a copy" in verdict.message


def test_a_wrong_value_is_the_first_thing_to_be_told():
    assert "changed in place" not in message(edits_and_is_wrong)


def test_an_edit_does_not_reach_the_oracle_or_the_next_answer():
    cases = draw(0)
    before = [case.args[0].clone() for case in cases]
    CHECK.judge(cases, ask(edits, cases))
    assert all(torch.equal(case.args[0], x) for case, x in zip(cases, before, strict=True))


def test_edits_are_not_looked_for_where_the_case_says_so():
    cases = [Case("free", (torch.ones(3),), check_edits=False)]
    assert ask(edits, cases)[0].edited is None


def test_replies_can_be_judged_without_the_answer():
    cases = draw(3)
    replies = [Reply(value=right(*case.args).item()) for case in cases]
    assert CHECK.judge(cases, replies).passed


def test_a_check_may_judge_what_a_value_does():
    check = Check(
        name="even",
        cases=lambda seed: [Case("any", ())],
        reread="divide by two",
        judge_value=lambda case, value: None if value % 2 == 0 else ("it is odd", "one is added"),
    )
    assert check.verdict(lambda: 4).passed
    assert check.verdict(lambda: 5).mistake == "one is added"


def test_a_failure_is_shown_without_a_traceback():
    with pytest.raises(CheckFailed) as caught:
        CHECK(lambda x: x.sum())
    assert caught.value._render_traceback_() == str(caught.value).splitlines()


def test_messages_never_show_the_oracle():
    with pytest.raises(CheckFailed) as caught:
        CHECK(lambda x: x.sum())
    assert "oracle" not in str(caught.value)
    assert "x.mean()" not in str(caught.value)


FINDING = Finding(
    "which",
    lambda answer, instance: None if answer == instance else ("no", "another head is named"),
    "look again",
)


def test_a_finding_depends_on_the_instance(capsys):
    FINDING(3, instance=3)
    assert capsys.readouterr().out == "✓ which: correct\n"
    with pytest.raises(CheckFailed, match=r"when another head is named\.\n  → look again"):
        FINDING(3, instance=4)


def test_a_finding_that_is_not_answered_is_told_so():
    assert "not answered yet: it is still None" in FINDING.verdict(None).message


@pytest.mark.parametrize("answer", [None, {"a": None, "b": None}])
def test_a_finding_in_which_nothing_is_filled_in_is_blank(answer):
    assert FINDING.verdict(answer).blank


@pytest.mark.parametrize("answer", [4, {}, {"a": None, "b": 4}])
def test_a_finding_that_is_begun_is_not_blank(answer):
    assert not FINDING.verdict(answer).blank
