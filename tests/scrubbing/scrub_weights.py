"""Reads the weights of a network into a `Net`."""

import numpy as np
import torch
from scrub_oracle import Net
from torch.nn import functional


def from_native(module):
    """The weights of a native module."""
    config, state = module.cfg, {k: v.double() for k, v in module.state_dict().items()}
    kind = {None: "none", "LN": "LN", "LNPRE": "LN", "RMS": "RMS", "RMSPRE": "RMS"}[
        config.normalization_type and config.normalization_type.upper()
    ]

    def the_norm(name):
        weight, bias = (state.get(f"{name}.{p}") for p in ("weight", "bias"))
        return (kind, 1.0 if weight is None else weight.numpy(), _or_zero(bias), config.eps)

    layers = []
    for i in range(config.n_layers):
        at, w = f"layers.{i}.attn.", {"ln1": the_norm(f"layers.{i}.ln1")}
        for p in "qkv":
            weight, bias = state[f"{at}{p}.weight"], state[f"{at}{p}.bias"]
            w[f"W_{p.upper()}"] = _heads(weight.T, config.d_head)
            w[f"b_{p.upper()}"] = bias.reshape(-1, config.d_head).numpy()
        w["W_O"] = state[at + "o.weight"].T.reshape(config.n_heads, config.d_head, -1).numpy()
        w["b_O"] = state[at + "o.bias"].numpy()
        if not config.attn_only:
            w["ln2"] = the_norm(f"layers.{i}.ln2")
            w["mlp"] = _native_mlp(state, f"layers.{i}.mlp.", config)
        layers.append(w)
    learned = "pos.weight" in state
    return Net(
        state["tok_embed.weight"].numpy(),
        state["pos.weight"].numpy() if learned else None,
        layers,
        the_norm("ln_out"),
        state["head.weight"].T.numpy(),
        None if learned else lambda x: _rotated(x, pairs=True),
    )


def from_gpt2(module):
    """The weights of a Hugging Face GPT-2."""
    config, state = module.config, {k: v.double() for k, v in module.state_dict().items()}
    n, d = config.n_head, config.n_embd // config.n_head

    def the_norm(name):
        weight, bias = (state[f"transformer.{name}.{p}"].numpy() for p in ("weight", "bias"))
        return ("LN", weight, bias, config.layer_norm_epsilon)

    layers = []
    for i in range(config.n_layer):
        at = f"transformer.h.{i}."
        w = {"ln1": the_norm(f"h.{i}.ln_1"), "ln2": the_norm(f"h.{i}.ln_2")}
        weights = state[at + "attn.c_attn.weight"].chunk(3, dim=1)
        biases = state[at + "attn.c_attn.bias"].chunk(3)
        for p, weight, bias in zip("QKV", weights, biases, strict=True):
            w[f"W_{p}"], w[f"b_{p}"] = _heads(weight, d), bias.reshape(n, d).numpy()
        w["W_O"] = state[at + "attn.c_proj.weight"].reshape(n, d, -1).numpy()
        w["b_O"] = state[at + "attn.c_proj.bias"].numpy()
        W_in, b_in, W_out, b_out = (
            state[f"{at}mlp.{name}"]
            for name in ("c_fc.weight", "c_fc.bias", "c_proj.weight", "c_proj.bias")
        )
        w["mlp"] = _two_layers(W_in, b_in, W_out, b_out, "tanh")
        layers.append(w)
    embeddings = (state[f"transformer.{name}.weight"].numpy() for name in ("wte", "wpe"))
    return Net(*embeddings, layers, the_norm("ln_f"), state["lm_head.weight"].T.numpy())


def from_llama(module):
    """The weights of a Hugging Face Llama."""
    config, state = module.config, {k: v.double() for k, v in module.state_dict().items()}
    n, d = config.num_attention_heads, config.hidden_size // config.num_attention_heads

    def the_norm(name):
        return ("RMS", state[f"model.{name}.weight"].numpy(), 0.0, config.rms_norm_eps)

    layers = []
    for i in range(config.num_hidden_layers):
        at, rest = f"layers.{i}.", f"model.layers.{i}."
        w = {"ln1": the_norm(at + "input_layernorm")}
        w["ln2"] = the_norm(at + "post_attention_layernorm")
        for p in "qkv":
            w[f"W_{p.upper()}"] = _heads(state[f"{rest}self_attn.{p}_proj.weight"].T, d)
            w[f"b_{p.upper()}"] = np.zeros((n, d))
        w["W_O"] = state[rest + "self_attn.o_proj.weight"].T.reshape(n, d, -1).numpy()
        w["b_O"] = np.zeros(config.hidden_size)
        gate, up, down = (state[f"{rest}mlp.{p}_proj.weight"].T for p in ("gate", "up", "down"))
        w["mlp"] = _gated(gate, up, down, functional.silu)
        layers.append(w)
    embedding, W_U = state["model.embed_tokens.weight"], state["lm_head.weight"].T
    rotate = lambda x: _rotated(x, pairs=False)  # noqa: E731
    return Net(embedding.numpy(), None, layers, the_norm("norm"), W_U.numpy(), rotate)


def _or_zero(bias):
    return 0.0 if bias is None else bias.numpy()


def _heads(weight, d_head):
    """``[d_model, head * d_head]`` to ``[head, d_model, d_head]``."""
    return weight.reshape(len(weight), -1, d_head).transpose(0, 1).numpy()


def _two_layers(W_in, b_in, W_out, b_out, approximate):
    def apply(x):
        hidden = functional.gelu(torch.tensor(x) @ W_in + b_in, approximate=approximate)
        return (hidden @ W_out + b_out).numpy()

    return apply


def _gated(gate, up, down, act):
    def apply(x):
        x = torch.tensor(x)
        return (act(x @ gate) * (x @ up) @ down).numpy()

    return apply


def _native_mlp(state, at, config):
    if config.gated_mlp:
        gate, up, down = (state[f"{at}{p}.weight"].T for p in ("gate", "in", "out"))
        return _gated(gate, up, down, getattr(functional, config.act_fn))
    W_in, W_out = state[at + "fc_in.weight"].T, state[at + "fc_out.weight"].T
    return _two_layers(W_in, state[at + "fc_in.bias"], W_out, state[at + "fc_out.bias"], "none")


def _rotated(x, pairs):
    """Rotary positions; the angles are rounded to float32, as both libraries do."""
    length, d = x.shape
    rates = 1.0 / (10000.0 ** (torch.arange(0, d, 2).float() / d))
    angles = torch.outer(torch.arange(length).float(), rates)
    cos, sin = (f(angles).double().numpy() for f in (torch.cos, torch.sin))
    first, second = (x[:, 0::2], x[:, 1::2]) if pairs else (x[:, : d // 2], x[:, d // 2 :])
    turned = first * cos - second * sin, second * cos + first * sin
    return np.stack(turned, axis=2).reshape(length, d) if pairs else np.concatenate(turned, axis=1)
