"""The engine equals the paper's recursion, run one sample at a time in float64."""

import numpy as np
import pytest
import torch
from scrub_cases import KINDS, SHAPE, Drawn, pair, randomised, tokens
from scrub_oracle import Oracle, total
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge.sources.native import NativeModel

from interp_course import circuits, models
from interp_course.bench import plain_scrubbing
from interp_course.circuits import EMBED, LOGITS
from interp_course.scrubbing import ANY, SAME, Edge, Node, Stream, plan, whole_model
from interp_course.scrubbing.evaluating import Evaluator

TOKENS = tokens()
MODES = ("shared", "each", "exact")


def difference(kind, seed, dtype=torch.float32, samples=2) -> float:
    """The largest difference of logits between engine and oracle on a random hypothesis."""
    model, net = pair(kind, dtype)
    mode, hypothesis = MODES[seed % 3], Drawn(model, seed).root
    options = {"unimportant": mode, "writers": circuits.parts(model), "seed": seed}
    drawn = plan(hypothesis, TOKENS, samples, **options)
    position = (-1, 2)[seed % 2]
    found = Evaluator(model, TOKENS, position, chunk_rows=7).logits(drawn).double().numpy()
    oracle = Oracle(net, drawn)
    expected = np.stack([oracle.logits(i, position) for i in range(samples)])
    return np.abs(found - expected).max()


@pytest.mark.parametrize("kind", KINDS)
def test_the_oracle_is_the_model(kind):
    model, net = pair(kind)
    found = [net.logits(total(net.contributions(row.numpy()), (9, 9))) for row in TOKENS[:3]]
    with torch.no_grad():
        np.testing.assert_allclose(model(TOKENS[:3]).numpy(), np.stack(found), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_random_hypotheses_equal_the_papers_recursion(kind):
    assert max(difference(kind, seed) for seed in range(30)) < 1e-4


@pytest.mark.parametrize("kind", ["attention only", "LayerNorm", "rotary grouped LayerNorm"])
def test_random_hypotheses_are_exact_in_double_precision(kind):
    """Norms without a mean are left out: transformer-lens computes them in float32 always."""
    assert max(difference(kind, seed, torch.float64) for seed in range(100, 112)) < 1e-9


@pytest.fixture(params=KINDS, scope="module")
def evaluator(request):
    return Evaluator(pair(request.param)[0], TOKENS)


def clean(evaluator, rows):
    return evaluator.clean_logits()[rows]


@pytest.mark.parametrize("mode", MODES)
def test_every_path_unrolled_and_nothing_exchanged_is_the_model(evaluator, mode):
    model = evaluator.modules.model
    if model.cfg.n_layers > 2 and not model.cfg.attn_only:
        return  # thousands of paths
    options = {"unimportant": mode, "writers": circuits.parts(model)}
    drawn = plan(whole_model(model), TOKENS, 4, **options)
    expected = clean(evaluator, drawn.references)
    difference = (evaluator.logits(drawn) - expected).abs().max()
    assert difference < 1e-5 * max(1.0, expected.abs().max().item())


def test_a_leaf_at_the_top_is_the_model(evaluator):
    drawn = plan(Node(LOGITS, ANY), TOKENS, 20)
    assert torch.equal(evaluator.logits(drawn), clean(evaluator, drawn.draws[0].rows))
    with torch.no_grad():
        direct = evaluator.modules.model(TOKENS)[:, -1]
    assert torch.equal(evaluator.clean_logits(), direct)


def test_an_empty_hypothesis_is_the_model_on_the_sampled_inputs(evaluator):
    drawn = plan(Node(LOGITS, SAME, []), TOKENS, 24)
    found = evaluator.logits(drawn) - clean(evaluator, drawn.draws[0].others)
    assert found.abs().max() < 1e-6


def test_the_size_of_chunks_changes_nothing(evaluator):
    model = evaluator.modules.model
    drawn = plan(Drawn(model, 5).root, TOKENS, 9)
    small = Evaluator(model, TOKENS, chunk_rows=2).logits(drawn)
    torch.testing.assert_close(small, evaluator.logits(drawn), rtol=0, atol=1e-5)


def test_a_stream_in_one_piece_is_all_writers_with_one_sample(evaluator):
    whole = Node(LOGITS, SAME, [Edge("in", Node(Stream(evaluator.modules.n_layers), ANY))])
    drawn = plan(whole, TOKENS, 10)
    found = evaluator.logits(drawn) - clean(evaluator, drawn.draws[1].rows)
    assert found.abs().max() < 1e-5


def test_nothing_is_left_behind_in_the_model(evaluator):
    model = evaluator.modules.model
    evaluator.logits(plan(Drawn(model, 6).root, TOKENS, 5))
    assert all(not point.fwd_hooks for point in model.hook_dict.values())
    assert all(not block.attn._forward_pre_hooks for block in model.blocks)


def refuses(message):
    return pytest.raises((ValueError, TypeError), match=f"{message}|Type-check error")


@pytest.mark.parametrize(
    ("site", "message"),
    [
        (circuits.head(7, 0), "logits/L7.H0: this model has no L7.H0. It has 2 layers of 2 heads"),
        (circuits.mlp(0), "no MLPs and learned positions"),
        (Stream(3), r"streams enter the layers 0 \.\. 2, not stream into L3"),
    ],
)
def test_a_site_that_the_model_lacks_is_refused_with_what_it_has(site, message):
    model, _ = pair("attention only")
    with refuses(message):
        Evaluator(model, TOKENS).logits(plan(Node(LOGITS, SAME, [Edge("in", Node(site))]), TOKENS))


def test_a_model_with_rotary_positions_has_no_positional_embedding():
    model, _ = pair("Llama")
    with refuses("no positions.*no embedded positions"):
        hypothesis = Node(LOGITS, SAME, [Edge("in", Node(circuits.POSITIONS))])
        Evaluator(model, TOKENS).logits(plan(hypothesis, TOKENS))


def test_a_model_whose_pieces_do_not_add_up_is_refused():
    config = TransformerBridgeConfig(**SHAPE, act_fn="gelu", output_logits_soft_cap=0.1)
    capped = models.wrap(randomised(NativeModel(config)))
    with refuses("this model cannot be scrubbed: the logits are not the unembedding"):
        Evaluator(capped, TOKENS)


def test_a_model_in_training_mode_is_refused():
    model, _ = pair("attention only")
    model.train()
    try:
        with refuses("training mode"):
            Evaluator(model, TOKENS)
    finally:
        model.eval()


def test_a_plan_for_other_tokens_and_a_position_outside_are_refused():
    model, _ = pair("attention only")
    with refuses("made for other tokens"):
        Evaluator(model, TOKENS).logits(plan(Node(LOGITS, SAME), TOKENS.flip(0)))
    with refuses("position 6 is outside of the 6 positions"):
        Evaluator(model, TOKENS, 6)


def test_one_forward_pass_for_every_node_gives_the_same():
    model, _ = pair("LayerNorm")
    inner = [
        Edge("qk", Node(circuits.head(0, 1), ANY, [Edge("v", Node(EMBED, ANY), 2)])),
        Edge("v", Node(circuits.mlp(0), ANY, [Edge("in", Node(EMBED, ANY, per_position=True))])),
    ]
    head = Node(circuits.head(1, 0), ANY, inner, per_position=True)
    drawn = plan(Node(LOGITS, SAME, [Edge("in", head, -1)]), TOKENS, 6)
    ours, theirs = (
        Evaluator(model, TOKENS).logits(drawn),
        plain_scrubbing.plain_logits(model, drawn),
    )
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


def test_the_plain_way_says_what_it_cannot_do():
    model, _ = pair("LayerNorm")
    drawn = plan(Node(LOGITS, SAME, [Edge("in", Node(Stream(1)))]), TOKENS, 3)
    with refuses("whole parts only"):
        plain_scrubbing.plain_logits(model, drawn)
