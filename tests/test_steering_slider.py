"""The steering slider says what changes with the strength, and refuses data that do not fit."""

import pytest

from interp_course.widgets import SteeringSlider

MINUS = "\N{MINUS SIGN}"
STRENGTHS = [-2.0, 0.0, 0.5, 4.0]
TEXTS = [" a bad film", " a good film", " a good film", " love\nlove"]
SHARES = {" good": [0.1, 0.3, 0.2, 0.0001], " love": [0.0, 0.05, 0.4, 0.9997]}


def slider(**options) -> SteeringSlider:
    given = {"strengths": STRENGTHS, "continuations": TEXTS, "probabilities": SHARES}
    return SteeringSlider("It was", **given | options)


def said(old: str, new: str) -> str:
    """What is said about ``new`` where ``old`` is the continuation at 0."""
    view = SteeringSlider("It was", [0.0, 1.0], [old, new], {"a": [0.5, 0.5]})
    return view.sentence(1).split(".")[0]


def marked(old: str, new: str) -> list[str]:
    view = SteeringSlider("It was", [0.0, 1.0], [old, new], {"a": [0.5, 0.5]})
    return [text for text, is_new in view.steps[1]["pieces"] if is_new]


def test_the_sentence_by_hand():
    expected = (
        f"At {MINUS}2: 1 of 3 words are not in the continuation at 0. Most probable of the tokens "
    )
    assert slider().sentence(0) == expected + "shown: “·good”, 0.100 (0.300 at 0)."


def test_the_sentence_at_the_baseline_compares_with_nothing():
    expected = "At 0: the continuation that the others are compared with. Most probable of the "
    assert slider().sentence(1) == expected + "tokens shown: “·good”, 0.300."


def test_one_token_is_not_the_most_probable_of_several():
    view = slider(probabilities={" good": SHARES[" good"]})
    assert view.sentence(0).endswith("Next token: “·good”, 0.100 (0.300 at 0).")


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("one two three", "the same words as at 0"),
        ("one  two\nthree", "the same words as at 0"),
        ("one three", "fewer words than at 0, none new"),
        ("", "fewer words than at 0, none new"),
        ("one two two three", "1 of 4 words are not in the continuation at 0"),
        ("four", "1 of 1 words are not in the continuation at 0"),
    ],
)
def test_differences_are_counted_in_words(new, sentence):
    assert said("one two three", new) == f"At +1: {sentence}"


def test_a_word_more_marks_none_of_the_words_after_it():
    assert marked(" we saw a film", " we all saw a film") == ["all"]


def test_words_in_another_order_are_marked():
    assert len(marked("a b", "b a")) == 1


def test_the_pieces_make_up_the_continuation():
    pieces = slider().steps[3]["pieces"]
    assert "".join(text for text, _ in pieces) == " love⏎love"


@pytest.mark.parametrize(("p", "text"), [(0.0, "0.000"), (0.0001, "<0.001"), (0.9997, ">0.999")])
def test_probabilities_are_never_rounded_to_certainty(p, text):
    view = SteeringSlider("a", [0.0, 1.0], ["", ""], {"a": [p, 0.5]})
    assert view.steps[0]["share_texts"] == [text]


def test_the_description_has_a_line_for_each_strength():
    lines = slider().describe().splitlines()
    assert [line.split()[0] for line in lines[2:]] == [f"{MINUS}2", "0", "+0.5", "+4"]


def test_the_description_names_prompt_tokens_and_continuations():
    described = slider().describe()
    for words in ("“It was”", "p(·love)", "“ a bad film”", "“ love⏎love”", ">0.999"):
        assert words in described


def test_the_columns_of_the_description_are_aligned():
    _, *lines = slider().describe().splitlines()
    assert len({line.index("“") for line in lines[1:]} | {lines[0].index("continuation")}) == 1


def test_the_strength_nearest_to_the_one_asked_for_comes_first():
    assert slider(strength=3.0).strength == 4.0


def test_the_strength_follows_the_index():
    view = slider()
    view.index = 2
    assert view.strength == 0.5


def test_the_last_strength_can_be_counted_from_the_end():
    view = slider()
    view.index = -1
    assert view.index == 3


def test_an_index_out_of_range_is_refused():
    with pytest.raises(ValueError, match="index must be between 0 and 3, got 4"):
        slider().index = 4


@pytest.mark.parametrize(
    ("strengths", "baseline"), [([-1.0, 1.0], 0), ([1.0, 2.0], 0), ([-3.0, -2.0], 1)]
)
def test_the_comparison_is_with_the_strength_nearest_to_zero(strengths, baseline):
    view = SteeringSlider("a", strengths, ["b", "c"], {"d": [0.1, 0.2]})
    assert view.baseline == baseline


@pytest.mark.parametrize(("largest", "end"), [(0.0, 0.01), (0.05, 0.05), (0.3, 0.5), (1.0, 1.0)])
def test_bars_end_at_a_round_number(largest, end):
    view = SteeringSlider("a", [0.0, 1.0], ["", ""], {"a": [0.0, largest]})
    assert view.bar_end == end


def test_the_fallback_has_a_row_for_each_strength():
    assert slider()._fallback().count("<tr>") == 1 + len(STRENGTHS)


@pytest.mark.parametrize("n", [0, 1, 102])
def test_too_few_or_too_many_strengths_are_refused(n):
    with pytest.raises(ValueError, match=f"strengths must hold 2 to 101 values, got {n}"):
        slider(strengths=[float(i) for i in range(n)])


@pytest.mark.parametrize("strengths", [[0.0, 1.0, 1.0, 2.0], [0.0, 2.0, 1.0, 3.0]])
def test_strengths_that_do_not_increase_are_refused(strengths):
    with pytest.raises(ValueError, match="strengths must increase, but 1 comes after"):
        slider(strengths=strengths)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_strengths_that_are_not_finite_are_refused(bad):
    with pytest.raises(ValueError, match="strengths must be finite"):
        slider(strengths=[-1.0, 0.0, 1.0, bad])
    with pytest.raises(ValueError, match="strength must be finite"):
        slider(strength=bad)


def test_each_strength_needs_a_continuation():
    with pytest.raises(ValueError, match="continuations has 3 entries, but strengths has 4"):
        slider(continuations=TEXTS[:3])


def test_one_text_is_not_a_list_of_continuations():
    with pytest.raises(ValueError, match="one text per strength, got one text"):
        slider(continuations="four")


def test_each_strength_needs_a_probability():
    with pytest.raises(ValueError, match=r"probabilities\['a'\] has 2 entries, but strengths has"):
        slider(probabilities={"a": [0.1, 0.2]})


@pytest.mark.parametrize("n", [0, 13])
def test_no_words_and_too_many_are_refused(n):
    with pytest.raises(ValueError, match=f"probabilities must hold 1 to 12 words, got {n}"):
        slider(probabilities={str(i): [0.0] * 4 for i in range(n)})


@pytest.mark.parametrize("bad", [-3.0, 1.5, float("nan")])
def test_logits_are_not_probabilities(bad):
    with pytest.raises(ValueError, match=r"probabilities\['a'\] must lie in \[0, 1\].*softmax"):
        slider(probabilities={"a": [0.1, 0.2, bad, 0.3]})


def test_tokens_share_one_distribution():
    with pytest.raises(ValueError, match=r"sum to at most 1, but at one strength to 1\.2"):
        slider(probabilities={"a": [0.1, 0.2, 0.6, 0.3], "b": [0.1, 0.2, 0.6, 0.3]})


def test_a_rounding_error_above_one_is_forgiven():
    view = SteeringSlider("a", [0.0, 1.0], ["", ""], {"a": [1.004, -0.004]})
    assert [step["shares"] for step in view.steps] == [[1.0], [0.0]]


@pytest.mark.parametrize("name", ["prompt", "label"])
def test_empty_words_are_refused_by_name(name):
    given = {"prompt": "a", "label": "b", name: " "}
    with pytest.raises(ValueError, match=f"{name} is empty"):
        SteeringSlider(**given, strengths=STRENGTHS, continuations=TEXTS, probabilities=SHARES)
