# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # The residual stream
#
# *What is inside a transformer, and how do its parts add up to an answer?*
#
# About 75 minutes · 21 points · 7 exercises and a quiz · no GPU, no internet
#
# Everything in this course stands on one picture: a transformer is a
# [*stream*](../../docs/glossary.md#residual-stream) of vectors, one per position, from which every
# part reads and to which every part adds. At the end you can
#
# - compute attention by hand and know what each axis means,
# - take a network's output apart into terms that add up exactly,
# - fold LayerNorm into the weights, and prove that no logit changes,
# - watch an answer form from layer to layer, and say which part wrote it,
# - edit one number inside a running network and leave every other one alone.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import figures, hooks, models, runtime, world
from interp_course.checks import residual_stream as check

INSTANCE = runtime.instance()  # draws the prompts of your findings exercise
torch.set_num_threads(1)  # this model is too small to gain from more

# %% [markdown]
# ## 1 · The laboratory animal
#
# Our network is a small language model: 3 layers, 4 attention heads in each, LayerNorm and MLPs,
# about half a million parameters. It was trained on a *tiny world*: an artificial language with
# sentences, facts, reviews, instructions and more, in which we know the truth behind every word.
# Here it answers questions about that world.

# %%
model = models.load("world")
prompts = [
    "the capital of france is",
    "the currency of japan is",
    "the dogs near the car",
]
for prompt in prompts:
    tokens = model.to_tokens(prompt)
    with torch.no_grad():
        probs = model(tokens)[0, -1].softmax(dim=-1)
    top = [f"{model.to_string(i)} {probs[i]:.2f}" for i in probs.topk(3).indices]
    print(f"{prompt:28} ->", ",  ".join(top))

# %% [markdown]
# The path from tokens to logits, with the shapes that you will meet all the time:
#
# 1. Each token becomes a vector, `W_E[token]`, and each position adds another, `W_pos[position]`.
#    The sum is the start of the **residual stream**, `[batch pos d_model]`.
# 2. Each layer reads the stream twice and adds to it twice: first its attention heads, which move
#    information between positions, then its MLP, which works at each position alone.
# 3. The last stream is normalised and multiplied by `W_U`: the **logits**, `[batch pos d_vocab]`. A
#    softmax makes them probabilities of the next token.
#
# Elhage et al. (2021, "Virtual weights and the residual stream as a communication channel") call
# the stream a communication channel: parts that are layers apart talk through it.

# %% [markdown]
# ## 2 · Attention by hand
#
# ### Exercise 1 · Three steps of attention
#
# *4 points · about 15 minutes · difficulty 2 of 5*
#
# A head computes from the stream a *query* $q$, a *key* $k$ and a *value* $v$ at each position,
# each of length $d_{\text{head}}$. Write the three steps, for all heads at once:
#
# $$S_{ij} = \frac{q_i \cdot k_j}{\sqrt{d_{\text{head}}}}, \qquad
# A_{ij} = \frac{\exp S_{ij}}{\sum_{j' \le i} \exp S_{ij'}}
# \;\text{ for } j \le i,\; 0 \text{ for } j > i, \qquad z_i = \sum_{j} A_{ij}\, v_j$$
#
# with the query position $i$ and the key position $j$. A position must not look at later ones.

# %% nbgrader={"grade_id": "attention", "solution": true}
def attention_scores(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query_pos key_pos"]:
    """Scaled scores of every query with every key, not masked yet."""
    ### BEGIN SOLUTION
    return torch.einsum("bihd,bjhd->bhij", q, k) / q.shape[-1] ** 0.5
    ### END SOLUTION


def causal_pattern(
    scores: Float[Tensor, "batch head query_pos key_pos"],
) -> Float[Tensor, "batch head query_pos key_pos"]:
    """Share of attention that each query gives to each key up to itself."""
    ### BEGIN SOLUTION
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal=1)
    return scores.masked_fill(future, float("-inf")).softmax(dim=-1)
    ### END SOLUTION


def mix_values(
    pattern: Float[Tensor, "batch head query_pos key_pos"],
    v: Float[Tensor, "batch pos head d_head"],
) -> Float[Tensor, "batch pos head d_head"]:
    """Each query's mix of values."""
    ### BEGIN SOLUTION
    return torch.einsum("bhij,bjhd->bihd", pattern, v)
    ### END SOLUTION


# %%
tokens = model.to_tokens("the capital of france is")
names = [f"blocks.0.attn.hook_{part}" for part in ("q", "k", "v", "pattern", "z")]
_, cache = hooks.capture(model, tokens, names)
q, k, v, pattern, z = (cache[name] for name in names)
mine = causal_pattern(attention_scores(q, k))
print("pattern: largest difference from the model", f"{(mine - pattern).abs().max():.5f}")
print("z:       largest difference from the model", f"{(mix_values(mine, v) - z).abs().max():.5f}")

# %% tags=["self-check"]
check.attention_scores(attention_scores)
check.causal_pattern(causal_pattern)
check.mix_values(mix_values)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Scores compare every query with every key. Masking comes *before* the softmax, so that what is
# left sums to 1. The mix is a weighted mean of the values, with the pattern's row as weights.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[batch pos head d_head]` twice → `[batch head query_pos key_pos]`; the sum runs over d_head. Then
# the same shape. Then `[batch head query_pos key_pos]` with `[batch pos head d_head]` → a sum over
# key_pos → `[batch pos head d_head]`.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.einsum("bihd,bjhd->bhij", q, k)` names every axis. `torch.ones(n, n,
# dtype=torch.bool).triu(1)` is True strictly above the diagonal, and `scores.masked_fill(mask,
# float("-inf"))` fills it in.
# </details>

# %% nbgrader={"grade_id": "attention-test", "grade": true, "points": 4}
check.attention_scores(attention_scores)
check.causal_pattern(causal_pattern)
check.mix_values(mix_values)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.attention_scores(attention_scores, seed=seed)
    check.causal_pattern(causal_pattern, seed=seed)
    check.mix_values(mix_values, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Your three functions reproduce what runs inside the model. You also met the two tools of this
# course: a **hook** is a named place in the network, and a **cache** is what passed through it.
#
# ## 3 · The stream is a sum
#
# Parts only ever *add* to the stream. So the last stream is a sum, with one term for each part:
#
# $$x_{\text{final}} = \underbrace{W_E[t]}_{\text{embed}}
# + \underbrace{W_{\text{pos}}}_{\text{position}}
# + \sum_{l} \Big( \sum_{h} z^{l,h} W_O^{l,h} + b_O^{l} + \mathrm{mlp}^{l} \Big)$$
#
# $t$ is the token at the position; $l$ counts layers and $h$ heads. A head writes its mix of values
# $z$ by way of its matrix $W_O$ `[d_head d_model]`; $b_O$ is a bias that belongs to no head, and
# $\mathrm{mlp}$ the output of the layer's MLP.

# %% [markdown]
# ### Exercise 2 · Take the stream apart
#
# *3 points · about 10 minutes · difficulty 2 of 5*
#
# Write `residual_parts(model, tokens)`. It returns all terms, stacked on a new first axis, in this
# order: embedding, position; then for each layer: one term for each head, the bias $b_O$ of its
# attention (the same at every position), and the output of its MLP. Use `model.run_with_cache`.

# %% nbgrader={"grade_id": "residual-parts", "solution": true}
def residual_parts(
    model, tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "component batch pos d_model"]:
    """Every term of the last residual stream, in the order of the network."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
        parts = [cache["hook_embed"], cache["hook_pos_embed"].expand_as(cache["hook_embed"])]
        for layer in range(model.cfg.n_layers):
            z = cache[f"blocks.{layer}.attn.hook_z"]
            parts += [z[:, :, h] @ model.W_O[layer, h] for h in range(model.cfg.n_heads)]
            parts.append(model.b_O[layer].expand_as(parts[0]))
            parts.append(cache[f"blocks.{layer}.hook_mlp_out"])
        return torch.stack(parts)
    ### END SOLUTION


# %%
parts = residual_parts(model, tokens)
_, cache = hooks.capture(model, tokens, ["blocks.2.hook_resid_post"])
gap = (parts.sum(dim=0) - cache["blocks.2.hook_resid_post"]).abs().max()
print(f"{len(parts)} terms; their sum differs from the stream by at most {gap:.4f}")

# %% tags=["self-check"]
check.residual_parts(residual_parts)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Each term is what one part *adds*, not what the stream holds after it. If a term is counted twice
# or left out, the sum is off by exactly that term: print the difference.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# The cache holds `hook_embed`, `hook_pos_embed`, for each layer `blocks.0.attn.hook_z` with the
# shape `[batch pos head d_head]`, and `blocks.0.hook_mlp_out`. A head's term is
# `z[:, :, h] @ model.W_O[layer, h]`.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.stack(list_of_tensors)` makes the new first axis; all must have one shape, and
# `bias.expand_as(x)` gives a bias that of x.
# </details>

# %% nbgrader={"grade_id": "residual-parts-test", "grade": true, "points": 3}
check.residual_parts(residual_parts)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.residual_parts(residual_parts, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# That the sum is exact is what makes the rest of this unit possible: whatever is *linear* in the
# stream can be split over the parts, with nothing left over.
#
# ## 4 · LayerNorm, and how to get it out of the way
#
# Before the stream is read it is normalised. LayerNorm does two things:
#
# $$\mathrm{LN}(x) = \gamma \odot n(x) + \beta, \qquad
# n(x) = \frac{x - \bar{x}}{\sqrt{\mathrm{var}(x) + \varepsilon}}$$
#
# where $\bar x$ and $\mathrm{var}(x)$ are mean and population variance over the $d_{\text{model}}$
# coordinates of one position, $\gamma, \beta$ learned vectors, $\odot$ the product coordinate by
# coordinate, $\varepsilon = 10^{-5}$. Only $n(x)$ depends on the input in a non-linear way.

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["fold"]

# %% [markdown]
# ### Exercise 3 · Fold LayerNorm into the next weights
#
# *3 points · about 10 minutes · difficulty 3 of 5*
#
# What reads the stream computes $\mathrm{LN}(x)\,W + b$. Write `fold_layer_norm(W, b, gamma,
# beta)`: new weights $W', b'$ such that $n(x)\,W' + b' = \mathrm{LN}(x)\,W + b$ for every $x$.

# %% nbgrader={"grade_id": "fold-layer-norm", "solution": true}
def fold_layer_norm(
    W: Float[Tensor, "d_model d_out"],
    b: Float[Tensor, " d_out"],
    gamma: Float[Tensor, " d_model"],
    beta: Float[Tensor, " d_model"],
) -> tuple[Float[Tensor, "d_model d_out"], Float[Tensor, " d_out"]]:
    """Weights that do to n(x) what W and b do to LN(x)."""
    ### BEGIN SOLUTION
    return gamma[:, None] * W, b + beta @ W
    ### END SOLUTION


# %%
gamma, beta = model.ln_final.weight.detach(), model.ln_final.bias.detach()
W_U, b_U = fold_layer_norm(model.W_U.detach(), model.b_U.detach(), gamma, beta)
_, cache = hooks.capture(model, tokens, ["blocks.2.hook_resid_post"])
stream = cache["blocks.2.hook_resid_post"]
centred = stream - stream.mean(dim=-1, keepdim=True)
normalised = centred / (centred.square().mean(dim=-1, keepdim=True) + model.cfg.eps).sqrt()
with torch.no_grad():
    gap = (normalised @ W_U + b_U - model(tokens)).abs().max()
print(f"largest change of a logit: {gap:.4f}")
check.predictions["fold"](my_prediction)

# %% tags=["self-check"]
check.fold_layer_norm(fold_layer_norm)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Write out $(\gamma \odot n)\,W + \beta\,W + b$. What stands beside $n$ is the new weight, the rest
# does not depend on $x$.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# $\gamma$ scales the coordinates that W *reads*, which are its rows. $\beta W$ is a vector of
# length d_out.
# </details>
# <details><summary>Hint 3: the call you may not know</summary>
#
# `gamma[:, None] * W` multiplies row i by `gamma[i]`; `gamma * W` would scale the columns.
# </details>

# %% nbgrader={"grade_id": "fold-layer-norm-test", "grade": true, "points": 3}
check.fold_layer_norm(fold_layer_norm)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.fold_layer_norm(fold_layer_norm, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# transformer-lens does the same for every LayerNorm of a model with
# `model.enable_compatibility_mode()`. Many papers report weights after folding, so a comparison of
# weights must say whether they are folded. Logits need no such remark.
#
# ## 5 · Watch an answer form
#
# What would the network say if it stopped after layer 1? Normalise the stream *as it is there* and
# multiply by $W_U$. nostalgebraist (2020) named this the [**logit
# lens**](../../docs/glossary.md#logit-lens).

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["lens"]

# %% [markdown]
# ### Exercise 4 · The logit lens
#
# *2 points · about 10 minutes · difficulty 2 of 5*
#
# Write `logit_lens(resid, W_U, b_U, eps)`. `resid` holds the stream at several depths, `W_U` and
# `b_U` are folded already, so apply $n(x)$ to each stream and then $W_U$ and $b_U$.

# %% nbgrader={"grade_id": "logit-lens", "solution": true}
def logit_lens(
    resid: Float[Tensor, "layer batch pos d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, " d_vocab"],
    eps: float,
) -> Float[Tensor, "layer batch pos d_vocab"]:
    """The logits that the network would give if it stopped at each depth."""
    ### BEGIN SOLUTION
    centred = resid - resid.mean(dim=-1, keepdim=True)
    scale = (centred.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    return centred / scale @ W_U + b_U
    ### END SOLUTION


# %%
facts = world.pairs("country", 64, seed=0)  # "the capital of france is", and so on
right = torch.tensor([model.to_single_token(side.right[0]) for side in facts.clean])
wrong = torch.tensor([model.to_single_token(side.right[0]) for side in facts.other])
own = torch.tensor([side.prompt[2] in ("capital", "currency", "language") for side in facts.clean])
depths = ["blocks.0.hook_resid_pre", *(f"blocks.{layer}.hook_resid_post" for layer in range(3))]


def readable(m) -> Float[Tensor, "kind layer"]:
    """Share of facts of both kinds that the lens reads right at each depth."""
    _, cache = hooks.capture(m, facts.tokens, depths)
    resid = torch.stack([cache[name] for name in depths])
    W, b = fold_layer_norm(m.W_U, m.b_U, m.ln_final.weight, m.ln_final.bias)
    guess = logit_lens(resid, W.detach(), b.detach(), m.cfg.eps)[:, :, -1].argmax(dim=-1)
    return torch.stack([(guess == right)[:, kind].float().mean(dim=1) for kind in (own, ~own)])


runs = torch.stack([readable(models.load("world", seed=seed)) for seed in range(4)])
for kind, name in enumerate(("capital, currency, language", "ally, rival, partner")):
    print(f"{name:28} after layer 0, four runs:", [f"{x:.2f}" for x in runs[:, kind, 1]])
check.predictions["lens"](my_prediction)

# %% tags=["nbval-ignore-output"]
share = runs.mean(dim=0)
figures.heatmap(
    share,
    row_labels=["capital, currency, language", "ally, rival, partner"],
    col_labels=["embedding", "layer 0", "layer 1", "layer 2"],
    vmax=1,
    annotate=True,
    x_label="stream read after",
    y_label="relation",
    colour_label="share of right answers",
    title="Answers that no sum can give are readable later",
    alt="Share of facts that the logit lens reads right, mean of four training runs, after the "
    f"embedding and layers 0, 1, 2. Capital, currency, language: "
    f"{[round(x, 2) for x in share[0].tolist()]}; ally, rival, partner: "
    f"{[round(x, 2) for x in share[1].tolist()]}.",
)

# %% tags=["self-check"]
check.logit_lens(logit_lens)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# It is what the network does at its very end, done earlier: normalise, then unembed. Each vector of
# each stream is normalised by its own mean and variance.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Mean and variance over the last axis, kept as an axis of length 1; `[layer batch pos d_model]` @
# `[d_model d_vocab]` → `[layer batch pos d_vocab]`.
# </details>
# <details><summary>Hint 3: the call you may not know</summary>
#
# `x.var(dim=-1, keepdim=True, unbiased=False)` is the population variance; without `unbiased=False`
# torch divides by d_model - 1.
# </details>

# %% nbgrader={"grade_id": "logit-lens-test", "grade": true, "points": 2}
check.logit_lens(logit_lens)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.logit_lens(logit_lens, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# No sum of a country's vector and a relation's vector can name an ally: the same twelve countries
# are the answers for ally, rival and partner, each time in another order. Such answers need a
# nonlinear step on both together, and the table shows it: they come a layer later.
#
# > **Common mistake.** "The lens sees nothing, so nothing is there." It shows what the *last*
# > layer's dictionary makes of an early stream; an answer that is there in another code is
# > invisible to it. Unit 01 returns to this with probes.
#
# ## 6 · Who wrote it?
#
# The [logit difference](../../docs/glossary.md#logit-difference) between a right and a wrong answer
# is *nearly* linear in the stream: only the scale of the normalisation depends on the whole. Hold
# that one number fixed, and the difference splits exactly into one term per part. This is [**direct
# logit attribution**](../../docs/glossary.md#direct-logit-attribution) (Elhage et al. 2021).

# %% [markdown]
# ### Exercise 5 · Direct logit attribution
#
# *3 points · about 12 minutes · difficulty 3 of 5*
#
# `parts` holds the terms $p_c$ of the last stream at one position of each example; their sum is
# $x = \sum_c p_c$. Write `direct_logit_attribution(parts, W_U, right, wrong, eps)`:
#
# $$\mathrm{DLA}_c = \frac{p_c - \bar{p}_c}{\sqrt{\mathrm{var}(x) + \varepsilon}} \cdot
# \big( W_U[:, \text{right}] - W_U[:, \text{wrong}] \big)$$
#
# where $\bar{p}_c$ is the mean of $p_c$ over its coordinates. The scale is that of the *whole*
# stream of the example, the same for all parts. Summed over $c$ this must give the logit difference
# (the biases $b_U$ are left out).

# %% nbgrader={"grade_id": "direct-logit-attribution", "solution": true}
def direct_logit_attribution(
    parts: Float[Tensor, "component batch d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    right: Int[Tensor, " batch"],
    wrong: Int[Tensor, " batch"],
    eps: float,
) -> Float[Tensor, "component batch"]:
    """What each part adds to the logit of the right answer minus that of the wrong one."""
    ### BEGIN SOLUTION
    centred = parts - parts.mean(dim=-1, keepdim=True)
    scale = (centred.sum(dim=0).square().mean(dim=-1, keepdim=True) + eps).sqrt()
    direction = (W_U[:, right] - W_U[:, wrong]).T
    return (centred / scale * direction).sum(dim=-1)
    ### END SOLUTION


# %%
def part_names(model) -> list[str]:
    """The names of the terms, in the order of `residual_parts`."""
    names = ["embed", "position"]
    for layer in range(model.cfg.n_layers):
        names += [f"L{layer}.H{head}" for head in range(model.cfg.n_heads)]
        names += [f"L{layer}.b_O", f"L{layer}.mlp"]
    return names


last = residual_parts(model, facts.tokens)[:, :, -1]
dla = direct_logit_attribution(last, W_U, right, wrong, model.cfg.eps)
with torch.no_grad():
    logits = model(facts.tokens)[:, -1]
rows = torch.arange(len(right))
difference = logits[rows, right] - logits[rows, wrong] - (b_U[right] - b_U[wrong])
print(f"sum of the parts:  {dla.sum(dim=0).mean():.3f}")
print(f"logit difference:  {difference.mean():.3f}")

# %% tags=["self-check"]
check.direct_logit_attribution(direct_logit_attribution)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Subtracting the mean is linear, so it can be done part by part. Dividing by the scale is linear
# once the scale is a fixed number. Only the scale must be computed from the sum.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Centre `[component batch d_model]`; sum over components → `[batch d_model]` → scale `[batch 1]`;
# directions `[batch d_model]`; product and sum over d_model → `[component batch]`.
# </details>
# <details><summary>Hint 3: the call you may not know</summary>
#
# `W_U[:, right]` with a tensor of token numbers picks columns: `[d_model batch]`, to be transposed.
# </details>

# %% nbgrader={"grade_id": "direct-logit-attribution-test", "grade": true, "points": 3}
check.direct_logit_attribution(direct_logit_attribution)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.direct_logit_attribution(direct_logit_attribution, seed=seed)
### END HIDDEN TESTS

# %% tags=["nbval-ignore-output"]
mean_dla = dla.mean(dim=1)
shown = mean_dla.abs().topk(8).indices.sort().values.tolist()
figures.bars(
    {part_names(model)[i]: mean_dla[i].item() for i in shown},
    y_label="contribution to right minus wrong (logits)",
    title="Many parts write the answer of a fact, the last MLP most",
    alt="Bars of the eight largest direct contributions to the logit difference of facts: "
    + ", ".join(f"{part_names(model)[i]} {mean_dla[i]:.1f}" for i in shown),
)

# %% [markdown]
# ### Exercise 6 · Three answers, three writers?
#
# *2 points · about 8 minutes · difficulty 2 of 5 · uses Exercises 2 and 5*
#
# Which part writes the answer depends on the question. For each of three questions name the part
# with the largest mean direct logit attribution at the last position, over the pairs of
# `world.pairs(variable, 64, seed=INSTANCE)`: a right answer is the first of `side.right` of the
# clean prompt, a wrong one the first of the other's. Use the training run `mine`, one of four.
#
# - `"number"`: *the dogs near the car* ... **sleep**, not **sleeps**
# - `"country"`: *the capital of france is* ... **paris**, not the answer for the other country
# - `"receiver"`: a sentence about giving, in which the receiver's name comes next
#
# `writers` is a dict from these three names to a part's name such as `"L1.H2"` or `"L2.mlp"`.

# %% nbgrader={"grade_id": "writers", "solution": true}
mine = models.load("world", seed=INSTANCE % 4)
writers = None
### BEGIN SOLUTION
my_W_U, _ = fold_layer_norm(mine.W_U, mine.b_U, mine.ln_final.weight, mine.ln_final.bias)
writers = {}
for variable in ("number", "country", "receiver"):
    pairs = world.pairs(variable, 64, seed=INSTANCE)
    yes, no = (
        torch.tensor([mine.to_single_token(side.right[0]) for side in sides])
        for sides in (pairs.clean, pairs.other)
    )
    ours = residual_parts(mine, pairs.tokens)[:, :, -1]
    means = direct_logit_attribution(ours, my_W_U, yes, no, mine.cfg.eps).mean(dim=1)
    writers[variable] = part_names(mine)[int(means.argmax())]
### END SOLUTION

# %%
print(writers)

# %% tags=["self-check"]
check.writers(writers, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Do for each variable what the cells above did for facts, and look for the largest mean.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# For each variable: draw the pairs, look up the token numbers of right and wrong answers, take the
# run's terms at the last position (all prompts of a variable have one length), attribute, average.
# Fold the LayerNorm of `mine` first: its $W_U$ is another one.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `residual_parts(mine, pairs.tokens)[:, :, -1]` are the terms at the last position.
# `part_names(mine)[int(means.argmax())]` is the name.
# </details>

# %% nbgrader={"grade_id": "writers-test", "grade": true, "points": 2}
check.writers(writers, INSTANCE)

# %% [markdown]
# Direct attribution sees only what reaches the logits *directly*. A head that fetches the country
# so that an MLP can look up its capital gets no credit here. Unit 03 shows such a head, and unit 04
# how to find it.
#
# ## 7 · Change one number, and nothing else
#
# Looking is not enough to know what a part does; one has to change it. A hook function receives the
# activation at its place and returns the one to go on with.
#
# > **Common mistake.** Editing the activation *in place*, which also changes what others hold; and
# > touching more than one meant to.
#
# ### Exercise 7 · A clean edit
#
# *2 points · about 6 minutes · difficulty 2 of 5*
#
# Write `replace_head(z, head, position, value)`: it returns a new tensor in which the output of
# this head at this position is `value`, and every other number is bit for bit the same. `z` itself
# stays as it is.

# %% nbgrader={"grade_id": "replace-head", "solution": true}
def replace_head(
    z: Float[Tensor, "batch pos head d_head"],
    head: int,
    position: int,
    value: Float[Tensor, " d_head"],
) -> Float[Tensor, "batch pos head d_head"]:
    """A copy of z in which one head says something else at one position."""
    ### BEGIN SOLUTION
    z = z.clone()
    z[:, position, head] = value
    return z
    ### END SOLUTION


# %%
def effect(layer: int, head: int) -> float:
    """Mean loss of logit difference when a head says nothing at the last position."""
    silence = torch.zeros(model.cfg.d_head)
    edit = {hooks.z(layer): lambda z, hook: replace_head(z, head, z.shape[1] - 1, silence)}
    with torch.no_grad(), hooks.editing(model, edit):
        edited = model(facts.tokens)[:, -1]
    return (difference - (edited[rows, right] - edited[rows, wrong])).mean().item()


for layer in range(3):
    print(f"layer {layer}:", [round(effect(layer, head), 1) for head in range(4)])

# %% tags=["self-check"]
check.replace_head(replace_head)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Make a copy, change the copy, return the copy.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# The axes are batch, position, head, d_head: position comes before head. A vector of length d_head
# is put in for every example of the batch.
# </details>
# <details><summary>Hint 3: the call you may not know</summary>
#
# `z.clone()` copies; `z[:, position, head] = value` then writes into the copy.
# </details>

# %% nbgrader={"grade_id": "replace-head-test", "grade": true, "points": 2}
check.replace_head(replace_head)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.replace_head(replace_head, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# The printed table is your first causal experiment: how much of the answer is lost when one head is
# silent at the last position. Compare it with the bars above.
#
# ## 8 · What do you know now?
#
# ### Quiz
#
# *2 points · about 7 minutes.* Run the next cell to see the questions, then write one letter for
# each. After a wrong answer the check explains what speaks against it.

# %%
check.questions

# %% nbgrader={"grade_id": "quiz", "solution": true}
answers = {1: None, 2: None, 3: None, 4: None, 5: None, 6: None}
### BEGIN SOLUTION
answers = {1: "a", 2: "c", 3: "b", 4: "c", 5: "a", 6: "b"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)

# %% [markdown]
# ## What you found
#
# - The last residual stream is a sum with one term per part, exact up to rounding.
# - Attention is a weighted mean of values; masking comes before the softmax.
# - LayerNorm's learned part can be folded into the weights that follow. No logit changes.
# - With the logit lens you saw in which layers the answer appears; with direct logit attribution,
#   which parts write it. Neither says how those parts knew.
# - A clean edit changes one thing, and shows what depended on it.
#
# ## Sources
#
# - N. Elhage et al. (2021), *A Mathematical Framework for Transformer Circuits*: the residual
#   stream as a communication channel; heads are independent and additive.
# - nostalgebraist (2020), *interpreting GPT: the logit lens*.
# - J. L. Ba, J. R. Kiros, G. E. Hinton (2016), *Layer Normalization*.
