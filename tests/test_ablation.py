"""Ablations equal a forward pass that is written out without hooks, in double precision."""

import math
import tempfile

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel

from interp_course import ablation, attention, models, runtime

REPLACEMENTS = ["zero", "mean", "resample"]
HEADS = [(layer, head) for layer in range(2) for head in range(2)]


class Explicit:
    """A two-layer transformer, one head and one matrix product at a time."""

    def __init__(self, model, tokens, source=None, into="", value=None):
        """Layer 1 reads ``value`` instead of the z of ``source`` through the inputs ``into``.

        With into "all" the head's output is replaced in the residual stream itself.
        """
        self.model, self.z = model, {}
        x = (model.W_E[tokens] + model.W_pos[: tokens.shape[1]]).double()
        change = torch.zeros_like(x)
        for layer in range(2):
            seen = {p: x + change if layer == 1 and p in into else x for p in "qkv"}
            out = model.b_O[layer].double()
            for head in range(2):
                z = self.z[layer, head] = self.head(layer, head, seen)
                if (layer, head) == source and into == "all":
                    z = value.expand_as(z)
                elif (layer, head) == source:
                    change = (value - z) @ model.W_O[layer, head].double()
                out = out + z @ model.W_O[layer, head].double()
            x = x + out
            x = x + self.mlp(layer, self.norm(model.blocks[layer], "ln2", x))
        self.logits = self.norm(model, "ln_final", x) @ model.W_U.double() + model.b_U.double()

    def head(self, layer: int, head: int, seen: dict[str, Tensor]) -> Tensor:
        def project(p: str) -> Tensor:
            W, b = (getattr(self.model, f"{kind}_{p.upper()}")[layer, head] for kind in "Wb")
            return self.norm(self.model.blocks[layer], "ln1", seen[p]) @ W.double() + b.double()

        scores = project("q") @ project("k").mT / math.sqrt(self.model.cfg.d_head)
        future = torch.ones_like(scores[0]).triu(1).bool()
        return scores.masked_fill(future, -torch.inf).softmax(dim=-1) @ project("v")

    def norm(self, owner, name: str, x: Tensor) -> Tensor:
        if self.model.cfg.normalization_type is None:
            return x
        part = getattr(owner, name).original_component
        centred = x - x.mean(dim=-1, keepdim=True)
        scale = (centred.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
        return centred / scale * part.weight.double() + part.bias.double()

    def mlp(self, layer: int, x: Tensor) -> Tensor:
        if self.model.cfg.attn_only:
            return torch.zeros_like(x)
        W_in, W_out, b_in, b_out = (
            getattr(self.model, name)[layer].double() for name in ("W_in", "W_out", "b_in", "b_out")
        )
        return functional.gelu(x @ W_in + b_in, approximate="tanh") @ W_out + b_out


def build(norm: str | None) -> TransformerBridge:
    """A two-layer native model, with or without norms and MLPs."""
    shape = {"n_layers": 2, "n_heads": 2, "d_model": 10, "d_head": 5, "d_vocab": 12, "n_ctx": 9}
    rest = {"attn_only": True} if norm is None else {"d_mlp": 14, "act_fn": "gelu_new"}
    config = TransformerBridgeConfig(**shape, **rest, normalization_type=norm, seed=0)
    return randomised(TransformerBridge.boot_native(config).eval())


def gpt2() -> TransformerBridge:
    """A random Hugging Face model of the same size, loaded as the course loads them."""
    shape = {"n_embd": 10, "n_layer": 2, "n_head": 2, "vocab_size": 12, "n_positions": 9}
    with tempfile.TemporaryDirectory() as folder:
        GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0)).save_pretrained(folder)
        return randomised(models.load(folder))


def randomised(model: TransformerBridge) -> TransformerBridge:
    """The model with random parameters, so that norms and biases matter too."""
    rng = runtime.generator("test ablation model")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if "ln" in name and name.endswith("weight") else 0.0
            parameter.copy_(centre + 0.4 * torch.randn(parameter.shape, generator=rng))
    return model


MODELS = {"no norm": build(None), "LayerNorm and MLP": build("LN"), "GPT-2": gpt2()}
TOKENS, REFERENCE = torch.randint(12, (2, 4, 9), generator=runtime.generator("test ablation"))


@pytest.fixture(params=MODELS, scope="module")
def model(request):
    with torch.no_grad():
        yield MODELS[request.param]


def replacement_value(model, head, replacement: str) -> Tensor:
    if replacement == "zero":
        return torch.zeros((), dtype=torch.float64)
    value = Explicit(model, REFERENCE).z[head]
    return value.mean(dim=(0, 1)) if replacement == "mean" else value


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual.double(), expected, rtol=0, atol=1e-5)


def loss(logits: Tensor) -> float:
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), TOKENS[:, 1:].flatten()).item()


def test_the_written_out_pass_is_the_model(model):
    close(model(TOKENS), Explicit(model, TOKENS).logits)


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("head", HEADS)
def test_an_ablation_equals_the_written_out_pass(model, head, replacement):
    value = replacement_value(model, head, replacement)
    with ablation.ablated(model, [head], replacement, REFERENCE):
        found = model(TOKENS)
    close(found, Explicit(model, TOKENS, head, "all", value).logits)


@pytest.mark.parametrize("replacement", REPLACEMENTS)
@pytest.mark.parametrize("into", ["q", "k", "v", "qk", "qkv"])
def test_a_path_ablation_equals_the_written_out_pass(model, into, replacement):
    value = replacement_value(model, (0, 1), replacement)
    with ablation.path_ablated(model, (0, 1), into, 1, replacement, REFERENCE):
        found = model(TOKENS)
    expected = Explicit(model, TOKENS, (0, 1), into, value).logits
    close(found, expected)
    assert (expected - Explicit(model, TOKENS).logits).abs().max() > 1e-3


def test_zero_ablation_equals_a_model_without_the_heads_part_of_w_o():
    module = models.build(models.Architecture(2, 2, 10, 5, 12, 9), seed=1)
    model, cut = models.wrap(module), module
    with torch.no_grad():
        cut.get_parameter("layers.1.attn.o.weight")[:, 5:10] = 0
        with ablation.ablated(model, [(1, 1)], "zero"):
            close(model(TOKENS), cut(TOKENS).double())


def test_all_paths_together_leave_only_the_direct_one_to_the_logits():
    """Without norms and MLPs the direct path is linear: the two ablations differ by it."""
    model = MODELS["no norm"]
    new, old = (Explicit(model, t).z[0, 0] for t in (REFERENCE, TOKENS))
    with torch.no_grad():
        with ablation.ablated(model, [(0, 0)], "resample", REFERENCE):
            everywhere = model(TOKENS)
        with ablation.path_ablated(model, (0, 0), "qkv", 1, "resample", REFERENCE):
            paths = model(TOKENS)
    close(everywhere - paths, (new - old) @ (model.W_O[0, 0] @ model.W_U).double())


def test_replacing_a_head_by_itself_changes_nothing(model):
    before = model(TOKENS)
    with ablation.ablated(model, HEADS, "resample", TOKENS):
        close(model(TOKENS), before.double())
    with ablation.path_ablated(model, (0, 0), "qkv", 1, "resample", TOKENS):
        close(model(TOKENS), before.double())


@pytest.mark.parametrize("replacement", REPLACEMENTS)
def test_effects_equal_ablations_of_one_head_at_a_time(model, replacement):
    found = ablation.ablation_effects(model, TOKENS, replacement, reference=REFERENCE)
    before = loss(model(TOKENS))
    for head in HEADS:
        with ablation.ablated(model, [head], replacement, REFERENCE):
            assert found[head].item() == pytest.approx(loss(model(TOKENS)) - before, abs=1e-5)


def test_effects_can_be_measured_on_some_positions_only(model):
    found = ablation.ablation_effects(model, TOKENS, "zero", positions=slice(4, None))
    before = attention.loss_by_position(model, TOKENS)[4:].mean()
    with ablation.ablated(model, [(0, 1)], "zero"):
        after = attention.loss_by_position(model, TOKENS)[4:].mean()
    assert found[0, 1].item() == pytest.approx((after - before).item(), abs=1e-5)


def test_ablating_several_heads_at_once_equals_nesting(model):
    with ablation.ablated(model, [(0, 1), (1, 0)], "zero"):
        together = model(TOKENS)
    with ablation.ablated(model, [(0, 1)], "zero"), ablation.ablated(model, [(1, 0)], "zero"):
        close(model(TOKENS), together.double())


def test_nothing_is_left_behind(model):
    before = model(TOKENS)
    with ablation.path_ablated(model, (0, 0), "k", 1, "zero"):
        model(TOKENS)
    ablation.ablation_effects(model, TOKENS, "mean", reference=REFERENCE)
    assert torch.equal(model(TOKENS), before)
    assert all(not point.fwd_hooks for point in model.hook_dict.values())


def test_a_head_that_does_not_exist_is_refused_with_how_many_there_are(model):
    message = r"no head \(2, 0\): this model has 2 layers of 2 heads, both counted from 0"
    with pytest.raises(ValueError, match=message), ablation.ablated(model, [(2, 0)], "zero"):
        pass


@pytest.mark.parametrize("replacement", ["mean", "resample"])
def test_a_missing_reference_is_asked_for(model, replacement):
    with (
        pytest.raises(ValueError, match=f"replacement '{replacement}' needs reference sequences"),
        ablation.ablated(model, [(0, 0)], replacement),
    ):
        pass


def test_an_unknown_replacement_is_refused(model):
    with pytest.raises((ValueError, TypeError), match="replacement"):
        ablation.ablation_effects(model, TOKENS, "noise", reference=REFERENCE)


def test_a_reference_of_another_shape_is_refused_with_both(model):
    message = r"shape \(3, 9\) \[batch pos\], the tokens \(4, 9\)"
    with (
        ablation.ablated(model, [(0, 0)], "resample", REFERENCE[:3]),
        pytest.raises(ValueError, match=message),
    ):
        model(TOKENS)
    with (
        ablation.path_ablated(model, (0, 0), "k", 1, "resample", REFERENCE[:3]),
        pytest.raises(ValueError, match=message),
    ):
        model(TOKENS)


@pytest.mark.parametrize(("source", "layer"), [((1, 0), 1), ((0, 0), 0), ((0, 0), 2)])
def test_a_path_that_does_not_lead_up_is_refused(model, source, layer):
    with (
        pytest.raises(ValueError, match="must lie below the reading layer"),
        ablation.path_ablated(model, source, "k", layer, "zero"),
    ):
        pass
