"""Bridges read and write the world's text: one word, one token."""

import pytest

from interp_course import models, world
from interp_course.world import vocabulary
from interp_course.world.words import WorldError

TEXT = "the capital of the country containing marseille is"
WORDS = ["<bos>", *TEXT.split()]


@pytest.fixture(scope="module")
def bridge():
    module = models.build(models.ZOO["world"].architecture)
    return models.wrap(module, world.tokenizer())


def test_a_bridge_splits_a_text_into_its_words(bridge):
    assert bridge.to_str_tokens(TEXT) == WORDS


def test_a_bridge_gives_the_tokens_of_the_vocabulary(bridge):
    assert bridge.to_tokens(TEXT).tolist() == [vocabulary.encode(WORDS)]
    assert bridge.to_tokens(TEXT, prepend_bos=False).tolist() == [vocabulary.encode(WORDS[1:])]


@pytest.mark.parametrize("seed", range(3))
def test_text_survives_the_round_trip(bridge, seed):
    for s in world.sample(100, seed).sequences:
        text = " ".join(s.words[1:-1])
        tokens = bridge.to_tokens(text)[0]
        assert tokens.tolist() == vocabulary.encode(s.words[:-1])
        assert bridge.to_string(tokens[1:]) == text


def test_several_texts_are_padded_on_the_right(bridge):
    tokens = bridge.to_tokens(["marseille is in france .", "paris is"])
    assert (
        tokens.tolist()
        == vocabulary.padded(
            [["<bos>", "marseille", "is", "in", "france", "."], ["<bos>", "paris", "is"]]
        ).tolist()
    )


def test_a_word_is_a_single_token(bridge):
    for word in vocabulary.VOCABULARY[3:]:
        assert bridge.to_single_token(word) == vocabulary.token_of(word)


def test_a_text_goes_straight_into_the_model(bridge):
    assert bridge(TEXT).shape == (1, len(WORDS), len(vocabulary.VOCABULARY))


@pytest.mark.parametrize("text", ["marseile is in", ["paris is", "marseile is"]])
def test_an_unknown_word_is_refused_with_near_ones(bridge, text):
    with pytest.raises(WorldError, match=r"'marseile' is not a word .* did you mean 'marseille'"):
        bridge.to_tokens(text)


def test_the_hidden_streams_of_a_model_with_mlps_have_the_usual_names(bridge):
    _, cache = bridge.run_with_cache(TEXT)
    for name in ("hook_resid_pre", "hook_mlp_out", "hook_attn_out", "hook_resid_post"):
        assert cache[f"blocks.2.{name}"].shape == (1, len(WORDS), 96)
