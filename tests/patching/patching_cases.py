"""Small models of several kinds, prompts, and a forward pass written out edge by edge."""

import math
import tempfile

import torch
from torch import Tensor
from torch.nn import functional
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel

from interp_course import circuits, compiled, models, runtime
from interp_course.circuits import EMBED, LOGITS, POSITIONS, Circuit, Edge, Part
from interp_course.patching import metrics


class EdgeByEdge:
    """A forward pass in double precision in which every input is a sum over its edges.

    Over an edge in ``swapped`` another value arrives than what its source now writes.
    ``embedded`` takes the place of the token embeddings.
    """

    def __init__(self, model, tokens, swapped=None, embedded=None):
        self.model, self.swapped = model, swapped or {}
        self.writes: dict[Part, Tensor] = {}
        self.bias = torch.zeros(model.cfg.d_model, dtype=torch.float64)
        self.writes[EMBED] = model.W_E[tokens].double() if embedded is None else embedded
        if POSITIONS in circuits.parts(model):
            positions = model.W_pos[: tokens.shape[1]].double()
            self.writes[POSITIONS] = positions.expand_as(self.writes[EMBED])
        for layer, block in enumerate(model.blocks):
            heads = [circuits.head(layer, h) for h in range(model.cfg.n_heads)]
            self.writes |= {part: self.head(block, part) for part in heads}
            self.bias = self.bias + model.b_O[layer].double()
            if not model.cfg.attn_only:
                self.writes[circuits.mlp(layer)] = self.mlp(block, layer)
        end = self.norm(model, "ln_final", self.reads(LOGITS, "in"))
        self.logits = end @ model.W_U.double() + model.b_U.double()

    def reads(self, target: Part, slot: str) -> Tensor:
        sources = [part for part in self.writes if part.depth < target.depth]
        edges = [Edge(source, target, slot) for source in sources]
        return self.bias + sum(self.swapped.get(e, self.writes[e.source]) for e in edges)

    def head(self, block, part: Part) -> Tensor:
        def project(slot: str) -> Tensor:
            names = [f"{kind}_{slot.upper()}" for kind in "Wb"]
            W, b = (getattr(self.model, name)[part.layer, part.head].double() for name in names)
            return self.norm(block, "ln1", self.reads(part, slot)) @ W + b

        scores = project("q") @ project("k").mT / math.sqrt(self.model.cfg.d_head)
        future = torch.ones_like(scores[0]).triu(1).bool()
        z = scores.masked_fill(future, -torch.inf).softmax(dim=-1) @ project("v")
        return z @ self.model.W_O[part.layer, part.head].double()

    def mlp(self, block, layer: int) -> Tensor:
        names = ("W_in", "b_in", "W_out", "b_out")
        W_in, b_in, W_out, b_out = (getattr(self.model, n)[layer].double() for n in names)
        x = self.norm(block, "ln2", self.reads(circuits.mlp(layer), "in"))
        return functional.gelu(x @ W_in + b_in, approximate="tanh") @ W_out + b_out

    def norm(self, owner, name: str, x: Tensor) -> Tensor:
        if self.model.cfg.normalization_type is None:
            return x
        part = getattr(owner, name).original_component
        centred = x - x.mean(dim=-1, keepdim=True)
        scale = (centred.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
        return centred / scale * part.weight.double() + part.bias.double()


def native(**options) -> TransformerBridge:
    """A two-layer native model with random parameters."""
    shape = {"n_layers": 2, "n_heads": 2, "d_model": 10, "d_head": 4, "d_vocab": 12, "n_ctx": 9}
    default = {"d_mlp": 14, "act_fn": "gelu_new", "normalization_type": "LN", "seed": 0}
    config = TransformerBridgeConfig(**shape | default | options)
    return randomised(TransformerBridge.boot_native(config).eval())


def gpt2() -> TransformerBridge:
    """A random Hugging Face model of the same size, loaded as the course loads them."""
    shape = {"n_embd": 10, "n_layer": 2, "n_head": 2, "vocab_size": 12, "n_positions": 9}
    with tempfile.TemporaryDirectory() as folder:
        GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0)).save_pretrained(folder)
        return randomised(models.load(folder))


def randomised(model: TransformerBridge) -> TransformerBridge:
    """The model with random parameters, so that norms and biases matter too."""
    rng = runtime.generator("test patching model")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if "ln" in name and name.endswith("weight") else 0.0
            parameter.copy_(centre + 0.4 * torch.randn(parameter.shape, generator=rng))
    return model


MODELS = {
    "no norm": native(attn_only=True, normalization_type=None),
    "LayerNorm and MLP": native(),
    "GPT-2": gpt2(),
}
ROTARY = native(positional_embedding_type="rotary", normalization_type="RMS", gated_mlp=True)
_DRAWN = torch.randint(12, (2, 3, 7), generator=runtime.generator("test patching"))
CLEAN, CORRUPTED = _DRAWN[0], _DRAWN[1]
ANSWER, WRONG = torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])
METRIC = metrics.logit_difference(ANSWER, WRONG)


def value(logits: Tensor) -> float:
    """The mean metric, without the library."""
    last = logits[range(len(ANSWER)), -1]
    return (last[range(3), ANSWER] - last[range(3), WRONG]).mean().item()


def effect(model, logits: Tensor) -> float:
    """Where these logits lie between the corrupted run and the clean one."""
    clean, corrupted = (value(EdgeByEdge(model, tokens).logits) for tokens in (CLEAN, CORRUPTED))
    return (value(logits) - corrupted) / (clean - corrupted)


INDUCTION = Circuit.of(
    [
        *("embed -> L0.H0.v", "L0.H0 -> L1.H0.k", "embed -> L1.H0.q"),
        *("embed -> L1.H0.v", "L1.H0 -> logits"),
    ]
)
"""What `planted` uses and prompts can change: positions are the same in all of them."""


def planted(sharpness: float = 20.0, n_tokens: int = 10, length: int = 9) -> TransformerBridge:
    """A previous-token head and an induction head, set by hand; token 0 is BOS."""
    layout = compiled.SlotLayout(n_tokens, length)
    tokens, shift = torch.eye(n_tokens), torch.diag(torch.ones(length - 1), -1)
    reads = {
        "Q_0": ("position", shift),
        "K_0": ("position", torch.eye(length)),
        "V_0": ("token", tokens),
        "Q_1": ("token", tokens),
        "K_1": ("previous", tokens),
        "V_1": ("token", tokens),
    }
    weights = {f"W_{name}": torch.zeros(layout.d_model, layout.d_head) for name in reads}
    for name, (slot, matrix) in reads.items():
        factor = sharpness * math.sqrt(layout.d_head) if name[0] == "Q" else 1.0
        weights[f"W_{name}"][layout.slot(slot), : matrix.shape[1]] = factor * matrix
    for layer, slot in enumerate(("previous", "output")):
        weights[f"W_O_{layer}"] = torch.zeros(layout.d_head, layout.d_model)
        weights[f"W_O_{layer}"][:n_tokens, layout.slot(slot)] = tokens * (1 + 9 * layer)
    return compiled.assemble(layout, weights)


def induction_prompts(n: int = 16, seed: int = 0) -> tuple[Tensor, Tensor]:
    """BOS, different tokens, and one of them again; and what followed it."""
    rng = runtime.generator("induction prompts", seed)
    words = torch.stack([torch.randperm(9, generator=rng)[:7] + 1 for _ in range(n)])
    rows, place = torch.arange(n), torch.randint(6, (n,), generator=rng)
    start = torch.zeros(n, 1, dtype=torch.long)
    prompts = torch.cat([start, words, words[rows, place][:, None]], dim=1)
    return prompts, words[rows, place + 1]
