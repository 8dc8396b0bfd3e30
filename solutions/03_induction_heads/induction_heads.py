# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Induction heads
#
# *How does a network learn to copy, and which heads do it?*
#
# About 90 minutes · 22 points · 8 exercises and a quiz · no GPU, no internet
#
# You will train a small transformer and watch, within half a minute, how it suddenly learns to
# continue a pattern that it has seen once. Then you will take the mechanism apart. At the end
# you can
#
# - score attention heads and tell an [induction head](../../docs/glossary.md#induction-head) from
#   its look-alikes,
# - find the moment in training at which the circuit forms,
# - read from the weights alone that a head copies, and which head feeds it,
# - cut a single path between two heads and predict what is lost,
# - build the whole circuit by hand.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import ablation, attention, compiled, figures, head_weights, models
from interp_course import recipes, runtime, sequences, training, widgets
from interp_course.checks import induction_heads as check

INSTANCE = runtime.instance()  # draws the networks of your findings exercises
torch.set_num_threads(1)  # these models are too small to gain from more

# %% [markdown]
# ## 1 · A task that only copying can solve
#
# Take random tokens and give them twice:
#
# $$\text{BOS},\; a_1, a_2, \dots, a_P,\; a_1, a_2, \dots, a_P$$
#
# $P$ is the *period*. The tokens $a_i$ are distinct and uniformly random, so the first copy
# cannot be predicted at all. The second copy can, but only by looking back. Positions count from
# 0, where BOS stands. So the first copy fills the positions $1 \dots P$ and the second copy
# $P+1 \dots 2P$.
#
# Our networks never see such sequences in training. They are trained on stretches of a *Markov
# chain* (each token has four favourite successors) that repeat with a period between 6 and 31.
# There a network has two ways to predict the next token: bigram statistics, which help
# everywhere, and copying, which helps once the repeat has begun. On random tokens only the second
# way is left. That is why we measure there (Olsson et al. 2022, "Key Concepts").

# %%
tokens = sequences.repeated_random(batch=1, period=8, d_vocab=64, rng=runtime.generator("demo"))
print("tokens   ", tokens[0].tolist())
print("positions", list(range(tokens.shape[1])))

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["depth"]

# %% [markdown]
# ## 2 · Watch it form
#
# The next cell trains a two-layer, attention-only transformer from scratch, with four heads per
# layer and 78,000 parameters. It takes about half a minute on one CPU core. Every 25 steps it
# measures, on sequences that are never trained on:
#
# - the **loss** in nats (natural logarithm: 1 nat is 1.44 bits),
# - the [**in-context-learning score**](../../docs/glossary.md#in-context-learning-score): loss late
#   in the sequence minus loss early in it,
# - the best **previous-token** and **induction** score of any head. You will write both below.
#
# Keep an eye on the interval between step 200 and step 500.

# %% tags=["demonstration", "nbval-ignore-output"]
def draw_training(history: training.History) -> figures.Picture:
    steps, panel = history.column("step"), figures.Panel
    return figures.lines(
        panels=[
            panel({"loss": history.column("loss")}, "loss (nats)"),
            panel({"late minus early": history.column("icl_score")}, "ICL score (nats)"),
            panel({n: history.column(n) for n in ("previous", "induction")}, "best head score"),
        ],
        x=steps,
        x_label="training step",
        title="Loss, in-context learning and heads change together",
        alt=f"Three curves over {steps[-1]:.0f} training steps. Loss ends at "
        f"{history.column('loss')[-1]:.2f} nats, the in-context-learning score at "
        f"{history.column('icl_score')[-1]:.2f}, the best induction score at "
        f"{history.column('induction')[-1]:.2f}.",
    )


with figures.Live() as live:
    trained, history = recipes.train(
        "induction",
        seed=100 + INSTANCE,
        steps=700,
        every=25,
        progress=True,
        on_measure=lambda history, module: live.show(draw_training(history)),
    )

# %% [markdown]
# For two hundred steps the network learns bigrams, and the loss falls slowly. Then, within about
# two hundred steps, the induction score climbs from chance to more than one half, and the loss and
# the in-context-learning score drop with it. Olsson et al. (2022) saw this [*phase
# change*](../../docs/glossary.md#phase-change) in every language model of more than one layer that
# they looked at.
#
# From now on we use networks of the same recipe that were trained for 1,200 steps and ship with the
# course. Here is your prediction, beside what happens. The explorer after it shows where each head
# looks: hover over a token, or use the arrow keys (← → token, ↑ ↓ head). Look for a head whose
# pattern shifts along with the token, one back; and for heads that jump a whole period.

# %%
two_layers = models.load("induction", instance=INSTANCE)
one_layer = models.load("one_layer")
for name, model in (("one layer", one_layer), ("two layers", two_layers)):
    print(f"{name:10}  copies {attention.copy_accuracy(model):.0%} of the second copy right")
check.predictions["depth"](my_prediction)

# %% tags=["nbval-ignore-output"]
example = attention.repeated_tokens(two_layers, batch=1, period=10, seed=3)
_, cache = two_layers.run_with_cache(example, names_filter=lambda name: "hook_pattern" in name)
patterns = torch.stack([cache[f"blocks.{layer}.attn.hook_pattern"][0] for layer in (0, 1)])
names = ["BOS", *(str(token) for token in example[0, 1:].tolist())]
widgets.AttentionExplorer(names, patterns.detach(), layer=1)

# %% [markdown]
# ## 3 · Who does what? Score the heads
#
# Looking is a start. To compare heads you need numbers. An attention pattern is an array
# $A[b, h, q, k]$: in sequence $b$, head $h$ gives this share of its attention to the *key* position
# $k$ when it computes its output at the *query* position $q$. Every row sums to 1, and
# $A[b, h, q, k] = 0$ for $k > q$, because attention is causal.
#
# ### Exercise 1 · Two scores
#
# *3 points · about 15 minutes · difficulty 2 of 5*
#
# Write two functions. Both return one number between 0 and 1 for each head, and use no Python loop
# over positions. There are $B$ sequences of $n = 2P + 1$ positions, and $P$ is `period`.
#
# 1. `previous_token_scores(pattern)`: the mean attention from a position to the one before it.
#    Position 0 has no predecessor and is left out.
# 2. `induction_scores(pattern, period)`: the mean attention from a position $q$ of the *second*
#    copy to $q - P + 1$. The token at $q$ stood before at $q - P$; one further stands what came
#    next.
#
# $$\mathrm{prev}(h) = \frac{1}{B\,(n-1)} \sum_{b} \sum_{q=1}^{n-1} A[b, h, q, q-1]
# \qquad
# \mathrm{ind}(h) = \frac{1}{B\,P} \sum_{b} \sum_{q=P+1}^{2P} A[b, h, q, q-P+1]$$

# %% nbgrader={"grade_id": "head-scores", "solution": true}
def previous_token_scores(
    pattern: Float[Tensor, "batch head query_pos key_pos"],
) -> Float[Tensor, " head"]:
    """Mean attention from a position to the one before it, for each head."""
    ### BEGIN SOLUTION
    return pattern.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=(0, -1))
    ### END SOLUTION


def induction_scores(
    pattern: Float[Tensor, "batch head query_pos key_pos"], period: int
) -> Float[Tensor, " head"]:
    """Mean attention of the second copy to the token after the earlier occurrence."""
    ### BEGIN SOLUTION
    query = torch.arange(period + 1, 2 * period + 1)
    return pattern[:, :, query, query - period + 1].mean(dim=(0, -1))
    ### END SOLUTION


# %%
evenly = torch.ones(7, 7).tril() / torch.arange(1, 8)[:, None]  # period 3: 4, 5, 6 are the repeat
previous, duplicate, induction = torch.eye(7), torch.eye(7), torch.eye(7)
previous[1:] = torch.eye(7)[:6]  # every position looks one back
duplicate[4:] = torch.eye(7)[1:4]  # from 4, 5, 6 to 1, 2, 3: the same token
induction[4:] = torch.eye(7)[2:5]  # from 4, 5, 6 to 2, 3, 4: the token after it
heads = torch.stack([previous, duplicate, induction, evenly])[None]
print("yours:    ", [round(score, 2) for score in previous_token_scores(heads).tolist()])
print("expected: ", [1.0, 0.0, 0.0, 0.27], "previous-token scores")
print("yours:    ", [round(score, 2) for score in induction_scores(heads, period=3).tolist()])
print("expected: ", [0.0, 0.0, 1.0, 0.17], "induction scores")

# %% tags=["self-check"]
check.previous_token_scores(previous_token_scores)
check.induction_scores(induction_scores)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Draw BOS, x, y, z, x, y, z with its positions. At position 5 stands y for the second time. Where
# is the token that followed the first y? For the first score the weights lie on one diagonal, just
# below the main one; for the second they lie on a part of another.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# First: `[batch head query_pos key_pos]` → the diagonal, `[batch head n-1]` → a mean over two axes.
# Second: a list of the P query positions, and from it the list of the P key positions; pick those P
# pairs in every pattern, `[batch head P]`, and average.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `x.diagonal(offset=-1, dim1=-2, dim2=-1)` puts the entries just below the diagonal on a new last
# axis. `x[:, :, rows, columns]` with two index tensors of the same length picks pairs, not a block.
# </details>

# %% nbgrader={"grade_id": "head-scores-test", "grade": true, "points": 3}
check.previous_token_scores(previous_token_scores)
check.induction_scores(induction_scores)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.previous_token_scores(previous_token_scores, seed=seed)
    check.induction_scores(induction_scores, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# If you were one position off, the check told you so by name: look-alikes of induction heads differ
# by exactly that. Note also that even attention does not score 0: compare heads with each other.
#
# Here is a line-up of eight artificial heads at period 12. One is a previous-token head, one a
# strong and one a weak induction head. The other five are decoys.

# %% tags=["nbval-ignore-output"]
lineup = check.lineup(INSTANCE)
figures.patterns(
    torch.stack([lineup[letter][12] for letter in lineup]),
    names=list(lineup),
    title="Eight heads, three of them wanted",
    alt="Attention patterns of eight heads, A to H. Most show one bright diagonal, at different "
    "distances; one shows a bright first column.",
)

# %% [markdown]
# ### Exercise 2 · Name the heads
#
# *3 points · about 10 minutes · difficulty 2 of 5 · uses Exercise 1*
#
# `lineup[letter][period]` is a pattern `[query_pos, key_pos]`, for the periods 12 and 17. Answer
# two questions with your own functions:
#
# 1. `suspects`: in the line-up, the letter of the previous-token head and the letters of the two
#    induction heads, **the stronger one first**. For example
#    `{"previous": ["A"], "induction": ["B", "C"]}`.
# 2. `circuit`: in the trained network `two_layers`, `"previous"`: the head with the highest
#    previous-token score; `"induction"`: *all* heads with induction score above 0.4 at period 12;
#    `"long_range"`: those that pass 0.4 at period 31 but not at period 12. Heads are pairs
#    (layer, head) counted from 0: `{"previous": (0, 0), "induction": [(1, 0)], "long_range": []}`.
#
# You may type the answers in, or compute them.

# %% nbgrader={"grade_id": "name-the-heads", "solution": true}
suspects = None
circuit = None
### BEGIN SOLUTION
def scores_of(letter):
    previous = previous_token_scores(lineup[letter][12][None, None]).item()
    by_period = [induction_scores(p[None, None], t).item() for t, p in lineup[letter].items()]
    return previous, min(by_period)


by_induction = sorted(lineup, key=lambda letter: scores_of(letter)[1], reverse=True)
suspects = {
    "previous": [max(lineup, key=lambda letter: scores_of(letter)[0])],
    "induction": by_induction[:2],
}
above = {}
for period in (12, 31):
    tokens = attention.repeated_tokens(two_layers, batch=32, period=period, seed=1)
    _, cache = two_layers.run_with_cache(tokens, names_filter=lambda name: "hook_pattern" in name)
    both = [cache[f"blocks.{layer}.attn.hook_pattern"] for layer in (0, 1)]
    previous = torch.stack([previous_token_scores(pattern) for pattern in both])
    above[period] = torch.stack([induction_scores(pattern, period) for pattern in both]) > 0.4
circuit = {
    "previous": divmod(int(previous.argmax()), 4),
    "induction": [tuple(head) for head in above[12].nonzero().tolist()],
    "long_range": [tuple(head) for head in (above[31] & ~above[12]).nonzero().tolist()],
}
### END SOLUTION

# %%
print("suspects:", suspects)
print("circuit: ", circuit)

# %% tags=["self-check"]
check.suspects(suspects, INSTANCE)
check.circuit(circuit, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# A head that copies must follow the repeat, however long the period is. Which head scores high at
# one period and not at the other?
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Give each pattern the two missing axes, `pattern[None, None]`, score it at both periods, and print
# a table. For the network: run it with a cache on repeated tokens of each period,
# `attention.repeated_tokens(two_layers, batch=32, period=12)`, and score the patterns of both
# layers.
# </details>
# <details><summary>Hint 3: the one call you may not know</summary>
#
# `two_layers.run_with_cache(tokens)` returns the logits and a cache; the patterns of layer 0 are
# `cache["blocks.0.attn.hook_pattern"]`.
# </details>

# %% nbgrader={"grade_id": "name-the-heads-test", "grade": true, "points": 3}
check.suspects(suspects, INSTANCE)
check.circuit(circuit, INSTANCE)

# %% [markdown]
# One head in layer 0 looks back by one, and *several* heads in layer 1 share the copying. Remember
# both facts for section 6.
#
# > **Common mistake.** To score a head at one distance of the repeat. Some of this network's
# > induction heads work only when the repeat is far away, and would be missed. Nobody asked for
# > that division of labour.

# %% tags=["nbval-ignore-output"]
periods = list(range(6, 32))
by_period = torch.stack(
    [attention.head_scores(two_layers, periods=(p,), batch=16).induction[1] for p in periods]
)
figures.lines(
    {f"L1.H{head}": by_period[:, head] for head in range(4)},
    x=periods,
    x_label="period of the repeated sequence (tokens)",
    y_label="induction score",
    title="Some induction heads work at every distance, others only far away",
    alt="Induction score of the four heads of layer 1 for periods from 6 to 31. Some heads score "
    "0.5 or more throughout; others stay near 0 up to period 15 and rise to 0.7 or more.",
)

# %% [markdown]
# ## 4 · What the network gains
#
# A position's loss is $\ell_i = -\log p(t_{i+1} \mid t_0 \dots t_i)$, in nats: the *logits at
# position $i$* predict the *token at position $i+1$*. A sequence of $n$ tokens has $n - 1$ losses,
# $\ell_0 \dots \ell_{n-2}$.
#
# ### Exercise 3 · In-context-learning score
#
# *2 points · about 10 minutes · difficulty 2 of 5*
#
# Write `icl_score(logits, tokens, early, late)`: the mean of $\ell_i$ over the late positions minus
# its mean over the early ones, averaged over the batch. `early` and `late` are slices that select
# from the $n-1$ losses. The score is negative for a network that uses its context. (Olsson et al.
# 2022 take the 500th minus the 50th token; our contexts are short, so we average over windows.)

# %% nbgrader={"grade_id": "icl-score", "solution": true}
def icl_score(
    logits: Float[Tensor, "batch pos d_vocab"],
    tokens: Int[Tensor, "batch pos"],
    early: slice,
    late: slice,
) -> Float[Tensor, ""]:
    """Mean loss at the late positions minus mean loss at the early ones, in nats."""
    ### BEGIN SOLUTION
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    losses = -log_probs.gather(-1, tokens[:, 1:, None])[..., 0]
    return losses[:, late].mean() - losses[:, early].mean()
    ### END SOLUTION


# %%
held_out = sequences.RepeatedMarkov().batch(128, runtime.generator("my held-out batch"))
for name, model in (("one layer", one_layer), ("two layers", two_layers)):
    with torch.no_grad():
        score = icl_score(model(held_out), held_out, early=slice(4, 12), late=slice(-8, None))
    print(f"{name:10}  {score:.1f} nats")

# %% tags=["self-check"]
check.icl_score(icl_score)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Which logits predict which token? Write down the first and the last pair. One position predicts
# nothing that we know, and one token is predicted by nothing.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[batch pos d_vocab]` → log-probabilities of the first n-1 positions → pick one entry per
# position, the next token's → `[batch n-1]` → two means.
# </details>
# <details><summary>Hint 3: the one call you may not know</summary>
#
# `x.gather(-1, index[..., None])` picks one entry of the last axis for each position.
# </details>

# %% nbgrader={"grade_id": "icl-score-test", "grade": true, "points": 2}
check.icl_score(icl_score)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.icl_score(icl_score, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# You should see that *both* networks learn in context, and the deeper one far more. The one-layer
# network cannot tell what comes next, but it can raise the probability of every token that has
# occurred already, and in a repeating sequence that alone is worth something. So in-context
# learning is more than induction: on random repeats, where we look next, the difference becomes
# plain.

# %% tags=["nbval-ignore-output"]
repeats = attention.repeated_tokens(two_layers, batch=128, period=31, seed=2)
by_depth = {
    "one layer": attention.loss_by_position(one_layer, repeats),
    "two layers": attention.loss_by_position(two_layers, repeats),
}
figures.lines(
    by_depth,
    x=list(range(1, 63)),
    x_label="position of the predicted token",
    y_label="loss (nats)",
    marks={"the repeat begins": 32},
    title="Two layers copy the second half, one layer cannot",
    alt="Loss by position on random repeats. Both networks start near 5 nats. At position 33 the "
    "two-layer network falls to almost 0 and stays there; the one-layer network stays above 4.",
)

# %% tags=["nbval-ignore-output"]
one_sequence = attention.repeated_tokens(two_layers, batch=1, period=15, seed=6)
losses = attention.loss_by_position(two_layers, one_sequence)
widgets.colored_tokens(
    [f"{token} " for token in one_sequence[0, 1:].tolist()], losses, quantity="loss (nats)"
)

# %% [markdown]
# ### Exercise 4 · When did it happen?
#
# *2 points · about 10 minutes · difficulty 2 of 5*
#
# "Suddenly" is not a number. Write `transition(steps, values)`: given a quantity measured during
# training, at the training steps `steps`, return the pair (start, end) of its transition. With
#
# $$\mathrm{share}(t) = \frac{v_t - v_{\text{first}}}{v_{\text{last}} - v_{\text{first}}}$$
#
# *start* is the first step at which the share is at least 0.1, *end* the first at which it is at
# least 0.9. It must work for quantities that rise and for those that fall.

# %% nbgrader={"grade_id": "transition", "solution": true}
def transition(steps: list[int], values: list[float]) -> tuple[int, int]:
    """The steps at which 10 % and 90 % of the total change are reached first."""
    ### BEGIN SOLUTION
    total = values[-1] - values[0]
    share = [(value - values[0]) / total for value in values]
    start = next(step for step, done in zip(steps, share, strict=True) if done >= 0.1)
    end = next(step for step, done in zip(steps, share, strict=True) if done >= 0.9)
    return start, end
    ### END SOLUTION


# %% tags=["demonstration"]
print("yours:    ", transition([0, 10, 20, 30, 40], [5.0, 4.9, 3.0, 1.1, 1.0]))
print("expected: ", (20, 30))
steps = [*models.ZOO["induction"].steps, 1200]  # eleven checkpoints of one run, and its end
curves = {name: [] for name in ("loss, second copy", "induction score", "previous-token score")}
for step in steps:
    model = models.load("induction", step=step if step < 1200 else None)
    scores = attention.head_scores(model, periods=(31,))
    loss = attention.loss_by_position(model, repeats)[32:].mean()
    measured = (loss, scores.induction.max(), scores.previous.max())
    for values, value in zip(curves.values(), measured, strict=True):
        values.append(value.item())
for name, values in curves.items():
    print(f"{name:20} {values[0]:5.2f} -> {values[-1]:5.2f}  ", transition(steps, values))

# %% tags=["self-check"]
check.transition(transition)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# The share starts at 0 and ends at 1 whether the curve rises or falls: dividing by a negative total
# change turns a fall into a rise.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# First turn the values into shares. Then walk through steps and shares together and stop at the
# first share that reaches the bound.
# </details>
# <details><summary>Hint 3: the one call you may not know</summary>
#
# `next(step for step, s in zip(steps, shares) if s >= bound)` returns the first match.
# </details>

# %% nbgrader={"grade_id": "transition-test", "grade": true, "points": 2}
check.transition(transition)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.transition(transition, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# The look cell used your function on a real training run. You should see that all three begin to
# move within the same hundred steps: they are one event, the network beginning to attend to the
# right place. But the loss has made its change by step 600, while both scores rise to the end. The
# circuit works as soon as the right key is *louder* than the others; sharpening it further pays
# less and less.

# %% [markdown]
# ## 5 · What the weights say
#
# So far you have looked at what heads do on inputs. Their weights say more: what they do on *every*
# input. With row vectors, a head with matrices $W_Q, W_K, W_V\;[d_{\text{model}} \times
# d_{\text{head}}]$ and $W_O\;[d_{\text{head}} \times d_{\text{model}}]$ has two circuits (Elhage et
# al. 2021):
#
# - [**OV**](../../docs/glossary.md#ov-circuit), $W_V W_O$: if I attend to a position, what do I
#   write?
# - [**QK**](../../docs/glossary.md#qk-circuit), $W_Q W_K^T$: which position do I attend to?
#
# ### Exercise 5 · Does it copy?
#
# *2 points · about 10 minutes · difficulty 3 of 5*
#
# Between the embedding $W_E\;[d_{\text{vocab}} \times d_{\text{model}}]$ and the unembedding
# $W_U\;[d_{\text{model}} \times d_{\text{vocab}}]$ the OV circuit becomes a table
# $M = W_E W_V W_O W_U$: row = attended token, column = change of a logit. A head copies if its
# diagonal is large. Summarise $M$ by its eigenvalues $\lambda_i$, complex numbers in general
# (Elhage et al. 2021, "Summarizing OV/QK matrices"):
#
# $$\mathrm{copying} = \frac{\sum_i \lambda_i}{\sum_i |\lambda_i|}$$
#
# Write `copying_score(W_E, W_V, W_O, W_U)` for one head. It is a real number between -1 and 1:
# 1 if every direction is mapped onto itself, -1 if every direction is turned around.

# %% nbgrader={"grade_id": "copying-score", "solution": true}
def copying_score(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> Float[Tensor, ""]:
    """Sum of the eigenvalues of the full OV circuit over the sum of their sizes."""
    ### BEGIN SOLUTION
    eigenvalues = torch.linalg.eigvals(W_E @ W_V @ W_O @ W_U)
    return eigenvalues.sum().real / eigenvalues.abs().sum()
    ### END SOLUTION


# %%
identity = torch.eye(3)
turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # 90 degrees in one plane
for name, W_O in (("copies", identity), ("inverts", -identity), ("turns a plane", turn)):
    print(f"{name:14} {copying_score(identity, identity, W_O, identity).item():5.2f}")
print("expected:       1.00, -1.00 and 0.33: i and -i cancel, 1 is left, and the sizes sum to 3")

# %% tags=["self-check"]
check.copying_score(copying_score)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# An eigenvector of M is a mix of tokens that comes out as the same mix, times λ. Copying means that
# λ is positive. The sum of complex conjugate pairs is real, up to rounding.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Four matrices multiply to `[d_vocab d_vocab]`, which has `d_vocab` eigenvalues (most of them 0).
# Two sums, one division, one real number.
# </details>
# <details><summary>Hint 3: the one call you may not know</summary>
#
# `torch.linalg.eigvals(M)` returns complex numbers; `.abs()` is their size and `.real` their real
# part.
# </details>

# %% nbgrader={"grade_id": "copying-score-test", "grade": true, "points": 2}
check.copying_score(copying_score)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.copying_score(copying_score, seed=seed)
### END HIDDEN TESTS

# %% tags=["nbval-ignore-output"]
eigenvalues = head_weights.ov_eigenvalues(two_layers)
scores = attention.head_scores(two_layers, periods=(12,))
writer, reader = (divmod(int(s.argmax()), 4) for s in (scores.previous, scores.induction))
figures.complex_plane(
    {
        "an induction head": eigenvalues[reader].detach(),
        "the previous-token head": eigenvalues[writer].detach(),
    },
    title="The induction head's eigenvalues lie on the positive side",
    alt="Eigenvalues of two full OV circuits in the complex plane. Those of the induction head lie "
    "close to the positive real axis; those of the previous-token head lie on both sides of 0.",
)

# %% [markdown]
# The induction heads score above 0.97 without a single input being run. The previous-token head
# does not copy *to the output*: what it writes is meant for other heads. Which ones?
#
# > **Correction to a common source.** Many explanations say that the induction head's *query* uses
# > the previous-token head's output (Q-composition). It is the *key*. The query is simply the
# > current token, Q. The key at the position of R must carry "the token before me is Q", and that
# > is what the previous-token head wrote there. Elhage et al. (2021, "How induction heads work")
# > have it right. You are about to measure it, twice.
#
# ### Exercise 6 · Who feeds whom?
#
# *2 points · about 10 minutes · difficulty 3 of 5*
#
# Head 1 (the *writer*) adds $x\,W_V^{(1)} W_O^{(1)}$ to the residual stream. Head 2 (the *reader*)
# computes its scores with $W_Q^{(2)} W_K^{(2)T}$. If the writer's output enters through the
# reader's **keys**, the two meet in the product of $W_V^{(1)} W_O^{(1)}$ and
# $(W_Q^{(2)} W_K^{(2)T})^T$. The [K-composition](../../docs/glossary.md#composition) score is its
# Frobenius norm $\lVert \cdot \rVert$ (root of the sum of squares), relative to those of the
# factors:
#
# $$K = \frac{\lVert W_V^{(1)} W_O^{(1)}\,(W_Q^{(2)} W_K^{(2)T})^T \rVert}
# {\lVert W_V^{(1)} W_O^{(1)} \rVert \; \lVert W_Q^{(2)} W_K^{(2)T} \rVert}$$
#
# Write `k_composition(W_V, W_O, W_Q, W_K)`: the first two matrices are the writer's, the others the
# reader's.

# %% nbgrader={"grade_id": "k-composition", "solution": true}
def k_composition(
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
) -> Float[Tensor, ""]:
    """How strongly the writer's output feeds the reader's keys."""
    ### BEGIN SOLUTION
    writer, reader = W_V @ W_O, W_Q @ W_K.T
    return (writer @ reader.T).norm() / (writer.norm() * reader.norm())
    ### END SOLUTION


# %%
m = two_layers
mine = k_composition(m.W_V[writer], m.W_O[writer], m.W_Q[reader], m.W_K[reader])
library = m.all_composition_scores("K").scores[(*writer, *reader)]
print(f"yours: {mine.item():.3f}   transformer-lens: {library.item():.3f}")

# %% tags=["self-check"]
check.k_composition(k_composition)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# In $q\,W_Q W_K^T k^T$ the query stands on the left and the key on the right. Put the writer's
# output $x\,W_V W_O$ in the place of the key and see which matrices touch.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Two matrices `[d_model d_model]`, one product `[d_model d_model]`, three norms.
# </details>
# <details><summary>Hint 3: the one call you may not know</summary>
#
# `x.norm()` of a matrix is its Frobenius norm; `x.T` its transpose.
# </details>

# %% nbgrader={"grade_id": "k-composition-test", "grade": true, "points": 2}
check.k_composition(k_composition)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.k_composition(k_composition, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Is 0.2 much? Products of *random* matrices have a norm too, so a score means nothing without a
# baseline. The next cell draws 200 random pairs of heads and counts in standard deviations.

# %%
rng = runtime.generator("composition baseline")
z = {mode: head_weights.composition_scores(m, mode, rng).z[writer][1] for mode in "KQ"}
for mode, values in z.items():
    print(f"{mode}-composition, writer = previous-token head: z =", [f"{v:.0f}" for v in values])
direct = head_weights.full_qk_circuit(m)[reader].AB
through = head_weights.composed_qk_circuit(m, writer, reader)
own = torch.arange(64)
for name, table in (("directly", direct), ("through the previous-token head", through)):
    best = (table.argmax(dim=1) == own).float().mean()
    print(f"a query token attends most to itself, keys read {name}: {best:.0%} of tokens")

# %% [markdown]
# The keys read the previous-token head more than ten standard deviations above chance; the queries
# do not. And the table of scores *through* that head has its maximum on the diagonal: "attend to
# the position whose previous token is the same as mine".
#
# ## 6 · Cut one path
#
# Weights suggest, interventions decide. First a prediction.

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["ablation"]

# %% tags=["nbval-ignore-output"]
repeats = attention.repeated_tokens(m, batch=64, period=31, seed=4)
others = attention.repeated_tokens(m, batch=64, period=31, seed=5)
effects = ablation.ablation_effects(m, repeats, "mean", reference=others, positions=slice(32, None))
check.predictions["ablation"](my_prediction)
figures.bars(
    {f"L{layer}.H{head}": effects[layer, head].item() for layer in (0, 1) for head in range(4)},
    y_label="increase of the loss on the second copy (nats)",
    title="One head is indispensable; the copying heads are not",
    alt="Bars of the loss increase when each of eight heads is mean-ablated. The previous-token "
    "head costs more than 4 nats, every other head less than half a nat.",
)

# %% [markdown]
# ### Exercise 7 · Cut one path
#
# *3 points · about 20 minutes · difficulty 4 of 5*
#
# Ablating a head removes its output for *every* reader. To test the claim "its output is read by
# the keys", remove it from the keys alone. Write `loss_without_path(model, tokens, head,
# projection)`:
#
# - The output of head `head` of layer 0 is $z\,W_O$, with $z$ from `hook_z`.
# - In the input of `projection` (`"q"`, `"k"` or `"v"`) of layer 1, and nowhere else, replace this
#   output by its mean over batch and positions (*mean ablation*). The place is
#   `blocks.1.attn.k.hook_in` for the keys, shape `[batch pos d_model]`, and so on.
# - Return the mean loss over the second copy without its first token: with period $P$, the losses
#   $\ell_{P+1} \dots \ell_{2P-1}$. The sequences are BOS and two copies, so $n = 2P + 1$.
#
# A hook must not change its input in place. `training.next_token_loss(logits, tokens)` gives the
# losses `[batch n-1]`.

# %% nbgrader={"grade_id": "loss-without-path", "solution": true}
def loss_without_path(model, tokens: Int[Tensor, "batch pos"], head: int, projection: str) -> float:
    """Loss on the second copy when one input of layer 1 loses a head of layer 0."""
    ### BEGIN SOLUTION
    period = (tokens.shape[1] - 1) // 2
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter="blocks.0.attn.hook_z")
        output = cache["blocks.0.attn.hook_z"][:, :, head] @ model.W_O[0, head]

        def replace_output(activation, hook):
            return activation - output + output.mean(dim=(0, 1))

        logits = model.run_with_hooks(
            tokens, fwd_hooks=[(f"blocks.1.attn.{projection}.hook_in", replace_output)]
        )
    return training.next_token_loss(logits, tokens)[:, period + 1 :].mean().item()
    ### END SOLUTION


# %%
unharmed = attention.loss_by_position(m, repeats)[32:].mean().item()
print(f"nothing cut: {unharmed:.2f} nats")
for projection in "qkv":
    loss = loss_without_path(m, repeats, writer[1], projection)
    print(f"{projection} path cut:  {loss:.2f} nats")

# %% tags=["self-check"]
check.loss_without_path(loss_without_path)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# The input of the keys is the residual stream: a sum with the head's output as one term. Take that
# term away and put its mean there; leave the inputs of q and v alone.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# One run with a cache to get `z[:, :, head]`, `[batch pos d_head]`, and from it the output `[batch
# pos d_model]`. A hook function that returns a *new* tensor. A second run with that hook. The loss.
# </details>
# <details><summary>Hint 3: the one call you may not know</summary>
#
# `model.run_with_hooks(tokens, fwd_hooks=[(name, function)])`, where `function(activation, hook)`
# returns the activation to go on with.
# </details>

# %% nbgrader={"grade_id": "loss-without-path-test", "grade": true, "points": 3}
check.loss_without_path(loss_without_path)
### BEGIN HIDDEN TESTS
for seed in (11, 12):
    check.loss_without_path(loss_without_path, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# You should see that the key path carries most of it: cutting it costs several nats, cutting the
# query path a few tenths at most, and the value path nothing. This is K-composition, shown by
# intervention.

# %% [markdown]
# ## 7 · Build one yourself
#
# You understand a mechanism when you can build it. The network below has two layers of *one* head
# each. Its residual stream is cut into four slots:
#
# | slot | written by | holds |
# |---|---|---|
# | `token` | $W_E$ | one-hot code of the current token |
# | `position` | $W_{\text{pos}}$ | one-hot code of the position |
# | `previous` | you, layer 0 | empty at first |
# | `output` | you, layer 1 | empty at first; $W_U$ reads the logits from here |
#
# ### Exercise 8 · An induction circuit by hand
#
# *3 points · about 25 minutes · difficulty 5 of 5*
#
# Write `induction_weights(d_vocab, n_ctx)`. It returns a dict of eight matrices: `W_Q_0`, `W_K_0`,
# `W_V_0` of shape `[d_model, d_head]` and `W_O_0` of shape `[d_head, d_model]` for layer 0, and the
# same with `_1` for layer 1. The assembled network must predict at least 99 % of the second copy
# (without its first token), for any vocabulary and context length.
#
# `layout.slot("token")` gives the coordinates of a slot, so `W[layout.slot("token"), :d_vocab] =
# torch.eye(d_vocab)` reads the token into the head. Attention scores are divided by
# $\sqrt{d_{\text{head}}}$ before the softmax: make them large enough to be sharp.

# %% nbgrader={"grade_id": "induction-weights", "solution": true}
def induction_weights(d_vocab: int, n_ctx: int) -> dict[str, Tensor]:
    """Weights of a previous-token head and an induction head that reads it."""
    layout = compiled.SlotLayout(d_vocab, n_ctx)
    token, position = layout.slot("token"), layout.slot("position")
    previous, output = layout.slot("previous"), layout.slot("output")
    read, write = (layout.d_model, layout.d_head), (layout.d_head, layout.d_model)
    weights = {f"W_{a}_{layer}": torch.zeros(read) for a in "QKV" for layer in (0, 1)}
    weights |= {f"W_O_{layer}": torch.zeros(write) for layer in (0, 1)}
    ### BEGIN SOLUTION
    sharp, vocab = 100.0, torch.eye(d_vocab)
    weights["W_Q_0"][position, :n_ctx] = sharp * torch.eye(n_ctx).roll(-1, dims=1)
    weights["W_K_0"][position, :n_ctx] = torch.eye(n_ctx)
    weights["W_V_0"][token, :d_vocab] = vocab
    weights["W_O_0"][:d_vocab, previous] = vocab
    weights["W_Q_1"][token, :d_vocab] = sharp * vocab
    weights["W_K_1"][previous, :d_vocab] = vocab
    weights["W_V_1"][token, :d_vocab] = vocab
    weights["W_O_1"][:d_vocab, output] = vocab
    ### END SOLUTION
    return weights


# %%
built = compiled.assemble(compiled.SlotLayout(20, 41), induction_weights(20, 41))
scores = attention.head_scores(built, periods=(19,))
print(f"layer 0: previous-token score {scores.previous[0].item():.2f}")
print(f"layer 1: induction score      {scores.induction[1].item():.2f}")
print(f"predicts {attention.copy_accuracy(built, period=19):.0%} of the second copy right")

# %% tags=["self-check"]
check.induction_weights(induction_weights)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Layer 0: "I am position p and look for position p - 1; I take its token and store it in
# `previous`." Layer 1: "I hold token Q and look for a position whose `previous` is Q; I take its
# token to `output`."
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Each of the eight matrices gets one block: a slot on the d_model side, the first coordinates on
# the d_head side. All blocks are identity matrices but one, which is shifted by one, and two, which
# are multiplied by a large number.
# </details>
# <details><summary>Hint 3: the one call you may not know</summary>
#
# `torch.eye(n).roll(-1, dims=1)` has its ones at `[p, p - 1]` (and one at `[0, n - 1]`, a position
# in the future, which is masked).
# </details>

# %% nbgrader={"grade_id": "induction-weights-test", "grade": true, "points": 3}
check.induction_weights(induction_weights)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.induction_weights(induction_weights, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# ## 8 · What do you know now?
#
# ### Quiz
#
# *2 points · about 8 minutes.* Run the next cell to see the questions, then write one letter for
# each. After a wrong answer the check explains what speaks against it.

# %%
check.questions

# %% nbgrader={"grade_id": "quiz", "solution": true}
answers = {1: None, 2: None, 3: None, 4: None, 5: None, 6: None, 7: None}
### BEGIN SOLUTION
answers = {1: "b", 2: "b", 3: "a", 4: "c", 5: "a", 6: "b", 7: "c"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)

# %% [markdown]
# ## What you found
#
# - A two-layer network learns to copy in a short phase of training; a one-layer network never does.
# - One previous-token head in layer 0 writes "the token before me" at every position. Several heads
#   in layer 1 compare it with the current token and copy what stands there.
# - The link between the two is K-composition. You saw it in the weights, against a random baseline,
#   and by cutting the path.
# - The head that matters most is not the one that copies. Redundant heads look unimportant one at a
#   time.
# - You built the circuit from eight blocks.
#
# ## Now on a real language model (optional, not graded)
#
# The same functions run on GPT-2 small. It has to be downloaded once (about 500 MB), so this cell
# does nothing until you set `ONLINE = True`.

# %% tags=["nbval-ignore-output"]
ONLINE = False
if ONLINE:
    gpt2 = models.load("gpt2")
    scores = attention.head_scores(gpt2, periods=(50,), batch=8)
    for layer, head in (scores.induction > 0.4).nonzero().tolist():
        print(f"L{layer}.H{head}: induction score {scores.induction[layer, head]:.2f}")
else:
    print("Skipped: this section needs a download. Set ONLINE = True to run it.")

# %% [markdown]
# ## Sources
#
# - N. Elhage et al. (2021), *A Mathematical Framework for Transformer Circuits*: sections on one-
#   and two-layer attention-only transformers; induction heads, OV and QK circuits, composition.
# - C. Olsson et al. (2022), *In-context Learning and Induction Heads*: the phase change, prefix
#   matching, in-context-learning score.
# - K. Wang et al. (2023), *Interpretability in the Wild*: mean ablation, backup heads, path
#   patching.
