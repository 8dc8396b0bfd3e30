"""The feature dashboard says what a latent does, finds latents, and sends one at a time."""

import json
from dataclasses import replace

import pytest
import torch
from reading_cases import small_reading

from interp_course.widgets import FeatureDashboard

MINUS = "\N{MINUS SIGN}"


def dashboard(latent: int = 0) -> FeatureDashboard:
    return FeatureDashboard(small_reading(), latent)


def found(query: str) -> list[int]:
    return [latent for latent, _ in dashboard().search(query)]


@pytest.mark.parametrize(
    ("latent", "sentence"),
    [
        (
            0,
            "Latent 0: word “france”, a partial match. Nearest is word “france”: F1 0.67, "
            "precision 0.50, recall 1.00. Active on 17% of tokens, at most 2.00.",
        ),
        (
            1,
            "Latent 1: word “</script>”, a close match. Nearest is word “</script>”: F1 1.00, "
            "precision 1.00, recall 1.00. Active on 8.3% of tokens, at most 4.00.",
        ),
        (2, "Latent 2 is dead. It is active on none of 12 tokens."),
        (
            3,
            "Latent 3 matches no known feature well. Nearest is country = france: F1 0.44, "
            "precision 0.67, recall 0.33. Active on 25% of tokens, at most 1.00.",
        ),
    ],
)
def test_the_sentence_by_hand(latent, sentence):
    assert dashboard().sentence(latent) == sentence


def test_a_latent_that_is_always_active_is_so_on_a_hundred_percent():
    reading = small_reading()
    always = replace(reading, active=torch.full_like(reading.active, reading.n))
    assert "Active on 100% of tokens" in FeatureDashboard(always).sentence(0)


def test_the_nearest_features_come_with_their_scores():
    assert dashboard().page["features"] == [
        ["word “france”", "0.67", "0.50", "1.00"],
        ["country = france", "0.50", "1.00", "0.33"],
        ["previous word “in”", "0.50", "0.50", "0.50"],
    ]


def test_words_come_with_their_effects():
    page = dashboard().page
    assert page["promotes"][:2] == [["the", "+2.00"], ["<pad>", "+0.50"]]
    assert page["suppresses"][:2] == [["of", f"{MINUS}2.00"], ["<eos>", f"{MINUS}0.50"]]


def test_each_word_of_an_example_has_its_share_of_the_maximum():
    (words,) = dashboard().page["examples"]["Strongest examples"]
    assert words == [
        ["nantes", 1.0, "2.00", True],
        ["is", 0.0, "0.00", False],
        ["in", 0.0, "0.00", False],
        ["france", 0.5, "1.00", False],
        [".", 0.0, "0.00", False],
        ["<eos>", 0.0, "0.00", False],
    ]


def test_weaker_examples_are_shares_of_the_same_maximum():
    (words,) = dashboard(3).page["examples"]["Weaker examples"]
    assert words[4] == [".", 0.5, "0.50", True]


def test_the_description_is_of_the_chosen_latent():
    described = dashboard(3).describe()
    for words in ("Latent 3 matches", "country = france", "from 0 to 1.00: 0 0 1 2"):
        assert words in described


def test_the_description_gives_the_value_after_each_active_word():
    assert "nantes [2.00] is in france [1.00] . <eos>" in dashboard().describe()


def test_a_dead_latent_has_words_but_no_features_and_no_examples():
    page = dashboard(2).page
    assert page["features"] == []
    assert set(map(str, page["examples"].values())) == {"[]"}
    assert len(page["promotes"]) == 5


def test_another_index_turns_the_page():
    view = dashboard()
    view.index = 3
    assert view.page == dashboard(3).page


def test_only_the_chosen_latent_is_sent():
    sent = json.dumps(dashboard().get_state())
    assert "nantes" in sent
    assert "script" not in json.dumps(dashboard().page)


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("country france", 0),
        ("FRANCE", 0),
        ("country = france", 0),
        ("word “</script>”", 1),
        ("  france ", 0),
        ("river", 1),
        ("bank river", 1),
        ("</script>", 1),
        ("scri", 1),
        ("previous word in", 0),
        ("densest", 3),
        ("dead", 2),
        ("17", 17),
    ],
)
def test_a_search_finds_the_best_latent(query, best):
    assert found(query)[0] == best


@pytest.mark.parametrize("query", ["", "  ", "nothing", "country river", "30", "-1", "²"])
def test_a_search_for_what_is_not_there_finds_nothing(query):
    assert found(query) == []


def test_a_search_gives_the_best_reason_for_each_latent():
    texts = dict(dashboard().search("france"))
    assert texts[0] == "F1 0.67 · word “france”"
    assert texts[3] == "F1 0.44 · country = france"


def test_whole_words_are_preferred_to_parts_of_words():
    assert all("“in”" in text for _, text in dashboard().search("in"))


def test_at_most_twenty_latents_are_found():
    assert len(found("densest")) == len(found("france")) == 20


def test_only_dead_latents_are_dead():
    assert found("dead") == [2]


def test_a_query_chooses_the_best_latent():
    view = dashboard()
    view.query = "river"
    assert (view.index, view.page["latent"]) == (1, 1)


@pytest.mark.parametrize(
    ("query", "reply"),
    [
        ("river", "the best 20 for “river”"),
        ("</script>", "one latent for “</script>”"),
        ("dead", "1 latent never active"),
        ("densest", "the 20 latents active most often"),
        ("colour", "nothing for “colour”: try a word, a variable with its value, or “dead”"),
    ],
)
def test_a_query_is_answered_in_words(query, reply):
    view = dashboard()
    view.query = query
    assert view.reply == reply


def test_a_query_without_an_answer_leaves_the_choice():
    view = dashboard(5)
    view.query = "colour"
    assert (view.index, view.found) == (5, [])


def test_the_fallback_has_a_row_for_each_example():
    assert dashboard(3)._fallback().count("<tr>") == 1 + 2


def test_texts_are_escaped_in_the_fallback():
    fallback = dashboard(1)._fallback()
    assert "</script>" not in fallback
    assert "&lt;/script&gt;" in fallback


@pytest.mark.parametrize("bad", [-31, 30])
def test_a_latent_out_of_range_is_refused(bad):
    with pytest.raises(ValueError, match=f"latent must be between 0 and 29, got {bad}"):
        dashboard(bad)
    with pytest.raises(ValueError, match=f"index must be between 0 and 29, got {bad}"):
        dashboard().index = bad
    with pytest.raises(ValueError, match=f"latent must be between 0 and 29, got {bad}"):
        dashboard().sentence(bad)
