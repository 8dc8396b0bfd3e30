"""Readings of latents agree with loops over tokens, with scikit-learn and with a forward pass."""

import random

import pytest
import torch
from sklearn.metrics import f1_score, precision_score, recall_score

from interp_course import hooks, models, sae_reading, world
from interp_course.sae import SAEConfig, SparseAutoencoder
from interp_course.world.sampling import Batch
from interp_course.world.vocabulary import VOCABULARY

WRONG = "|Type-check error"
PLACE = hooks.resid_post(1)
BATCH = world.sample(90, seed=5)
RNG = random.Random(0)


def dictionary(d_in: int = 96, architecture: str = "topk") -> SparseAutoencoder:
    return SparseAutoencoder(SAEConfig(d_in, 40, architecture, k=4), seed=1)


@pytest.fixture(scope="module")
def model():
    return models.load("world")


@pytest.fixture(scope="module")
def latents(model) -> torch.Tensor:
    """The latents of all tokens, 0 where nothing is counted, ``[batch pos d_sae]``."""
    x = hooks.capture(model, BATCH.tokens, [PLACE])[1][PLACE]
    z = torch.zeros(*BATCH.tokens.shape, 40)
    with torch.no_grad():
        for row, sequence in enumerate(BATCH.sequences):
            for pos in range(1, len(sequence.words)):
                z[row, pos] = dictionary().encode(x[row, pos])
    return z


@pytest.fixture(scope="module")
def reading(model):
    return sae_reading.read(model, dictionary(), PLACE, BATCH, n_top=5, batch_size=32)


def counted() -> torch.Tensor:
    keep = BATCH.mask.clone()
    keep[:, 0] = False
    return keep


def presence(variable: str, value: str) -> torch.Tensor:
    """Where a known feature is present, among the counted tokens; by its definition."""
    found = torch.zeros_like(BATCH.mask)
    for row, sequence in enumerate(BATCH.sequences):
        for pos in range(1, len(sequence.words)):
            here = {"word": sequence.words[pos], "previous word": sequence.words[pos - 1]}
            for name, known, start, stop in sequence.spans:
                if start <= pos < stop:
                    here[name] = known
            found[row, pos] = here.get(variable) == value
    return found[counted()]


def some_pairs(reading, n: int = 40) -> list[tuple[int, int]]:
    """Latents with features that occur, drawn at random, and some that occur together."""
    occurring = reading.present.nonzero().squeeze(1).tolist()
    together = reading.both.nonzero().tolist()
    return [(RNG.randrange(40), RNG.choice(occurring)) for _ in range(n)] + [
        tuple(RNG.choice(together)) for _ in range(n)
    ]


def peaks(latents: torch.Tensor, latent: int) -> list[tuple[int, int, float]]:
    """Sequence, position and value of the maximum in each text, strongest first."""
    found, words = [], [sequence.words for sequence in BATCH.sequences]
    for row, values in enumerate(latents[:, :, latent].tolist()):
        if max(values) > 0 and words[row] not in words[:row]:
            found.append((row, values.index(max(values)), max(values)))
    return sorted(found, key=lambda peak: -peak[2])


def test_counts_maxima_and_densities_are_those_of_the_tokens(reading, latents):
    z = latents[counted()]
    assert reading.n == len(z)
    assert torch.equal(reading.active, (z > 0).sum(dim=0))
    assert torch.allclose(reading.maximum, z.max(dim=0).values, atol=1e-4)
    assert torch.allclose(reading.density, (z > 0).double().mean(dim=0))


def test_scores_of_random_pairs_are_those_of_scikit_learn(reading, latents):
    z = latents[counted()]
    for latent, feature in some_pairs(reading):
        found, on = reading.match(latent, feature), z[:, latent] > 0
        there = presence(found.variable, found.value)
        for score, theirs in zip(found[3:], (f1_score, precision_score, recall_score), strict=True):
            assert score == pytest.approx(theirs(there, on, zero_division=0))


def test_every_variable_and_every_word_is_a_feature(reading):
    values = [(v, value) for v, known in world.VARIABLES.items() for value in known]
    words = [(v, word) for v in ("word", "previous word") for word in VOCABULARY]
    assert reading.features == (*values, *words)


def test_the_matrix_of_f1_holds_the_scores_of_the_pairs(reading):
    for latent, feature in some_pairs(reading):
        score = reading.match(latent, feature).f1
        assert reading.f1()[latent, feature].item() == pytest.approx(score)


def test_the_nearest_features_have_the_largest_f1(reading):
    for latent in range(40):
        best = reading.f1()[latent].sort(descending=True).values[:4]
        found = torch.tensor([match.f1 for match in reading.nearest(latent)])
        assert torch.allclose(found, best[best > 0])


def test_strongest_examples_are_those_of_a_loop(reading, latents):
    for latent in range(40):
        expected = [value for _, _, value in peaks(latents, latent)[:5]]
        assert [e.value for e in reading.top(latent)] == pytest.approx(expected, abs=1e-4)


def test_weaker_examples_stand_in_the_middle_of_equal_parts(reading, latents):
    full = [i for i in range(40) if len(peaks(latents, i)) > 11]
    assert full
    for latent in full:
        rest = [value for _, _, value in peaks(latents, latent)[5:]]
        expected = [rest[int((i + 0.5) / 6 * len(rest))] for i in range(6)]
        assert [e.value for e in reading.weaker(latent)] == pytest.approx(expected, abs=1e-4)


def test_no_text_is_shown_twice(model):
    twice = Batch(BATCH.sequences + BATCH.sequences[::-1])
    reading = sae_reading.read(model, dictionary(), PLACE, twice)
    for latent in range(40):
        shown = [e.words for e in reading.top(latent) + reading.weaker(latent)]
        assert len(shown) == len(set(shown))


@pytest.mark.parametrize("n", [4, 5, 6, 9, 11])
def test_of_few_sequences_all_are_shown(model, n):
    sae = dictionary(architecture="relu")
    with torch.no_grad():
        sae.b_enc[2] = 1e3
    found = sae_reading.read(model, sae, PLACE, world.sample(n, seed=3), n_top=5)
    shown = [e.sequence for e in found.top(2) + found.weaker(2)]
    assert len({s.words for s in world.sample(n, seed=3).sequences}) == n
    assert sorted(shown) == list(range(n))


def test_examples_give_the_activation_at_each_word(reading, latents):
    for example in reading.top(7) + reading.weaker(7):
        words = BATCH.sequences[example.sequence].words
        values = latents[example.sequence, : len(words), 7]
        assert example.words == words
        assert torch.allclose(torch.tensor(example.values), values, atol=1e-4)
        assert example.value == example.values[example.position] == max(example.values)


def test_histograms_count_activations_in_equal_bins(reading, latents):
    for latent in range(40):
        z = latents[counted()][:, latent]
        if z.max() > 0:
            expected = torch.histc(z[z > 0] / z.max(), bins=20, min=0, max=1)
            assert (reading.histogram[latent] - expected).abs().sum() <= 2  # at the edge of bins


def test_a_finding_is_the_order_of_f1(reading):
    column = reading.features.index(("language", "french"))
    scores = reading.f1()[:, column].sort(descending=True).values[:6]
    found = reading.find("language", "french", n=6)
    assert [match.f1 for match in found] == pytest.approx(scores[scores > 0].tolist())


def test_a_word_is_found_as_a_feature(reading):
    assert reading.find_word("the") == reading.find(sae_reading.WORD, "the")


def test_the_number_of_sequences_at_once_changes_nothing(model, reading):
    whole = sae_reading.read(model, dictionary(), PLACE, BATCH, n_top=5)
    assert torch.allclose(whole.activations.amax(2), reading.activations.amax(2), atol=1e-4)
    assert torch.equal(whole.both, reading.both)


def test_effects_are_the_unembedding_of_the_last_norm_without_its_division(model):
    rows = dictionary().W_dec.detach()
    with torch.no_grad():
        deviation = (rows.var(dim=1, correction=0, keepdim=True) + model.cfg.eps).sqrt()
        normed, shift = model.ln_final(rows[None])[0], model.ln_final(torch.zeros_like(rows)[None])
        logits = model.unembed(((normed - shift[0]) * deviation)[None])[0] - model.b_U
    expected = logits - logits.mean(dim=1, keepdim=True)
    assert torch.allclose(sae_reading.logit_effects(model, rows), expected, atol=1e-5)


def test_promoted_and_suppressed_words_are_the_ends_of_the_effects(model, reading):
    effects = sae_reading.logit_effects(model, dictionary().W_dec.detach())[3]
    order = effects.argsort(descending=True).tolist()
    assert [w for w, _ in reading.promoted(3)] == [VOCABULARY[i] for i in order[:8]]
    assert [w for w, _ in reading.suppressed(3)] == [VOCABULARY[i] for i in order[:-9:-1]]
    assert reading.promoted(3)[0][1] == pytest.approx(effects.max().item())


def test_neurons_promote_no_words_because_they_are_not_in_the_stream(model):
    sae = dictionary(d_in=384, architecture="relu")
    found = sae_reading.read(model, sae, hooks.mlp_post(0), BATCH)
    assert found.promoted(0) == []


def test_a_dead_latent_is_near_nothing(model):
    sae = dictionary(architecture="relu")
    with torch.no_grad():
        sae.b_enc[4] = -1e6
    found = sae_reading.read(model, sae, PLACE, BATCH)
    assert found.density[4] == found.maximum[4] == found.histogram[4].sum() == 0
    assert found.nearest(4) == found.top(4) == found.weaker(4) == []


def test_a_place_that_does_not_exist_is_refused(model):
    with pytest.raises(ValueError, match="has no place"):
        sae_reading.read(model, dictionary(), hooks.resid_post(7), BATCH)


def test_a_dictionary_of_another_width_is_refused(model):
    with pytest.raises(ValueError, match="must have the width d_in = 64"):
        sae_reading.read(model, dictionary(d_in=64), PLACE, BATCH)


def test_attention_patterns_are_refused(model):
    with pytest.raises(ValueError, match="has no activation for each token"):
        sae_reading.read(model, dictionary(), hooks.pattern(0), BATCH)


def test_an_empty_batch_is_refused(model):
    with pytest.raises(ValueError, match="the batch has no sequences"):
        sae_reading.read(model, dictionary(), PLACE, Batch(()))


def test_a_model_that_reads_no_words_is_refused():
    induction = models.load("induction")
    with pytest.raises(ValueError, match="must read the 677 words of the world, but it has 64"):
        sae_reading.read(induction, dictionary(d_in=64), hooks.resid_post(0), BATCH)


@pytest.mark.parametrize(("name", "bad"), [("n_top", 0), ("n_weaker", -1), ("bins", 0)])
def test_numbers_that_are_too_small_are_refused(model, name, bad):
    with pytest.raises(ValueError, match=f"{name} must be at least {bad + 1}, got {bad}"):
        sae_reading.read(model, dictionary(), PLACE, BATCH, **{name: bad})


def test_vectors_of_another_width_have_no_effects(model):
    with pytest.raises(ValueError, match=f"must have the width d_model = 96{WRONG}"):
        sae_reading.logit_effects(model, torch.ones(2, 64))


@pytest.mark.parametrize("latent", [-1, 40])
def test_a_latent_that_does_not_exist_is_refused(reading, latent):
    for ask in (reading.nearest, reading.top, reading.weaker, reading.promoted):
        with pytest.raises(ValueError, match=f"latent must be between 0 and 39, got {latent}"):
            ask(latent)


def test_a_variable_that_does_not_exist_is_refused(reading):
    with pytest.raises(ValueError, match="no variable 'colour'; there are template, domain"):
        reading.find("colour", "red")


def test_a_value_that_does_not_exist_is_refused_with_near_ones(reading):
    with pytest.raises(ValueError, match=r"'country' has no value 'frence'.*france"):
        reading.find("country", "frence")
