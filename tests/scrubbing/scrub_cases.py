"""Small random models of every kind, and random hypotheses about them."""

import functools
import warnings

import scrub_weights
import torch
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
from transformer_lens.model_bridge.sources.native import NativeModel
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from interp_course import circuits, models, runtime
from interp_course.circuits import LOGITS
from interp_course.scrubbing import ANY, SAME, Edge, Moved, Node, Stream, Subspace

LENGTH, N_TOKENS = 6, 7
SHAPE = {"n_layers": 2, "n_heads": 2, "d_model": 12, "d_head": 4, "d_vocab": 7, "n_ctx": 8}
ROTARY = {"positional_embedding_type": "rotary"}
GROUPED = {"n_heads": 4, "n_key_value_heads": 2}
NATIVE = {
    "attention only": {"attn_only": True, "normalization_type": None},
    "LayerNorm": {"act_fn": "gelu"},
    "deep LayerNorm without parameters": {"normalization_type": "LNPre", "n_layers": 3},
    "RMS": {"normalization_type": "RMS", "attn_only": True, "n_layers": 3},
    "rotary grouped RMS gated": {
        **ROTARY | GROUPED,
        **{"normalization_type": "RMS", "gated_mlp": True, "act_fn": "silu"},
    },
    "rotary grouped LayerNorm": ROTARY | GROUPED | {"act_fn": "gelu"},
}
GPT2 = {"n_embd": 12, "n_layer": 2, "n_head": 2, "vocab_size": 7, "n_positions": 8}
LLAMA = {
    **{"hidden_size": 16, "intermediate_size": 20, "num_hidden_layers": 2, "vocab_size": 7},
    **{"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 8},
}
KINDS = [*NATIVE, "GPT-2", "Llama"]


def tokens(n: int = 24, seed: int = 0):
    return torch.randint(
        N_TOKENS, (n, LENGTH), generator=runtime.generator("scrubbing tokens", seed)
    )


TOKENS_64 = tokens(64)


@functools.cache
def pair(kind: str, dtype=torch.float32):
    """A bridge and the same network in numpy."""
    if kind in NATIVE:
        default = {"d_mlp": 10, "act_fn": "gelu", "normalization_type": "LN"}
        module = NativeModel(TransformerBridgeConfig(**SHAPE | default | NATIVE[kind]))
        module = randomised(module).to(dtype)
        return models.wrap(module), scrub_weights.from_native(module)
    special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    config, make, read = {
        "GPT-2": (GPT2Config(**GPT2 | special), GPT2LMHeadModel, scrub_weights.from_gpt2),
        "Llama": (LlamaConfig(**LLAMA | special), LlamaForCausalLM, scrub_weights.from_llama),
    }[kind]
    config.architectures = [make.__name__]
    with warnings.catch_warnings(action="ignore"):
        module = randomised(make(config)).to(dtype)
        net = read(module)  # before the bridge puts its own modules in between
        bridge = build_bridge_from_module(module, make.__name__, hf_config=config)
    return bridge.eval(), net


def randomised(module):
    """Random parameters everywhere, so that norms and biases matter too."""
    rng = runtime.generator("scrubbing parameters")
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            is_norm = any(word in name for word in ("ln", "norm")) and name.endswith("weight")
            noise = 0.5 * torch.randn(parameter.shape, generator=rng)
            parameter.copy_(noise + (1.0 if is_norm else 0.0))
    return module.eval()


def last(t):
    return t[:, -1] % 3


def total(t):
    return t.sum(dim=1) % 4


def parity_here(t):
    return t % 2


def where_even(t):
    return t % 2 == 0


class Drawn:
    """A random hypothesis about a model; every option occurs."""

    def __init__(self, model, seed: int) -> None:
        self.rng = runtime.generator("random hypothesis", seed)
        self.parts = [p for p in circuits.parts(model) if p != LOGITS]
        self.n_layers, self.d_model = model.cfg.n_layers, model.cfg.d_model
        self.per_position = 0
        self.root = Node(LOGITS, self.pick([SAME, SAME, total]), self.edges(LOGITS, 0))

    def below(self, n: int) -> int:
        return int(torch.randint(n, (), generator=self.rng))

    def pick(self, options):
        return options[self.below(len(options))]

    def site(self, reader):
        upstream = [p for p in self.parts if p.depth < _depth(reader)]
        heads = [p for p in upstream if p.kind == "head"]
        streams = [Stream(i) for i in range(self.n_layers + 1) if (i, -1) < _depth(reader)]
        chance = self.below(8)
        if chance == 0 and streams:
            return self.pick(streams)
        if chance in (1, 2) and heads:
            return Moved(self.pick(heads), self.below(LENGTH))
        return self.pick(heads if heads and chance < 6 else upstream)

    def edges(self, reader, level: int):
        slots = ["in"] if reader == LOGITS or _kind(reader) in ("mlp", "stream") else None
        found, used = [], {s: [] for s in ("q", "k", "v", "in")}
        for _ in range(1 + self.below(4)):
            slot = slots or list(self.pick(["q", "k", "v", "qk", "kv", "qkv"]))
            site = self.site(reader)
            if any(_clash(site, old) for s in slot for old in used[s]):
                continue
            for s in slot:
                used[s].append(site)
            where = self.pick([None, None, -1, [0, 2], where_even])
            space = torch.randn(3, self.d_model, generator=self.rng)
            subspace = Subspace(space) if self.below(5) == 0 else None
            found.append(Edge(slot, self.node(site, level + 1), where, subspace))
        return found

    def node(self, site, level: int) -> Node:
        internal = _kind(site) not in ("embed", "positions") and level < 4 and self.below(3) > 0
        many = self.below(3) == 0 and (self.per_position < 1 or not internal)
        self.per_position += many and internal
        feature = self.pick([SAME, ANY, parity_here] if many else [SAME, ANY, last, total])
        share = "joint" if feature == total else None
        edges = self.edges(site, level) if internal else None
        return Node(site, feature, edges, many, share)


def _kind(site) -> str:
    return getattr(site, "kind", type(site).__name__.lower())


def _depth(site):
    if isinstance(site, Stream):
        return (site.layer, -1)
    return site.head.depth if isinstance(site, Moved) else site.depth


def _clash(a, b) -> bool:
    if isinstance(a, Stream) or isinstance(b, Stream):
        return True
    return getattr(a, "head", a) == getattr(b, "head", b) if type(a) is type(b) else True
