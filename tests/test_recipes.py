"""The zoo meets the bars of its model cards, and its recipes can be run again."""

import functools
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from interp_course import ablation, assets, attention, head_weights, models, recipes, runtime

SEEDS = models.ZOO["induction"].seeds
CARDS = Path(__file__).parents[1] / "docs" / "models"
BARS = {"previous_token_score": 0.90, "induction_score": 0.85, "copy_accuracy": 0.97}


@functools.cache
def zoo(name: str, seed: int = 0):
    return models.load(name, seed=seed)


@functools.cache
def card(name: str, seed: int = 0) -> dict[str, float]:
    return recipes.card(zoo(name, seed), name)


def pair(seed: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The best previous-token head and the best induction head."""
    scores = attention.head_scores(zoo("induction", seed))
    best = [divmod(int(s.argmax()), s.shape[1]) for s in (scores.previous, scores.induction)]
    return best[0], best[1]


def written(name: str) -> list[list[str]]:
    """The cells of the table of metrics of a model card, row by row."""
    lines = (CARDS / f"{name}.md").read_text().splitlines()
    return [re.findall(r"[^|\s]+", line) for line in lines if re.match(r"\| \d \|", line)]


@pytest.mark.parametrize("bar", BARS)
def test_at_least_five_of_six_training_runs_reach_the_bar(bar):
    assert sum(card("induction", seed)[bar] >= BARS[bar] for seed in SEEDS) >= 5


def test_one_layer_cannot_copy():
    assert card("one_layer")["copy_accuracy"] < 0.10


@pytest.mark.parametrize("seed", SEEDS)
def test_the_true_pair_composes_through_keys_far_above_chance(seed):
    writer, reader = pair(seed)
    composition = head_weights.composition_scores(
        zoo("induction", seed), "K", runtime.generator("test baseline")
    )
    assert composition.z[writer][reader] >= 3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("replacement", ["zero", "mean", "resample"])
def test_without_the_previous_token_head_repeats_cost_two_nats_more(seed, replacement):
    model, (head, _) = zoo("induction", seed), pair(seed)
    tokens, reference = (attention.repeated_tokens(model, 32, 31, s) for s in (0, 1))
    effects = ablation.ablation_effects(
        model, tokens, replacement, reference=reference, positions=slice(32, None)
    )
    assert effects[head] >= 2


@pytest.mark.parametrize("seed", SEEDS)
def test_the_induction_heads_copy(seed):
    _, head = pair(seed)
    assert head_weights.copying_scores(zoo("induction", seed))[head] > 0.9


def test_heads_and_copying_appear_together_between_step_200_and_step_600():
    early, late = (models.load("induction", step=step) for step in (200, 600))
    for model, low, high in ((early, 0.0, 0.15), (late, 0.6, 1.0)):
        scores = attention.head_scores(model)
        for value in (scores.previous.max(), scores.induction.max()):
            assert low <= value <= high
        assert low <= attention.copy_accuracy(model) <= high


def test_the_card_equals_an_independent_count():
    model, tokens = zoo("induction"), attention.repeated_tokens(zoo("induction"), 64, 31, seed=1)
    with torch.no_grad():
        logits = model(tokens)[:, 32:-1]
    loss = functional.cross_entropy(logits.flatten(0, 1), tokens[:, 33:].flatten())
    right = (logits.argmax(-1) == tokens[:, 33:]).float().mean()
    assert card("induction")["loss_second_copy"] == pytest.approx(loss.item(), abs=1e-5)
    assert card("induction")["copy_accuracy"] == pytest.approx(right.item(), abs=1e-6)


@pytest.mark.parametrize("name", models.ZOO)
def test_the_model_card_states_the_measured_figures(name):
    """A card gives two decimals for scores and losses, three for accuracies."""
    rows = written(name)
    assert [int(row[0]) for row in rows] == list(models.ZOO[name].seeds)
    for row in rows:
        for stated, found in zip(row[1:], card(name, int(row[0])).values(), strict=True):
            assert float(stated) == pytest.approx(found, abs=0.006), row


@pytest.mark.parametrize("name", models.ZOO)
def test_the_model_card_states_the_sha256_of_every_file(name):
    manifest = json.loads((assets.FOLDER / "manifest.json").read_text())
    text = (CARDS / f"{name}.md").read_text()
    stated = dict(re.findall(r"`([\w-]+\.safetensors)` \| `([0-9a-f]{64})`", text))
    assert stated == {k: v["sha256"] for k, v in manifest.items() if k.startswith(f"{name}-")}


def test_every_zoo_model_has_a_recipe_and_a_card():
    cards = {path.stem for path in CARDS.glob("*.md")} - {"dictionaries"}
    assert set(recipes.RECIPES) == set(models.ZOO) == cards


def test_a_short_run_trains_and_measures():
    module, history = recipes.train("induction", steps=5, every=5)
    assert history.column("step") == [0, 5]
    assert set(history.rows[0]) == {
        "step", "loss", "icl_score", "previous", "duplicate", "induction"
    }  # fmt: skip
    assert history.column("loss")[1] < history.column("loss")[0]
    assert module.training


def test_the_same_seed_gives_identical_weights_and_another_seed_others():
    runs = [recipes.train("one_layer", seed=seed, steps=3)[0] for seed in (0, 0, 1)]
    first, again, other = (models.weights(run) for run in runs)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_the_order_of_the_data_depends_on_the_seed_as_well(monkeypatch):
    build = models.build
    monkeypatch.setattr(models, "build", lambda architecture, seed: build(architecture, 0))
    first, other = (recipes.train("one_layer", seed=seed, steps=1)[0] for seed in (0, 1))
    assert not torch.equal(first.get_parameter("head.weight"), other.get_parameter("head.weight"))


def test_an_unknown_recipe_is_refused_with_those_there_are():
    with pytest.raises(models.ModelError, match="no recipe 'gpt2'; recipes: induction, one_layer"):
        recipes.train("gpt2")


def test_no_steps_are_refused():
    with pytest.raises(ValueError, match="steps and batch_size must be at least 1, got 0"):
        recipes.train("induction", steps=0)


def test_writing_the_zoo_stores_what_load_reads(tmp_path, monkeypatch):
    shutil.copy(assets.FOLDER / "manifest.json", tmp_path)
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    recipe = recipes.RECIPES["induction"]
    short = replace(recipe, settings=replace(recipe.settings, steps=2))
    monkeypatch.setitem(recipes.RECIPES, "induction", short)
    monkeypatch.setitem(
        models.ZOO, "induction", replace(models.ZOO["induction"], seeds=(0, 1), steps=(0,))
    )
    recipes.write_zoo("induction")
    trained = models.wrap(recipes.train("induction", seed=1, steps=2)[0])
    assert torch.equal(models.load("induction", seed=1).W_Q, trained.W_Q)
    assert models.load("induction", step=0).W_E.shape == (64, 64)


@pytest.mark.slow
def test_the_whole_recipe_reproduces_the_model_of_the_zoo():
    with runtime.deterministic(threads=1):  # as the command does
        module, history = recipes.train("induction", seed=0, every=600)
    found, stated = recipes.card(models.wrap(module)), card("induction")
    assert found["previous_token_score"] == pytest.approx(stated["previous_token_score"], abs=0.05)
    assert found["induction_score"] == pytest.approx(stated["induction_score"], abs=0.05)
    assert found["copy_accuracy"] == pytest.approx(stated["copy_accuracy"], abs=0.02)
    assert history.column("icl_score")[-1] < -2
