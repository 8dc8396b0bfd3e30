"""Clamping changes one latent and nothing else, and texts are drawn from the model."""

import pytest
import torch
from torch.nn import functional

from interp_course import clamping, dictionaries, hooks, world

PLACE = dictionaries.PLACE
MODEL = dictionaries.network()
DICTIONARY = dictionaries.load("world")
BATCH = world.sample(6, seed=1, template="two_hop")


def stream(tokens):
    return hooks.capture(MODEL, tokens, [PLACE])[1][PLACE]


@pytest.fixture(scope="module")
def latent() -> int:
    """One that is active in the batch."""
    return int(DICTIONARY.encode(stream(BATCH.tokens)[:, 1:]).sum(dim=(0, 1)).argmax())


def test_the_edit_is_the_difference_times_the_row(latent):
    x = stream(BATCH.tokens)
    expected = x.clone()
    for b in range(len(x)):
        for pos in range(1, x.shape[1]):
            z = DICTIONARY.encode(x[b, pos])[latent]
            expected[b, pos] = x[b, pos] + (3.0 - z) * DICTIONARY.W_dec[latent]
    with clamping.clamped(MODEL, DICTIONARY, PLACE, latent, 3.0):
        torch.testing.assert_close(stream(BATCH.tokens), expected.detach())


def test_what_the_dictionary_does_not_reconstruct_stays(latent):
    x = stream(BATCH.tokens)[:, 1:]
    with clamping.clamped(MODEL, DICTIONARY, PLACE, latent, 3.0):
        new = stream(BATCH.tokens)[:, 1:]
    along = functional.normalize(DICTIONARY.W_dec[latent].detach(), dim=0)
    rest = [y - (y @ along)[..., None] * along for y in (x, new)]
    torch.testing.assert_close(rest[0], rest[1], atol=1e-4, rtol=1e-4)


def test_only_the_asked_positions_change(latent):
    ends = BATCH.place("answer") - 1
    with clamping.clamped(MODEL, DICTIONARY, PLACE, latent, 3.0, positions=ends):
        changed = (stream(BATCH.tokens) != stream_outside()).any(dim=-1)
    assert torch.equal(changed, functional.one_hot(ends, BATCH.tokens.shape[1]).bool())


def stream_outside():
    """The stream of the untouched model, from another copy of it."""
    return hooks.capture(dictionaries.network(), BATCH.tokens, [PLACE])[1][PLACE]


def test_clamping_to_the_present_value_changes_nothing(latent):
    ends = BATCH.place("answer")[:1] - 1
    tokens = BATCH.tokens[:1]
    value = DICTIONARY.encode(stream(tokens)[0, ends[0]])[latent].item()
    before = MODEL(tokens)
    with clamping.clamped(MODEL, DICTIONARY, PLACE, latent, value, positions=ends):
        torch.testing.assert_close(MODEL(tokens), before)


def test_afterwards_the_model_is_as_before(latent):
    before = MODEL(BATCH.tokens)
    with (
        pytest.raises(RuntimeError, match="stop"),
        clamping.clamped(MODEL, DICTIONARY, PLACE, latent, 3.0),
    ):
        raise RuntimeError("stop")
    assert torch.equal(MODEL(BATCH.tokens), before)


def test_a_latent_that_does_not_exist_is_refused():
    with (
        pytest.raises(ValueError, match=r"latents 0 \.\. 767, got 768"),
        clamping.clamped(MODEL, DICTIONARY, PLACE, 768, 1.0),
    ):
        pass


def test_a_place_that_does_not_exist_is_refused():
    with (
        pytest.raises(ValueError, match="hook_resid_pots"),
        clamping.clamped(MODEL, DICTIONARY, "blocks.0.hook_resid_pots", 1, 1.0),
    ):
        pass


def test_texts_are_reproducible_and_leave_the_random_state_alone():
    state = torch.random.get_rng_state()
    first, second = (clamping.written(MODEL, 5, seed=2) for _ in range(2))
    assert first == second != clamping.written(MODEL, 5, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_first_words_are_drawn_with_the_probabilities_of_the_model():
    texts = clamping.written(MODEL, 2_000, n_tokens=1)
    probs = MODEL(torch.tensor([[MODEL.tokenizer.bos_token_id]]))[0, -1].softmax(dim=-1)
    expected = probs[MODEL.to_single_token("the")].item()
    share = sum(text == "the" for text in texts) / 2_000
    assert share == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 2_000) ** 0.5)


def test_most_texts_are_sentences_of_the_world_and_end():
    texts = clamping.written(MODEL, 50)
    assert sum(len(text.split()) < 24 for text in texts) > 45
    assert not any("<eos>" in text or "<bos>" in text for text in texts)


def test_a_clamped_country_is_written_about():
    index = world.VARIABLES["country"].index("poland")
    batch = world.sample(600, seed=12, template="two_hop")
    z = DICTIONARY.encode(stream(batch.tokens)[torch.arange(600), batch.place("answer") - 1])
    about = batch.labels("country") == index
    latent = int((z[about].mean(dim=0) - z[~about].mean(dim=0)).argmax())
    with clamping.clamped(MODEL, DICTIONARY, PLACE, latent, 5 * z[:, latent].max().item()):
        texts = clamping.written(MODEL, 40)
    words = world.words_about("poland")
    untouched = clamping.share_naming(clamping.written(MODEL, 200), words)
    assert clamping.share_naming(texts, words) > 0.6 > 0.1 > untouched


def test_the_share_counts_texts_and_whole_words():
    texts = ["paris is in france .", "the parisian laughs .", "france france"]
    assert clamping.share_naming(texts, {"france", "paris"}) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("texts", "words"), [([], {"a"}), (["a"], set())])
def test_nothing_to_count_is_refused(texts, words):
    with pytest.raises(ValueError, match="there must be texts and words"):
        clamping.share_naming(texts, words)


@pytest.mark.parametrize("numbers", [{"n": 0}, {"n_tokens": 0}, {"n_tokens": 32}])
def test_texts_that_cannot_be_written_are_refused(numbers):
    with pytest.raises(ValueError, match="n_tokens between 1 and 31"):
        clamping.written(MODEL, **numbers)
