# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Sparse autoencoders
#
# *If a network keeps more features than it has dimensions, how do we get them back?*
#
# About 120 minutes · 26 points · 9 exercises and a quiz · no GPU, no internet
#
# Unit 02 packed many features into few dimensions. This unit unpacks them. We train a *dictionary*:
# many directions, few of which are active at a time, whose sum rebuilds an activation. First on
# data whose features we know, then on the network of the tiny world. At the end you can
#
# - write and train a sparse autoencoder, and say whether it found the truth,
# - keep the dictionary alive, and read from its curves what went wrong,
# - judge it by numbers that a worthless dictionary would fail,
# - find the latent that means *France*, turn it by hand, and watch what the network writes,
# - say what latents do not tell: absorbed, split, detecting without acting.

# %%
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from interp_course import clamping, dictionaries, figures, hooks, runtime, sae, sae_metrics
from interp_course import sae_probing, sae_reading, sae_training, sae_truth, synthetic, training_faults
from interp_course import widgets, world
from interp_course.activation_buffer import ActivationBuffer
from interp_course.checks import sparse_autoencoders as check

INSTANCE = runtime.instance()  # draws the country and the curves of your findings exercises
torch.set_num_threads(1)  # these models are too small to gain from more

# %% [markdown]
# ## 1 · A dictionary with a price
#
# Let $x \in \mathbb{R}^d$ be an activation. The autoencoder has $m > d$ *latents* $z_j \ge 0$:
#
# $$z = \mathrm{ReLU}((x - b_{dec}) W_{enc} + b_{enc}), \qquad \hat x = z W_{dec} + b_{dec}$$
#
# $$L = \lVert x - \hat x \rVert^2 + \lambda \sum_j z_j\, \lVert W_{dec,j} \rVert$$
#
# Row $j$ of $W_{dec}$ `[d_sae d_in]` is the direction of latent $j$, and $\lambda$ the price of using
# it. The norm in the price matters: without it, rows ten times as long would allow latents a tenth
# as large, and the same reconstruction for a tenth of the price (Conerly et al. 2024). Others keep
# the rows at length 1 instead (Bricken et al. 2023). Then a gradient that lengthens a row is of no
# use, and its part *along* the row is removed before each step.
#
# ### Exercise 1 · Loss and gradient
#
# *4 points · about 12 minutes · difficulty 2 of 5*
#
# Write `sae_loss`, which returns latents, reconstruction and loss (the mean over the batch), and
# `tangent`, which removes from each row of a gradient its part along the same row of `W_dec`
# (whose rows have length 1; a row of the gradient may be all zeros).

# %% nbgrader={"grade_id": "loss", "solution": true}
def sae_loss(
    x: Float[Tensor, "batch d_in"],
    W_enc: Float[Tensor, "d_in d_sae"],
    b_enc: Float[Tensor, " d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    b_dec: Float[Tensor, " d_in"],
    l1_coefficient: float,
) -> tuple[Float[Tensor, "batch d_sae"], Float[Tensor, "batch d_in"], Float[Tensor, ""]]:
    """Latents, reconstruction and loss of a sparse autoencoder."""
    ### BEGIN SOLUTION
    latents = torch.relu((x - b_dec) @ W_enc + b_enc)
    x_hat = latents @ W_dec + b_dec
    price = l1_coefficient * (latents * W_dec.norm(dim=1)).sum(dim=1)
    return latents, x_hat, ((x - x_hat).square().sum(dim=1) + price).mean()
    ### END SOLUTION


def tangent(
    gradient: Float[Tensor, "d_sae d_in"], W_dec: Float[Tensor, "d_sae d_in"]
) -> Float[Tensor, "d_sae d_in"]:
    """The gradient without its part along each row of W_dec."""
    ### BEGIN SOLUTION
    return gradient - (gradient * W_dec).sum(dim=1, keepdim=True) * W_dec
    ### END SOLUTION


# %%
rng = runtime.generator("a first dictionary")
x = torch.randn(256, 16, generator=rng)
rows = torch.nn.functional.normalize(torch.randn(32, 16, generator=rng), dim=1).requires_grad_()
_, _, loss = sae_loss(x, rows.detach().T, torch.zeros(32), rows, torch.zeros(16), 0.5)
loss.backward()
nudge = 1e-2 * torch.eye(32, 16)  # one entry in each of the first rows, to test the gradient
with torch.no_grad():
    up, down = (
        sae_loss(x, rows.T.clone(), torch.zeros(32), rows + sign * nudge, torch.zeros(16), 0.5)[2]
        for sign in (1, -1)
    )
    print(f"slope along the nudge: {(rows.grad * nudge).sum():.4f}, measured {(up - down) / 2:.4f}")
    for name, step in (("as it is", rows.grad), ("tangent", tangent(rows.grad, rows))):
        lengths = (rows - 0.01 * step).norm(dim=1)
        print(f"gradient {name:8}: rows are {lengths.min():.4f} to {lengths.max():.4f} long")

# %% tags=["self-check"]
check.sae_loss(sae_loss)
check.tangent(tangent)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Take the decoder's bias away, encode, decode, put it back. The price of a latent is how far it
# moves the reconstruction: its value times the length of its row.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[batch d_in]` @ `[d_in d_sae]` → `[batch d_sae]`; @ `[d_sae d_in]` → `[batch d_in]`. Squared
# errors and prices are summed over each sample, then averaged over the batch. The part along a row:
# one dot product for each row, `[d_sae 1]`, times the row.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `W_dec.norm(dim=1)` is the length of each row; `x.sum(dim=1, keepdim=True)` keeps a column.
# </details>

# %% nbgrader={"grade_id": "loss-test", "grade": true, "points": 4}
check.sae_loss(sae_loss)
check.tangent(tangent)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.sae_loss(sae_loss, seed=seed)
    check.tangent(tangent, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Does it find the truth?
#
# For real activations nobody knows the features. So begin where we do: 128 directions in 48
# dimensions, each active in 3 % of the samples, and a dictionary of 256 latents that is told
# nothing about them.
#
# How many did it find? A popular answer is the *mean max cosine similarity* (Sharkey et al. 2022):
# for each feature the largest cosine with any latent, averaged. It has a hole: one latent may serve
# two features. Better to marry them off, one latent to one feature, so that the sum of the cosines
# is as large as possible.
#
# ### Exercise 2 · One to one
#
# *3 points · about 10 minutes · difficulty 2 of 5*
#
# Write `matched_cosines(W_dec, truth)`: for each true feature the cosine with the latent it is
# paired with. The pairing itself is the assignment problem (Kuhn 1955), which scipy solves. Rows
# may have any length, but for 0.

# %% nbgrader={"grade_id": "matching", "solution": true}
def matched_cosines(
    W_dec: Float[Tensor, "d_sae d_in"], truth: Float[Tensor, "feature d_in"]
) -> Float[Tensor, " feature"]:
    """Cosine of each feature with its own latent, in the best one-to-one pairing."""
    ### BEGIN SOLUTION
    from scipy.optimize import linear_sum_assignment

    units = [rows / rows.norm(dim=1, keepdim=True) for rows in (truth, W_dec)]
    cosines = units[0] @ units[1].T
    features, latents = linear_sum_assignment(cosines.numpy(), maximize=True)
    return cosines[features, latents]
    ### END SOLUTION


# %%
def trained(features, seed=0, start="data", offset=0.0, steps=400, settings=None, **config):
    """A dictionary for planted features; a few seconds' work."""

    def draw(n, rng):
        return features.sample(n, rng).activations + offset

    dictionary = sae.SparseAutoencoder(sae.SAEConfig(d_in=features.d_model, **config), seed=seed)
    batches = ActivationBuffer.from_function(draw, seed=seed)
    if start == "data":  # b_dec is the mean, each row of W_dec points to a sample
        dictionary.initialise_from_data(next(batches), seed=seed)
    settings = sae_training.TrainingConfig(steps=steps, lr=5e-3, **(settings or {}))
    sae_training.train(dictionary, batches, settings)
    return dictionary


PLANTED = synthetic.SparseFeatures(128, 48, probability=0.03, seed=1)
rng = runtime.generator("twins")
twins = PLANTED.directions[:64] + 0.04 * torch.randn(64, 48, generator=rng)
cases = {
    "trained, 256 latents": (
        trained(PLANTED, d_sae=256, architecture="topk", k=4).W_dec.detach(),
        PLANTED.directions,
    ),
    "64 pairs of twins, one latent for each pair": (
        torch.cat([PLANTED.directions[:64], torch.randn(64, 48, generator=rng)]),
        torch.nn.functional.normalize(torch.cat([PLANTED.directions[:64], twins]), dim=1),
    ),
}
for name, (W_dec, truth) in cases.items():
    share = (matched_cosines(W_dec, truth) > 0.9).double().mean()
    print(f"{name}: {share:.0%} found, MMCS {sae_truth.match(W_dec, truth).mmcs:.2f}")

# %% tags=["self-check"]
check.matched_cosines(matched_cosines)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# A table of cosines, one row for each feature, one column for each latent. Choose one entry in
# each row, no column twice, with the largest sum.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Unit rows on both sides; `[feature d_in]` @ `[d_in d_sae]` → `[feature d_sae]`; the solver returns
# two lists of indices, which pick `[feature]` entries.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `scipy.optimize.linear_sum_assignment(table, maximize=True)` returns the rows in ascending order
# and the column of each. It takes `cosines.numpy()`.
# </details>

# %% nbgrader={"grade_id": "matching-test", "grade": true, "points": 3}
check.matched_cosines(matched_cosines)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.matched_cosines(matched_cosines, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# The dictionary found the features, and nobody had told it. For the twins MMCS reports near
# perfection, although half of the features have no latent of their own.
#
# ## 3 · Keep only what counts
#
# A price on $z$ has a side effect: it makes all active latents too small (*shrinkage*). Three
# remedies change which latents pass and leave their values alone.
#
# - **TopK** (Gao et al. 2024): the $k$ largest pre-activations of each sample.
# - **BatchTopK** (Bussmann et al. 2024): the $k \cdot$ batch largest of the whole batch, so that a
#   rich sample may use more latents than a poor one. After training one threshold replaces the
#   batch.
# - **JumpReLU** (Rajamanoharan et al. 2024): $z = a \cdot 1[a > \theta]$, a threshold
#   $\theta_j$ for each latent.
#
# The jump has no slope in $\theta$ where it is flat, and an infinite one where it jumps. Their
# *straight-through* estimate spreads the jump over a bandwidth $\varepsilon$: with the
# pre-activation $a$ and the gradient $g$ that arrives at $z$,
#
# $$\frac{\partial L}{\partial \theta_j} \approx -\frac{\theta_j}{\varepsilon}
# \sum_{\text{batch}} g_j \cdot 1\!\left[\,|a_j - \theta_j| < \varepsilon / 2\,\right]$$

# %% [markdown]
# ### Exercise 3 · BatchTopK and JumpReLU
#
# *4 points · about 12 minutes · difficulty 3 of 5*
#
# Write `batch_topk(pre_acts, k)`: the latents, with 0 for those that do not pass (nothing negative
# passes, even if fewer than $k \cdot$ batch are left); and `threshold_gradient`, the estimate above.

# %% nbgrader={"grade_id": "selection", "solution": true}
def batch_topk(pre_acts: Float[Tensor, "batch d_sae"], k: int) -> Float[Tensor, "batch d_sae"]:
    """The k * batch largest positive pre-activations of the batch; 0 elsewhere."""
    ### BEGIN SOLUTION
    flat = pre_acts.relu().flatten()
    values, places = flat.topk(k * len(pre_acts))
    return torch.zeros_like(flat).scatter(0, places, values).view_as(pre_acts)
    ### END SOLUTION


def threshold_gradient(
    pre_acts: Float[Tensor, "batch d_sae"],
    threshold: Float[Tensor, " d_sae"],
    upstream: Float[Tensor, "batch d_sae"],
    bandwidth: float,
) -> Float[Tensor, " d_sae"]:
    """The straight-through gradient of the thresholds; upstream is the gradient at z."""
    ### BEGIN SOLUTION
    near = (pre_acts - threshold).abs() < bandwidth / 2
    return -(threshold / bandwidth) * (upstream * near).sum(dim=0)
    ### END SOLUTION


# %%
test = PLANTED.sample(8_000, 99)
ARCHITECTURES = {
    "relu": {"l1_coefficient": 0.5},
    "topk": {"k": 4},
    "batchtopk": {"k": 4},
    "jumprelu": {"l0_coefficient": 0.05},
}
print(f"true features active at a time: {(test.features > 0).sum(dim=1).double().mean():.1f}")
for name, options in ARCHITECTURES.items():
    dictionary = trained(PLANTED, d_sae=256, architecture=name, **options)
    quality = sae_metrics.quality(dictionary, [test.activations])
    share = sae_truth.match(dictionary.W_dec, PLANTED.directions).recovered()
    print(f"{name:9} L0 {quality.l0:4.1f}  FVU {quality.fvu:.2f}  shrinkage ", end="")
    print(f"{quality.shrinkage:.2f}  found {share:.0%}")

# %% tags=["self-check"]
check.batch_topk(batch_topk)
check.threshold_gradient(threshold_gradient)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# BatchTopK ranks all entries of the batch against each other, whichever row they are in. The
# gradient counts only samples whose pre-activation lies close to the threshold: they are the ones
# that a small change would let in or shut out.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[batch d_sae]` → `[batch * d_sae]` → the k * batch largest → back. Gradient: a mask
# `[batch d_sae]` times upstream, summed over the batch, times one factor for each latent.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `values, places = flat.topk(n)`; `torch.zeros_like(flat).scatter(0, places, values)` puts them
# back; `y.view_as(x)` gives it the shape of x.
# </details>

# %% nbgrader={"grade_id": "selection-test", "grade": true, "points": 4}
check.batch_topk(batch_topk)
check.threshold_gradient(threshold_gradient)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.batch_topk(batch_topk, seed=seed)
    check.threshold_gradient(threshold_gradient, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# All four found the features. The price costs ReLU a fifth of every activation (*shrinkage* 0.77;
# 1 is unbiased), and it needs twice as many latents to say the same.
#
# ## 4 · The dead
#
# A latent that is never active gets no gradient, and so it stays as it is: *dead*. Large
# dictionaries can lose most of their latents that way. Two things help, besides a good start.
# **Resampling** gives dead latents new directions, where the reconstruction is bad (Bricken et al.
# 2023). **AuxK** (Gao et al. 2024, appendix A.2) lets the dead earn their living: they try to
# rebuild the error $e = x - \hat x$ that the others leave, and get their gradient from that:
#
# $$L_{aux} = \frac{1}{\text{batch}} \sum_{\text{batch}} \lVert e - \hat e \rVert^2, \qquad
# \hat e = \sum_{j\, \in\, \text{top } k_{aux} \text{ of the dead}} \mathrm{ReLU}(a_j)\, W_{dec,j}$$
#
# The error is a target: no gradient may flow into it, or the living would be drawn into making
# errors that are easy to rebuild.

# %% [markdown]
# ### Exercise 4 · AuxK
#
# *2 points · about 10 minutes · difficulty 3 of 5*
#
# Write `auxk`. In each row take the `k_aux` dead latents with the largest pre-activations (all of
# them if there are fewer). If none is dead, the loss is 0.

# %% nbgrader={"grade_id": "auxk", "solution": true}
def auxk(
    error: Float[Tensor, "batch d_in"],
    pre_acts: Float[Tensor, "batch d_sae"],
    dead: Bool[Tensor, " d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    k_aux: int,
) -> Float[Tensor, ""]:
    """How much of the error the dead latents fail to rebuild."""
    ### BEGIN SOLUTION
    if not dead.any():
        return error.new_zeros(())
    values, places = pre_acts[:, dead].topk(min(k_aux, int(dead.sum())), dim=1)
    rebuilt = torch.einsum("bk,bkd->bd", values.relu(), W_dec[dead][places])
    return (error.detach() - rebuilt).square().sum(dim=1).mean()
    ### END SOLUTION


# %%
# The same features, but their activations have a mean that is not 0, as in every real network.
offset = 0.3 * torch.randn(48, generator=runtime.generator("offset"))
remedies = {
    "none, random start": {"start": "random", "aux_coefficient": 0.0},
    "AuxK": {"start": "random", "aux_coefficient": 0.5},
    "resampling": {
        "start": "random",
        "aux_coefficient": 0.0,
        "settings": {"resample_at": (60, 120, 180, 240), "dead_after": 10},
    },
    "start from the data": {"start": "data", "aux_coefficient": 0.0},
}
for name, options in remedies.items():
    dictionary = trained(PLANTED, offset=offset, d_sae=192, architecture="topk", k=4, **options)
    quality = sae_metrics.quality(dictionary, [test.activations + offset])
    share = sae_truth.match(dictionary.W_dec, PLANTED.directions).recovered()
    print(f"{name:19} dead {quality.dead:.0%}, FVU {quality.fvu:.2f}, found {share:.0%}")

# %% tags=["self-check"]
check.auxk(auxk)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Pretend that the dictionary consists of the dead alone, that it is a TopK with k_aux, and that it
# is asked to rebuild what the living left over.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `pre_acts[:, dead]` `[batch n_dead]` → the largest `[batch k]` and their places → back into zeros
# `[batch n_dead]` @ `W_dec[dead]` `[n_dead d_in]` → compare with the error.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `error.detach()` has the same values and no gradient; `x.new_zeros(())` is a single 0 of the same
# kind; `values, places = y.topk(k, dim=1)`.
# </details>

# %% nbgrader={"grade_id": "auxk-test", "grade": true, "points": 2}
check.auxk(auxk)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.auxk(auxk, seed=seed)
### END HIDDEN TESTS
