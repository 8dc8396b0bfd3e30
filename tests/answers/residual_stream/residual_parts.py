"""Answers to "take the stream apart" as students write them."""

import torch

EXERCISE = "residual_parts"


def _cache(model, tokens):
    with torch.no_grad():
        return model.run_with_cache(tokens)[1]


def _heads(model, cache, layer):
    z = cache[f"blocks.{layer}.attn.hook_z"]
    return [z[:, :, h] @ model.W_O[layer, h] for h in range(model.cfg.n_heads)]


def _parts(model, tokens, layer_terms, start=("hook_embed", "hook_pos_embed")):
    cache = _cache(model, tokens)
    parts = [cache[name] for name in start]
    for layer in range(model.cfg.n_layers):
        parts += layer_terms(cache, layer)
    return torch.stack(parts)


def _bias(model, like, layer):
    return model.b_O[layer].expand_as(like["hook_embed"])


def no_position(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [*_heads(model, c, i), _bias(model, c, i), c[f"blocks.{i}.hook_mlp_out"]],
        start=("hook_embed",),
    )


def stream_that_enters_as_the_embedding(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [*_heads(model, c, i), _bias(model, c, i), c[f"blocks.{i}.hook_mlp_out"]],
        start=("blocks.0.hook_resid_pre", "hook_pos_embed"),
    )


def forgets_the_bias(model, tokens):
    return _parts(model, tokens, lambda c, i: [*_heads(model, c, i), c[f"blocks.{i}.hook_mlp_out"]])


def attention_output_beside_its_heads(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [
            *_heads(model, c, i),
            c[f"blocks.{i}.hook_attn_out"],
            c[f"blocks.{i}.hook_mlp_out"],
        ],
    )


def attention_output_instead_of_heads(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [c[f"blocks.{i}.hook_attn_out"], c[f"blocks.{i}.hook_mlp_out"]],
    )


def stream_instead_of_the_mlp(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [*_heads(model, c, i), _bias(model, c, i), c[f"blocks.{i}.hook_resid_post"]],
    )


def middle_of_the_stream(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [*_heads(model, c, i), _bias(model, c, i), c[f"blocks.{i}.hook_resid_mid"]],
    )


def bias_in_every_head(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [
            *(head + model.b_O[i] for head in _heads(model, c, i)),
            _bias(model, c, i),
            c[f"blocks.{i}.hook_mlp_out"],
        ],
    )


def no_mlp(model, tokens):
    return _parts(model, tokens, lambda c, i: [*_heads(model, c, i), _bias(model, c, i)])


def mlp_before_the_bias(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [*_heads(model, c, i), c[f"blocks.{i}.hook_mlp_out"], _bias(model, c, i)],
    )


def first_layers_output_matrix(model, tokens):
    def terms(c, i):
        z = c[f"blocks.{i}.attn.hook_z"]
        heads = [z[:, :, h] @ model.W_O[0, h] for h in range(model.cfg.n_heads)]
        return [*heads, _bias(model, c, i), c[f"blocks.{i}.hook_mlp_out"]]

    return _parts(model, tokens, terms)


def kind_by_kind(model, tokens):
    cache, layers = _cache(model, tokens), range(model.cfg.n_layers)
    parts = [cache["hook_embed"], cache["hook_pos_embed"]]
    for layer in layers:
        parts += _heads(model, cache, layer)
    parts += [_bias(model, cache, layer) for layer in layers]
    parts += [cache[f"blocks.{layer}.hook_mlp_out"] for layer in layers]
    return torch.stack(parts)


def position_axis_taken_for_the_head(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [
            *(c[f"blocks.{i}.attn.hook_z"][:, h] @ model.W_O[i, h] for h in range(2)),
            _bias(model, c, i),
            c[f"blocks.{i}.hook_mlp_out"],
        ],
    )


def stacked_behind_the_batch(model, tokens):
    return with_the_cache(model, tokens).transpose(0, 1)


def joined(model, tokens):
    return torch.cat(list(with_the_cache(model, tokens)))


def sum_of_all(model, tokens):
    return _cache(model, tokens)[f"blocks.{model.cfg.n_layers - 1}.hook_resid_post"]


WRONG = {
    no_position: "position embedding is left out",
    stream_that_enters_as_the_embedding: "counted twice",
    forgets_the_bias: "b_O is left out",
    attention_output_beside_its_heads: "counted twice",
    attention_output_instead_of_heads: "one term",
    stream_instead_of_the_mlp: "stream after the layer",
    middle_of_the_stream: "stream after attention",
    bias_in_every_head: "added to every head",
    no_mlp: "MLPs are left out",
    mlp_before_the_bias: "before b_O",
    first_layers_output_matrix: "W_O of layer 0",
    kind_by_kind: "grouped by kind",
    position_axis_taken_for_the_head: "",
    stacked_behind_the_batch: "not the first",
    joined: "along the batch",
    sum_of_all: "only the sum",
}


def with_the_cache(model, tokens):
    return _parts(
        model,
        tokens,
        lambda c, i: [*_heads(model, c, i), _bias(model, c, i), c[f"blocks.{i}.hook_mlp_out"]],
    )


def with_einsum_and_gradients(model, tokens):
    _, cache = model.run_with_cache(tokens)
    parts = [cache["hook_embed"][None], cache["hook_pos_embed"][None]]
    for layer in range(model.cfg.n_layers):
        z = cache[f"blocks.{layer}.attn.hook_z"]
        parts.append(torch.einsum("bphd,hdm->hbpm", z, model.W_O[layer]))
        parts.append(model.b_O[layer].expand_as(cache["hook_embed"])[None])
        parts.append(cache[f"blocks.{layer}.hook_mlp_out"][None])
    return torch.cat(parts)


def by_differences_of_the_stream(model, tokens):
    c = _cache(model, tokens)
    embed = model.W_E[tokens]
    parts = [embed, c["blocks.0.hook_resid_pre"] - embed]
    for i in range(model.cfg.n_layers):
        heads = _heads(model, c, i)
        middle, end = c[f"blocks.{i}.hook_resid_mid"], c[f"blocks.{i}.hook_resid_post"]
        parts += [*heads, middle - c[f"blocks.{i}.hook_resid_pre"] - sum(heads), end - middle]
    return torch.stack(parts)


def as_a_numpy_array(model, tokens):
    return with_the_cache(model, tokens).detach().numpy()


RIGHT = [with_the_cache, with_einsum_and_gradients, by_differences_of_the_stream, as_a_numpy_array]
