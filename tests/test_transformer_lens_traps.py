"""What transformer-lens 4.3 does unexpectedly on small native models, and what we rely on.

Each test passes as long as the trap is there. One that fails after an upgrade says that the
library has changed: read what now happens, and drop the work-around named in the test.
"""

import pytest
import torch
from transformer_lens import patching
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.tools import analysis
from transformer_lens.tools.analysis.attribution_patching import EdgeAttributionConfig

TOKENS = torch.tensor([[0, 3, 1, 4, 1, 5], [0, 9, 2, 6, 5, 3]])
PAIR = TOKENS[:1], TOKENS[1:]
RESID_MID, RESID_POST = "blocks.0.hook_resid_mid", "blocks.0.hook_resid_post"


def fresh(**options) -> TransformerBridge:
    shape = {"n_layers": 2, "n_heads": 2, "d_model": 8, "d_head": 4, "d_vocab": 11, "n_ctx": 9}
    default = {"d_mlp": 12, "act_fn": "gelu", "normalization_type": "LN", "seed": 0}
    config = TransformerBridgeConfig(**shape, **default | options)
    return TransformerBridge.boot_native(config)


def native(**options) -> TransformerBridge:
    return fresh(**options).eval()


@pytest.fixture
def model():
    with torch.no_grad():
        yield native()


@pytest.fixture
def attention_only():
    with torch.no_grad():
        yield native(attn_only=True)


def worth(logits):
    return logits[0, -1, 3] - logits[0, -1, 5]


def zero(activation, hook):
    return torch.zeros_like(activation)


def run(model, edits, *names):
    """Logits and activations of a forward pass with edits."""
    seen = {}
    keep = [(name, lambda x, hook, name=name: seen.__setitem__(name, x)) for name in names]
    logits = model.run_with_hooks(TOKENS, fwd_hooks=[*edits, *keep])
    return logits, seen


def test_trap_1_an_edit_of_resid_mid_reaches_the_mlp_but_not_the_skip_path(model):
    """A true edit to zero would leave resid_post = mlp_out; the old stream is still in it."""
    _, cache = model.run_with_cache(TOKENS)
    _, seen = run(model, [(RESID_MID, zero)], RESID_POST, "blocks.0.hook_mlp_out")
    kept = seen[RESID_POST] - seen["blocks.0.hook_mlp_out"]
    torch.testing.assert_close(kept, cache[RESID_MID])
    assert (seen["blocks.0.hook_mlp_out"] - cache["blocks.0.hook_mlp_out"]).abs().max() > 0.01


def test_around_trap_1_an_edit_of_attn_out_reaches_both(model):
    _, cache = model.run_with_cache(TOKENS)
    edit = ("blocks.0.hook_attn_out", lambda x, hook: x - cache[RESID_MID])
    _, seen = run(model, [edit], RESID_POST, "blocks.0.hook_mlp_out")
    torch.testing.assert_close(seen[RESID_POST], seen["blocks.0.hook_mlp_out"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "switch", ["set_use_split_qkv_input", "set_use_attn_result", "set_use_attn_in"]
)
def test_trap_2_native_models_refuse_fine_grained_attention_hooks(model, switch):
    with pytest.raises(NotImplementedError, match="none of this model's attention bridges"):
        getattr(model, switch)(True)


def test_around_trap_2_each_projection_has_an_input_of_its_own(model):
    """What `hooks.projection_in` and so `ablation.path_ablated` stand on."""
    names = [f"blocks.1.attn.{p}.hook_in" for p in "qkv"]
    _, before = run(model, [], *[f"blocks.1.attn.hook_{p}" for p in "qkv"])
    _, after = run(model, [(names[1], zero)], *[f"blocks.1.attn.hook_{p}" for p in "qkv"])
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"blocks.1.attn.hook_k"}


def test_around_trap_2_the_input_of_a_projection_comes_after_the_norm(model):
    _, cache = model.run_with_cache(TOKENS)
    normed = model.blocks[1].ln1(cache["blocks.1.hook_resid_pre"])
    torch.testing.assert_close(cache["blocks.1.attn.q.hook_in"], normed)


@pytest.mark.parametrize("granularity", ["edge", "node"])
def test_trap_2_native_models_have_attribution_of_nodes_but_not_of_edges(granularity):
    """`patching.attribution` scores their edges."""
    config = EdgeAttributionConfig(granularity=granularity)
    if granularity == "node":
        assert analysis.attribution_patch(native(), *PAIR, worth, config).node_scores
        return
    with pytest.raises(NotImplementedError):
        analysis.attribution_patch(native(), *PAIR, worth, config)


def test_trap_2_native_models_have_no_patching_of_edges(model):
    """`patching.paths` has."""
    caches = [model.run_with_cache(tokens)[1] for tokens in PAIR]
    with pytest.raises(NotImplementedError):
        patching.get_act_patch_direct_path(model, PAIR[1], *caches, worth, 0, 0, verbose=False)


def test_trap_2_native_models_have_no_faithfulness(model):
    """`patching.faithfulness` has."""
    with pytest.raises(NotImplementedError):
        analysis.faithfulness(model, *PAIR, worth, [])


def gradient(of: str, clone: bool) -> torch.Tensor:
    """The gradient of ``worth`` at a place whose hook returns what it got, or a copy of it."""
    model, kept = native(), []

    def keep(x, hook):
        kept.append(x.clone() if clone else x)
        return kept[0]

    logits = model.run_with_hooks(TOKENS, fwd_hooks=[(of, keep)])
    return torch.autograd.grad(worth(logits), kept[0])[0]


def test_trap_2_a_gradient_at_the_input_of_an_mlp_includes_the_skip_path():
    """Without a copy it is the gradient of the whole stream, as at its end."""
    both = gradient("blocks.1.ln2.hook_in", clone=False)
    skip = gradient("ln_final.hook_in", clone=False)
    mlp = gradient("blocks.1.ln2.hook_in", clone=True)
    torch.testing.assert_close(both, skip + mlp)
    assert skip.abs().max() > 0.01


def test_there_is_no_integrated_attribution():
    """`patching.attribution` has it."""
    with pytest.raises(NotImplementedError, match="ig_steps"):
        analysis.attribution_patch(native(), *PAIR, worth, EdgeAttributionConfig(ig_steps=5))


def test_queries_can_be_given_to_the_attention_of_a_layer(model):
    """What `patching.wiring` stands on: whatever the attention reads, z follows the vectors."""
    _, cache = model.run_with_cache(TOKENS)
    names, kept = [f"blocks.1.attn.hook_{letter}" for letter in "qkv"], []
    edits = [(name, lambda x, hook, name=name: cache[name]) for name in names]
    edits.append(("blocks.1.attn.hook_z", lambda z, hook: kept.append(z)))
    with model.hooks(fwd_hooks=edits):
        model.blocks[1].attn(torch.ones(2, 6, 8))
    torch.testing.assert_close(kept[0], cache["blocks.1.attn.hook_z"])


def test_trap_2_the_output_of_a_single_head_is_not_there(model):
    _, cache = model.run_with_cache(TOKENS)
    assert "blocks.0.attn.hook_result" not in cache


def test_trap_3_attention_scores_are_the_pattern_after_the_softmax(model):
    _, cache = model.run_with_cache(TOKENS)
    name = "blocks.0.attn.hook_attn_scores"
    assert torch.equal(cache[name], cache["blocks.0.attn.hook_pattern"])


def test_trap_3_an_edit_of_attention_scores_is_thrown_away_with_a_warning(model):
    before = model(TOKENS)
    with pytest.warns(UserWarning, match="The edit is discarded"):
        after, _ = run(model, [("blocks.0.attn.hook_attn_scores", zero)])
    assert torch.equal(after, before)


def test_around_trap_3_an_edit_of_the_pattern_counts(model):
    _, seen = run(model, [("blocks.0.attn.hook_pattern", zero)], "blocks.0.attn.hook_z")
    assert (seen["blocks.0.attn.hook_z"] == 0).all()


def test_trap_4_starting_at_a_later_layer_still_runs_the_lower_blocks(model):
    _, cache = model.run_with_cache(TOKENS)
    calls = []
    with model.blocks[0].register_forward_hook(lambda *args: calls.append(1)):
        logits = model(cache["blocks.1.hook_resid_pre"], start_at_layer=1)
    torch.testing.assert_close(logits, model(TOKENS))
    assert calls == [1]


def test_around_trap_4_the_upper_blocks_can_be_called_themselves(model):
    _, cache = model.run_with_cache(TOKENS)
    end = model.blocks[1](cache["blocks.1.hook_resid_pre"])[0]
    torch.testing.assert_close(model.unembed(model.ln_final(end)), model(TOKENS))


@pytest.mark.parametrize(
    "name", ["get_act_patch_mlp_out", "get_act_patch_resid_mid", "get_act_patch_block_every"]
)
def test_trap_5_some_patching_breaks_on_attention_only_models(attention_only, name):
    _, cache = attention_only.run_with_cache(TOKENS)
    with pytest.raises(KeyError, match=r"hook_(mlp_out|resid_mid)"):
        getattr(patching, name)(attention_only, TOKENS.flip(0), cache, torch.sum)


def test_trap_5_node_attribution_breaks_on_attention_only_models():
    with pytest.raises(ValueError, match=r"missing from the cache: blocks\.0\.hook_mlp_out"):
        analysis.attribution_patch(native(attn_only=True), TOKENS, TOKENS.flip(0), torch.sum)


def test_around_trap_5_attention_outputs_can_be_patched(attention_only):
    _, cache = attention_only.run_with_cache(TOKENS)
    found = patching.get_act_patch_attn_out(attention_only, TOKENS.flip(0), cache, torch.sum)
    assert found.shape == (2, 6)


def test_trap_6_direct_logit_attribution_wants_compatibility_mode(model):
    with pytest.raises(ValueError, match="requires compatibility mode"):
        analysis.direct_logit_attribution(model, TOKENS, 3)


def test_trap_7_every_hook_point_runs_although_nobody_listens(model):
    """Why training uses the raw module: count the calls, not the seconds."""
    points = [p for p in model.modules() if type(p).__name__ == "HookPoint"]
    calls = []
    handles = [p.register_forward_hook(lambda *args: calls.append(1)) for p in points]
    model(TOKENS)
    for handle in handles:
        handle.remove()
    assert len(calls) > 40


def test_around_trap_7_a_filter_keeps_the_cache_small(model):
    """One activation, under its old and its new name."""
    _, cache = model.run_with_cache(TOKENS, names_filter=["blocks.0.attn.hook_z"])
    assert set(cache.keys()) == {"blocks.0.attn.hook_z", "blocks.0.attn.o.hook_in"}


def test_a_new_bridge_is_in_training_mode_which_patching_refuses():
    """`models.wrap` therefore switches to evaluation mode."""
    model = fresh()
    _, cache = model.run_with_cache(TOKENS)
    with pytest.raises(ValueError, match="evaluation mode; found training mode"):
        patching.get_act_patch_attn_out(model, TOKENS.flip(0), cache, torch.sum)
