"""Answers to "an induction circuit by hand" as students write them."""

import torch

from interp_course.compiled import SlotLayout

EXERCISE = "induction_weights"


def _blocks(d_vocab, n_ctx, *, shift=-1, sharp=100.0, value="token", query="token", key="previous"):
    """The reference circuit, with one thing changed."""
    layout = SlotLayout(d_vocab, n_ctx)
    slot, vocab = layout.slot, torch.eye(d_vocab)
    w = {f"W_{a}_{i}": torch.zeros(layout.d_model, layout.d_head) for a in "QKV" for i in (0, 1)}
    w |= {f"W_O_{i}": torch.zeros(layout.d_head, layout.d_model) for i in (0, 1)}
    w["W_Q_0"][slot("position"), :n_ctx] = sharp * torch.eye(n_ctx).roll(shift, dims=1)
    w["W_K_0"][slot("position"), :n_ctx] = torch.eye(n_ctx)
    w["W_V_0"][slot("token"), :d_vocab] = vocab
    w["W_O_0"][:d_vocab, slot("previous")] = vocab
    w["W_Q_1"][slot(query), :d_vocab] = sharp * vocab
    w["W_K_1"][slot(key), :d_vocab] = vocab
    w["W_V_1"][slot(value), :d_vocab] = vocab
    w["W_O_1"][:d_vocab, slot("output")] = vocab
    return w


def shift_turned_around(d_vocab, n_ctx):
    return _blocks(d_vocab, n_ctx, shift=1)


def no_shift(d_vocab, n_ctx):
    return _blocks(d_vocab, n_ctx, shift=0)


def shift_by_two(d_vocab, n_ctx):
    return _blocks(d_vocab, n_ctx, shift=-2)


def not_sharp(d_vocab, n_ctx):
    return _blocks(d_vocab, n_ctx, sharp=1.0)


def first_layer_sharp_only(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx)
    w["W_Q_1"] /= 100
    return w


def duplicate_token_head(d_vocab, n_ctx):
    return _blocks(d_vocab, n_ctx, key="token")


def query_and_key_swapped(d_vocab, n_ctx):
    return _blocks(d_vocab, n_ctx, query="previous", key="token")


def copies_the_previous_token(d_vocab, n_ctx):
    return _blocks(d_vocab, n_ctx, value="previous")


def writes_into_the_token_slot(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx)
    w["W_O_1"] = w["W_O_1"].roll(-(2 * d_vocab + n_ctx), dims=1)
    return w


def empty_previous_slot(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx)
    w["W_O_0"].zero_()
    return w


def lowers_the_logit(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx)
    w["W_O_1"] *= -1
    return w


def wrong_shape(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx)
    return {name: matrix.T for name, matrix in w.items()}


WRONG = {
    shift_turned_around: "shift turned around",
    no_shift: "own position",
    shift_by_two: "two positions back",
    not_sharp: "not sharply",
    first_layer_sharp_only: "scale its W_Q or W_K up",
    duplicate_token_head: "duplicate-token head",
    query_and_key_swapped: "other way round",
    copies_the_previous_token: "must read 'token'",
    writes_into_the_token_slot: "nothing into the slot 'output'",
    empty_previous_slot: "nothing into the slot 'previous'",
    lowers_the_logit: "sign of W_O",
    wrong_shape: "",
}


def sharp_keys(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx, sharp=1.0)
    return {name: 90 * matrix if "W_K" in name else matrix for name, matrix in w.items()}


def with_the_output_scaled(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx)
    w["W_O_1"] *= 10
    return w


def rotated_inside_the_heads(d_vocab, n_ctx):
    w = _blocks(d_vocab, n_ctx)
    rng = torch.Generator().manual_seed(0)
    d_head = w["W_Q_0"].shape[1]
    turn = torch.linalg.qr(torch.randn(d_head, d_head, generator=rng))[0]
    for layer in (0, 1):
        w[f"W_Q_{layer}"], w[f"W_K_{layer}"] = w[f"W_Q_{layer}"] @ turn, w[f"W_K_{layer}"] @ turn
        w[f"W_V_{layer}"], w[f"W_O_{layer}"] = w[f"W_V_{layer}"] @ turn, turn.T @ w[f"W_O_{layer}"]
    return w


RIGHT = [sharp_keys, with_the_output_scaled, rotated_inside_the_heads]
