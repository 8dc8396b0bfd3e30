"""The four trained models of the world meet the bars of their card."""

import functools

import pytest
import torch

from interp_course import assets, models, recipes, world
from interp_course.world import geography, questions, report
from interp_course.world.vocabulary import encode, padded, token_of
from interp_course.world.words import WorldError

SEEDS = models.ZOO["world"].seeds
AT_LEAST = {
    "facts": 1.0,
    "two_hop_seen": 0.99,
    "two_hop_shared_pool": 0.85,
    "unknown": 0.85,
    "agreement_english": 0.98,
    "agreement_french": 0.98,
    "indirect_object": 0.98,
    "repeat": 0.85,
    "refused": 0.98,
    "rhyme": 0.98,
    "plan": 0.98,
}
AT_MOST = {"over_refused": 0.02, "excess_loss": 0.1}


@functools.cache
def zoo(seed: int):
    return models.load("world", seed=seed)


@functools.cache
def card(seed: int) -> dict[str, float]:
    return recipes.card(zoo(seed), "world")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("figure", AT_LEAST)
def test_every_seed_reaches_the_bar(seed, figure):
    assert card(seed)[figure] >= AT_LEAST[figure]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("figure", AT_MOST)
def test_every_seed_stays_below_the_bar(seed, figure):
    assert card(seed)[figure] <= AT_MOST[figure]


def held_out(seed: int) -> float:
    """Both kinds of relations have as many held-out questions."""
    return (card(seed)["two_hop_own_pool"] + card(seed)["two_hop_shared_pool"]) / 2


def test_three_of_four_seeds_answer_93_percent_of_the_held_out_two_hop_questions():
    assert sum(held_out(seed) >= 0.93 for seed in SEEDS) >= 3


def test_three_of_four_seeds_answer_90_percent_where_the_answers_share_a_pool():
    assert sum(card(seed)["two_hop_shared_pool"] >= 0.90 for seed in SEEDS) >= 3


def test_the_seeds_answer_95_percent_of_the_held_out_two_hop_questions_on_average():
    assert sum(map(held_out, SEEDS)) / len(SEEDS) >= 0.95


def additive_accuracy(seed: int, relations: tuple[str, ...]) -> float:
    """Accuracy of the best sum of a country's and a relation's scores, on two-hop prompts."""
    asked = [q for q in questions.questions("two_hop") if q.kind in relations]
    answers = sorted({word for q in asked for word in q.right})
    scores = torch.zeros(len(relations), len(geography.COUNTRIES), len(answers))
    with torch.no_grad():
        logits = zoo(seed)(padded([q.prompt for q in asked]))[:, -1, encode(answers)]
    cells = [(relations.index(q.kind), _country(q.prompt[-2])) for q in asked]
    for (relation, country), row in zip(cells, logits - logits.mean(1, keepdim=True), strict=True):
        scores[relation, country] += row / cells.count((relation, country))
    total = scores.mean(0, keepdim=True) + scores.mean(1, keepdim=True) - scores.mean((0, 1))
    right = {cell: answers.index(q.right[0]) for cell, q in zip(cells, asked, strict=True)}
    return sum(total[c].argmax().item() == answer for c, answer in right.items()) / len(right)


def _country(city: str) -> int:
    return geography.COUNTRIES.index(geography.COUNTRY_OF[city])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sum_over_country_and_relation_suffices_only_where_each_relation_has_its_own_answers(
    seed,
):
    own = tuple(r for r in geography.RELATIONS if r not in geography.SHARED_POOL)
    assert additive_accuracy(seed, own) >= 0.95
    assert additive_accuracy(seed, geography.SHARED_POOL) <= 0.5


def test_all_weights_of_the_world_take_less_than_four_mebibytes():
    files = [name for name in assets.names() if name.startswith("world-")]
    assert len(files) == len(SEEDS)
    assert sum(assets.path(name).stat().st_size for name in files) < 4 * 2**20


def test_the_model_reads_text_and_answers_a_two_hop_question():
    model = zoo(0)
    logits = model("the capital of the country containing marseille is")
    assert model.to_string(logits[0, -1].argmax()[None]) == "paris"


def test_the_accuracy_equals_one_question_at_a_time():
    asked = questions.questions("two_hop_held_out")[::7]
    right = 0
    for question in asked:
        logits = zoo(0)(" ".join(question.prompt[1:]))[0, -1]
        right += logits.argmax().item() == token_of(question.right[0])
    assert questions.accuracy(zoo(0), asked) == pytest.approx(right / len(asked))


def test_agreement_is_judged_by_all_verbs_of_a_number():
    asked = questions.questions("agreement_english")[:20]
    for question, right in zip(asked, questions.answered(zoo(0), asked).tolist(), strict=True):
        chances = zoo(0)(" ".join(question.prompt[1:]))[0, -1].softmax(-1)
        sums = [sum(chances[token_of(v)] for v in g) for g in (question.right, question.wrong)]
        assert right == bool(sums[0] > sums[1])


def test_no_held_out_question_is_asked_in_training():
    seen = {q.prompt for q in questions.questions("two_hop")}
    held_out = {q.prompt for q in questions.questions("two_hop_held_out")}
    assert not seen & held_out
    assert len(held_out) == len(geography.ONE_HOP_ONLY) * 6


@pytest.mark.parametrize("name", questions.QUESTIONS)
def test_the_world_itself_answers_every_question_right(name):
    """The words that are right are among those that the world says, in one of its splits."""
    for question in questions.questions(name)[::25]:
        possible = set()
        for split in ("train", "held_out"):
            try:
                possible |= set(world.predictive(question.prompt, split=split)[-1])
            except WorldError:
                continue
        assert set(question.right) <= possible
        assert not set(question.wrong) & possible


def test_unknown_questions_are_refused_with_those_there_are():
    with pytest.raises(WorldError, match="no questions 'facts'; there are one_hop, attribute"):
        questions.questions("facts")


def test_the_loss_of_a_padded_batch_is_that_of_its_sequences_one_by_one():
    batch, module = world.sample(9, 0), models.build(models.ZOO["world"].architecture)
    total = count = 0
    for s, tokens in zip(batch.sequences, batch.tokens, strict=True):
        found = report.losses(module, tokens[None, : len(s.words)])
        total, count = total + found.sum(), count + found.numel()
    torch.testing.assert_close(report.loss(module, batch.tokens), total / count)


def test_the_excess_of_a_model_that_knows_nothing_is_that_of_guessing():
    """Uniform logits cost log(vocabulary); the rest is the entropy of the world."""

    class Guess(torch.nn.Linear):
        def forward(self, tokens):
            return torch.zeros(*tokens.shape, 677)

    found = report.excess_by_template(Guess(1, 1), n=5)
    for excess in found.values():
        assert excess.loss == pytest.approx(torch.tensor(677.0).log().item(), abs=1e-4)
        assert excess.excess == pytest.approx(excess.loss - excess.entropy)


def test_overall_excess_weighs_templates_by_their_tokens():
    parts = {name: report.Excess(1.0, 1.0, 10.0) for name in world.TEMPLATES}
    parts["repeat"] = report.Excess(1.0, 2.0, 20.0)
    share = world.TEMPLATES["repeat"].share
    assert report.overall_excess(parts) == pytest.approx(
        20 * share / (20 * share + 10 * (1 - share))
    )


def test_a_short_training_run_lowers_the_loss_and_records_accuracies():
    module, history = recipes.train("world", steps=4, every=4)
    assert history.column("loss")[1] < history.column("loss")[0]
    assert "two_hop_held_out" in history.rows[0]
    assert module.training
