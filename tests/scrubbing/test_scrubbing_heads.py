"""A head by itself is what its layer computes, or its layer runs as a whole."""

import pytest
import torch
from scrub_cases import KINDS, SHAPE, pair, randomised, tokens
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge.sources.native import NativeModel

from interp_course import circuits, models
from interp_course.scrubbing import Moved
from interp_course.scrubbing.modules import Modules, picked

TOKENS = tokens(4)
ROTARY = ("rotary grouped RMS gated", "rotary grouped LayerNorm", "Llama")


def streams(model, n: int = 3):
    rng = torch.Generator().manual_seed(0)
    shape = (n, len(TOKENS), TOKENS.shape[1], model.cfg.d_model)
    return torch.randn(shape, generator=rng).unbind(0)


@pytest.mark.parametrize("kind", KINDS)
def test_only_rotary_positions_need_the_whole_layer(kind):
    modules = Modules(pair(kind)[0], TOKENS)
    assert modules.computes_single(circuits.head(1, 0)) == (kind not in ROTARY)


@pytest.mark.parametrize("at", [[[5]], [[0], [3], [5], [1]], [[0, 1, 2, 3, 4, 5]]])
@pytest.mark.parametrize("kind", KINDS)
def test_a_head_at_some_positions_is_the_head_of_its_layer_there(kind, at):
    modules, at = Modules(pair(kind)[0], TOKENS), torch.tensor(at)
    q, k, v = streams(modules.model)
    part = circuits.head(1, 1)
    own = picked(q, at) if modules.computes_single(part) else q
    with torch.no_grad():
        z, pattern, values = modules.attention(1, q, k, v)
        torch.testing.assert_close(modules.head(part, own, k, v, at), picked(z[:, :, 1], at))
        found = modules.head(Moved(part, 1), own, k, v, at)
    before = pattern[:, 1].diagonal(-1, dim1=1, dim2=2)[..., None]
    expected = torch.zeros_like(z[:, :, 1])
    expected[:, 1:] = before * values[:, :-1, values.shape[2] // pattern.shape[1]]
    torch.testing.assert_close(found, picked(expected, at), rtol=1e-4, atol=1e-5)


def test_capped_scores_need_the_whole_layer():
    config = TransformerBridgeConfig(**SHAPE, act_fn="gelu", attn_scores_soft_cap=50.0)
    modules = Modules(models.wrap(randomised(NativeModel(config))), TOKENS)
    assert not modules.computes_single(circuits.head(0, 0))
