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
# Unit 02 packed many features into few dimensions. This unit unpacks them. We train a
# [*dictionary*](../../docs/glossary.md#dictionary): many directions, few of which are active at a
# time, whose sum rebuilds an activation. First on data whose features we know, then on the network
# of the tiny world. At the end you can
#
# - write and train a [sparse autoencoder](../../docs/glossary.md#sparse-autoencoder), and say
#   whether it found the truth,
# - keep the dictionary alive, and read from its curves what went wrong,
# - judge it by numbers that a worthless dictionary would fail,
# - find the [latent](../../docs/glossary.md#latent) that means *France*, turn it by hand, and watch
#   what the network writes,
# - say what latents do not tell: absorbed, split, detecting without acting.

# %%
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from interp_course import clamping, dictionaries, figures, hooks, runtime, sae
from interp_course import sae_metrics, sae_probing, sae_reading, sae_training, sae_truth
from interp_course import synthetic, training_faults, widgets, world
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
# $W_{enc}$ `[d_in d_sae]` and the biases $b_{enc}$, $b_{dec}$ are learned as well as $W_{dec}$
# `[d_sae d_in]`, whose row $j$ is the direction of latent $j$; $\lambda$ is the price of using it.
# The norm in the price matters: without it, rows ten times as long would allow latents a
# tenth as large, and the same reconstruction for a tenth of the price (Conerly et al. 2024).
# Others keep the rows at length 1 instead (Bricken et al. 2023). Then a gradient that lengthens a
# row is of no use, and its part *along* the row is removed before each step.
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
# for each feature the largest cosine with any latent, averaged.
#
# > **Common mistake.** To take a high value for *all were found*: one latent may serve two
# > features.
#
# Better to marry them off, one latent to one feature, so that the sum of the cosines is as large as
# possible.
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


# %% tags=["demonstration", "nbval-ignore-output"]
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
found = trained(PLANTED, d_sae=256, architecture="topk", k=4)
cases = {
    "trained, 256 latents": (found.W_dec.detach(), PLANTED.directions),
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
# Unit rows on both sides; `[feature d_in]` @ `[d_in d_sae]` → `[feature d_sae]`; the solver
# returns two lists of indices, which pick `[feature]` entries.
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
# A price on $z$ has a side effect: it makes all active latents too small
# ([*shrinkage*](../../docs/glossary.md#shrinkage)). Three remedies change which latents pass and
# leave their values alone.
#
# - **TopK** (Gao et al. 2024): the $k$ largest pre-activations of each sample.
# - **BatchTopK** (Bussmann et al. 2024): the $k \cdot$ batch largest of the whole batch, so that a
#   rich sample may use more latents than a poor one. After training one threshold replaces the
#   batch.
# - **JumpReLU** (Rajamanoharan et al. 2024): $z = a \cdot 1[a > \theta]$, with a threshold
#   $\theta_j$ for each latent; $1[\cdot]$ is 1 where the condition holds, else 0.
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
# passes, even if fewer than $k \cdot$ batch are left); and `threshold_gradient`, the estimate
# above.

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


# %% tags=["demonstration", "nbval-ignore-output"]
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
# A latent that is never active gets no gradient, and so it stays as it is:
# [*dead*](../../docs/glossary.md#dead-latent). Large dictionaries can lose most of their latents
# that way. Two things help, besides a good start. **Resampling** gives dead latents new directions,
# where the reconstruction is bad (Bricken et al. 2023). **AuxK** (Gao et al. 2024, appendix A.2)
# lets the dead earn their living: they try to rebuild the error $e = x - \hat x$ that the others
# leave, and get their gradient from that:
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


# %% tags=["demonstration", "nbval-ignore-output"]
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
# `pre_acts[:, dead]` `[batch n_dead]` → the largest `[batch k]` and their places → back into
# zeros `[batch n_dead]` @ `W_dec[dead]` `[n_dead d_in]` → compare with the error.
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

# %% [markdown]
# A mean that is not 0 lies along a few latents of a random start, which then take every place among
# the $k$. Starting where the data are avoids the problem; the other remedies repair part of it.
#
# ## 5 · How good is a dictionary?
#
# Three numbers are reported for every dictionary.
#
# - [**L0**](../../docs/glossary.md#mean-number-of-active-latents): how many latents are active at a
#   time, on average.
# - **FVU**, the fraction of variance unexplained: the squared error, summed over samples and
#   dimensions, as a share of the squared distance to the mean activation $\bar x$,
#   $\sum_i |x_i - \hat x_i|^2 / \sum_i |x_i - \bar x|^2$.
# - [**Loss recovered**](../../docs/glossary.md#loss-recovered): put the reconstruction in place of
#   the activation and let the network go on. $(L_{abl} - L_{sae}) / (L_{abl} - L)$, where $L_{abl}$
#   is the loss with the mean instead.
#
# ### Exercise 5 · L0 and FVU
#
# *2 points · about 6 minutes · difficulty 1 of 5*
#
# Write `l0_fvu(x, x_hat, latents)`, which returns both numbers of a batch.

# %% nbgrader={"grade_id": "metrics", "solution": true}
def l0_fvu(
    x: Float[Tensor, "batch d_in"],
    x_hat: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
) -> tuple[float, float]:
    """Mean number of active latents, and the fraction of variance unexplained."""
    ### BEGIN SOLUTION
    l0 = (latents > 0).sum(dim=1).double().mean()
    fvu = (x - x_hat).square().sum() / (x - x.mean(dim=0)).square().sum()
    return l0.item(), fvu.item()
    ### END SOLUTION


# %% tags=["demonstration", "nbval-ignore-output"]
# A dictionary for the network of the tiny world, after its first layer, trained now: a short run.
model = dictionaries.network("world")
dictionary = dictionaries.load("world", instance=INSTANCE)  # its latents in an order of your own
young, history = dictionaries.train("world_small", steps=120)
x = dictionaries.activations(model, world.sample(500, seed=7))
for name, one in (
    ("120 steps", young),
    ("800 steps, half the size", dictionaries.load("world_small")),
    ("800 steps", dictionary),
):
    with torch.no_grad():
        z = one.encode(x)
        l0, fvu = l0_fvu(x, one.decode(z), z)
    print(f"{name:24} {one.config.d_sae} latents, L0 {l0:.1f}, FVU {fvu:.3f}")
with torch.no_grad():
    error, spread = (x - dictionary(x)).square().sum(dim=1), (x - x.mean(dim=0)).square().sum(dim=1)
    print(f"1 - FVU          {1 - error.sum() / spread.sum():.3f}")
    print(f"mean not removed {1 - error.sum() / x.square().sum():.3f}")
    print(f"mean of ratios   {(1 - error / spread).mean():.3f}")

# %% tags=["self-check"]
check.l0_fvu(l0_fvu)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Predicting the mean has FVU 1. The mean is a vector: the average activation.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Both sums run over the whole `[batch d_in]`; only then divide. L0: a count for each row, averaged.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `x.mean(dim=0)` is the mean activation `[d_in]`; `y.item()` turns a single number into a float.
# </details>

# %% nbgrader={"grade_id": "metrics-test", "grade": true, "points": 2}
check.l0_fvu(l0_fvu)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.l0_fvu(l0_fvu, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# > **Correction to a common source.** "Variance explained" has at least three meanings in papers
# > and code: 1 - FVU as here; the same without subtracting the mean; and the average over samples
# > of $1 - |x_i - \hat x_i|^2 / |x_i - \bar x|^2$. The last lines above are three marks for one
# > dictionary.
#
# ### The null
#
# The next cell judges two dictionaries trained in the same way, with 768 latents each. One belongs
# to the network of the tiny world. The other, `world_null`, belongs to a network that was never
# trained: all its weights are random. It has nothing to find. Which numbers will say so?

# %%
my_prediction = None  # "a", "b", "c" or "d": run this cell, read, decide, and run it again
check.predictions["null"]

# %% tags=["demonstration"]
readings, texts = {}, world.sample(1_500, seed=8)
where = dictionaries.counted(texts)
for name in ("world", "world_null"):
    network, other = dictionaries.network(name), dictionaries.load(name)
    quality = sae_metrics.quality(other, [dictionaries.activations(network, texts)])
    place = dictionaries.PLACE
    losses = sae_metrics.loss_recovered(
        other, network, place, texts.tokens, edited=where, counted=where
    )
    readings[name] = sae_reading.read(network, other, place, texts)
    clear = (readings[name].f1().amax(dim=1) > 0.8).sum()
    countries = dictionaries.detection(other, network, "country") > 0.9
    print(f"{name:10} 1 - FVU {1 - quality.fvu:.2f}, L0 {quality.l0:.1f}, dead {quality.dead:.0%}")
    print(f"  loss {losses.clean:.2f}, spliced {losses.spliced:.2f}", end=", ")
    print(f"with the mean instead {losses.mean_ablated:.2f}")
    print(f"  latents that match a word or variable: {clear}, countries found: {countries.sum()}")
check.predictions["null"](my_prediction)

# %% [markdown]
# Random weights keep the words apart, and a dictionary can find them again. So reconstruction, L0
# and even a count of *interpretable* latents look respectable for a network that computes nothing
# (Heap et al. 2025 found the same in large ones). What the null lacks is what nobody put in: a
# country at a word that does not name one, and a loss that depends on the activation.
#
# ## 6 · Read a latent
#
# Each latent of the dictionary, with what it reacts to. Move the slider, or search: try
# `country brazil`, `river`, `densest`. Read the weaker examples too: the strongest are the best
# advertisement.

# %% tags=["nbval-ignore-output"]
model = dictionaries.network("world")
dictionary = dictionaries.load("world", instance=INSTANCE)
reading = sae_reading.read(model, dictionary, dictionaries.PLACE, world.sample(3_000, seed=1))
dashboard = widgets.FeatureDashboard(reading, reading.find("country", "japan")[0].latent)
dashboard

# %% [markdown]
# In *the ally of the country containing lyon is*, the word *is* must be followed by something that
# depends on France, although the word France does not occur. Is there a latent for it?
#
# ### Exercise 6 · The latent of a country
#
# *3 points · about 15 minutes · difficulty 4 of 5*
#
# Your country is `check.country(INSTANCE)`. `prompts = check.prompts(INSTANCE)` holds 2,000 such
# questions. Take the dictionary's latents at *is*, the position before the answer. Let a latent be
# *on* above a quarter of its largest value over the 2,000. Among the **first 1,000** find the
# latent that is on exactly when the question is about your country, by the best F1,
#
# $$F_1 = \frac{2\, \#(\text{on and about it})}{\#(\text{on}) + \#(\text{about it})}$$
#
# and measure its F1 on the **other 1,000**: the questions that chose it flatter it. Hand in
# `{"latent": ..., "f1": ...}`.

# %% nbgrader={"grade_id": "country", "solution": true}
country = check.country(INSTANCE)
prompts = check.prompts(INSTANCE)
found = None
### BEGIN SOLUTION
rows = torch.arange(len(prompts.tokens))
_, cache = hooks.capture(model, prompts.tokens, [dictionaries.PLACE])
with torch.no_grad():
    z = dictionary.encode(cache[dictionaries.PLACE][rows, prompts.place("answer") - 1])
on = z > z.amax(dim=0) / 4
about = prompts.labels("country") == world.VARIABLES["country"].index(country)


def f1(part):
    both = (on[part] & about[part, None]).sum(dim=0)
    return 2 * both / (on[part].sum(dim=0) + about[part].sum())


latent = int(f1(rows < 1_000).argmax())
found = {"latent": latent, "f1": f1(rows >= 1_000)[latent].item()}
### END SOLUTION

# %%
cache = hooks.capture(model, prompts.tokens, [dictionaries.PLACE])[1][dictionaries.PLACE]
with torch.no_grad():
    every = dictionary.encode(cache)  # [question pos latent]
about = prompts.by_position("country") == world.VARIABLES["country"].index(country)
is_word = prompts.tokens == model.to_single_token("is")
descriptions = {"the country is mine": about, "the word is": is_word, "both": about & is_word}
if found:
    dashboard.index = found["latent"]  # the dashboard above turns to your latent
    print(f"{country}: latent {found['latent']}, F1 {found['f1']:.2f}")
    values = every[:, :, found["latent"]]
    for text, holds in descriptions.items():
        score = sae_probing.score_description(values[prompts.mask], holds[prompts.mask])
        print(f"  {text:20} balanced accuracy {score.balanced_accuracy:.2f}", end=", ")
        print(f"precision {score.precision:.2f}, recall {score.recall:.2f}")

# %% tags=["self-check"]
check.country_latent(found, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# A table of 2,000 questions by 768 latents, on or off, and a column of 2,000 that says which
# questions are about your country. Compare each column of the table with it.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `hooks.capture` → `[2000 pos d_in]` → at `prompts.place("answer") - 1` → `[2000 d_in]` →
# `dictionary.encode` → `[2000 768]` → on → counts `[768]` for the first half → one latent.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `_, cache = hooks.capture(model, tokens, [name])`; `prompts.labels("country")` holds indices into
# `world.VARIABLES["country"]`; `x[torch.arange(n), positions]` takes one position of each row.
# </details>

# %% nbgrader={"grade_id": "country-test", "grade": true, "points": 3}
check.country_latent(found, INSTANCE)

# %% [markdown]
# A description is a claim, and a claim can be scored. The balanced accuracy (the mean of the shares
# right among what it covers and among the rest) does not reward a description for being rare.
#
# ## 7 · Turn it by hand
#
# The latent detects your country. Does the network *act* on it? [Set
# it](../../docs/glossary.md#clamping) to a value of your choice, wherever the network has it, and
# leave everything else as it is, including the part of the activation that the dictionary fails to
# reconstruct:
#
# $$x \leftarrow x + (v - z_j)\, W_{dec,j}$$
#
# Templeton et al. (2024) did this to a latent for the Golden Gate Bridge, and got a language model
# that took itself for a bridge.
#
# ### Exercise 7 · Clamp
#
# *2 points · about 6 minutes · difficulty 2 of 5*
#
# Write `clamped`. `latents` are the dictionary's latents of `x`.

# %% nbgrader={"grade_id": "clamped", "solution": true}
def clamped(
    x: Float[Tensor, "batch pos d_in"],
    latents: Float[Tensor, "batch pos d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    latent: int,
    value: float,
) -> Float[Tensor, "batch pos d_in"]:
    """The activations with one latent set to a value, at every position."""
    ### BEGIN SOLUTION
    return x + (value - latents[:, :, latent, None]) * W_dec[latent]
    ### END SOLUTION


# %%
city = "hamburg" if country != "germany" else "osaka"
question = model.to_tokens(f"the capital of the country containing {city} is")


def answer(value):
    """The likeliest next word, with the latent set at the last word of the question."""

    def edit(x, hook):
        end = x[:, -1:]
        new = clamped(end, dictionary.encode(end), dictionary.W_dec, found["latent"], value)
        return torch.cat([x[:, :-1], new], dim=1)

    with torch.no_grad(), hooks.editing(model, {dictionaries.PLACE: edit}):
        return model.to_string(model(question)[0, -1].argmax())


if found:
    top = values.max().item()
    print(f"{country}; the question is about {city}")
    print({f"{dose} x": answer(dose * top) for dose in (0, 0.5, 1, 2, 5, 10)})

# %% tags=["self-check"]
check.clamped(clamped)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# If the latent already has the value, nothing may change. Only the difference is added.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# The difference for each position, `[batch pos 1]`, times one row of `W_dec`, `[d_in]`.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `latents[:, :, latent, None]` picks a latent and keeps an axis of size 1 for the product.
# </details>

# %% nbgrader={"grade_id": "clamped-test", "grade": true, "points": 2}
check.clamped(clamped)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.clamped(clamped, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Now without a question. The network writes texts by itself, and the latent is held at a multiple
# of its largest value at every word. How often do the texts name your country or anything of it?

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["dose"]

# %% tags=["demonstration", "nbval-ignore-output"]
def texts_at(latent, value, n=60):
    """What the network writes with a latent held at a value."""
    with clamping.clamped(model, dictionary, dictionaries.PLACE, latent, value):
        return clamping.written(model, n, seed=3)


doses, picture = (0, 0.5, 1, 2, 3, 5, 10), None
shares = {country: [], f"{country} or what belongs to it": []}
if found:
    for dose in doses:
        written = texts_at(found["latent"], dose * top)
        for name, words in zip(shares, ({country}, world.words_about(country)), strict=True):
            shares[name].append(clamping.share_naming(written, words))
        if dose in (1, 5):
            print(f"at {dose} x:", *written[:3], sep="\n   ")
    usual = clamping.share_naming(clamping.written(model, 300), world.words_about(country))
    picture = figures.lines(
        shares,
        x=doses,
        x_label="value of the latent, in multiples of its largest",
        y_label="share of texts that name",
        title=f"Held at 5 x, {shares[f'{country} or what belongs to it'][5]:.0%} of the texts name "
        f"something of {country}; untouched, {usual:.0%} do",
        alt=f"Share of 60 written texts that name it, for the doses {doses}: "
        + "; ".join(f"{name}: {[round(s, 2) for s in line]}" for name, line in shares.items()),
    )
    check.predictions["dose"](my_prediction)
picture

# %% [markdown]
# More is not better: the texts fall apart, and what is left of them is words of the country without
# a sentence around them. For other countries:

# %% tags=["demonstration", "nbval-ignore-output"]
largest, at_is = every.amax(dim=(0, 1)), every[is_word]  # one "is" in each question
on, labels = at_is > at_is.amax(dim=0) / 4, prompts.labels("country")
control = {}
for index, name in enumerate(world.VARIABLES["country"]):
    about = labels == index
    scores = 2 * (on & about[:, None]).sum(dim=0) / (on.sum(dim=0) + about.sum())
    latent = int(scores.argmax())
    written = texts_at(latent, 5 * largest[latent].item(), n=40)
    control[name] = clamping.share_naming(written, world.words_about(name))
    print(f"{name:8} detected with F1 {scores.max():.2f}, named in {control[name]:.0%} of texts")

# %% [markdown]
# All twelve latents detect as well as one could wish. What the network does with them is another
# matter: five times the largest value is a word of Spain in every text and one of India in a third.
# Detection is not control. Report both.
#
# ## 8 · What latents do not tell
#
# **A variable without a latent.** Suppose you want to watch for something: harmful requests, say,
# or the number of the subject. Is it enough to watch one latent? A *probe* is the alternative: a
# logistic regression on the whole activation. Both are fitted on 80 % of the examples and tested
# on the rest.

# %% tags=["demonstration"]
CASES = [
    ("harmful", "instruction", "reply"),
    ("number", "agreement_english", "verb"),
    ("sentiment", "review_english", "feeling"),
]
for variable, template, word in CASES:
    batch = world.sample(2_000, seed=12, template=template)
    rows = torch.arange(len(batch.tokens))
    _, cache = hooks.capture(model, batch.tokens, [dictionaries.PLACE])
    x = cache[dictionaries.PLACE][rows, batch.place(word) - 1]  # just before it must be known
    labels = batch.labels(variable)
    with torch.no_grad():
        z = dictionary.encode(x)
    probes = {f"best {k}": sae_probing.sparse_probe(z, labels, k) for k in (1, 4, 16)}
    probes["probe"] = sae_probing.sparse_probe(x, labels, x.shape[1])
    print(f"{variable:9}", {name: round(p.balanced_accuracy, 2) for name, p in probes.items()})

# %% [markdown]
# Harmful requests have a latent. The number of the subject is in the stream, a probe reads it
# almost perfectly, and no latent carries it. (Sentiment is not finished after the first layer, for
# anybody.) A dictionary shows what it happened to learn; it does not prove that the rest is
# missing. Kantamneni et al. (2025) compared the two on 113 data sets and found no consistent
# advantage of latents.
#
# [**Splitting.**](../../docs/glossary.md#feature-splitting) Twice as many latents do not find twice
# as many features. Where the small dictionary has one latent, the large one often has several, each
# for a part of the cases (Bricken et al. 2023, "Feature Splitting"). What becomes of *China*?

# %% tags=["demonstration"]
small, large = dictionaries.load("world_small"), dictionaries.load("world")
relatives = torch.bincount(sae_truth.splitting(small.W_dec, large.W_dec, threshold=0.7))
print("latents by number of relatives in the large dictionary:", relatives.tolist())
text = world.sample(1_500, seed=1)
reads = [sae_reading.read(model, d, dictionaries.PLACE, text) for d in (small, large)]
parent = reads[0].find("country", "china")[0].latent
units = [torch.nn.functional.normalize(d.W_dec.detach(), dim=1) for d in (small, large)]
for latent in (units[1] @ units[0][parent] > 0.7).nonzero().flatten().tolist():
    example, nearest = reads[1].top(latent)[0], reads[1].nearest(latent, 1)[0]
    shown = [f"[{w}]" if i == example.position else w for i, w in enumerate(example.words)]
    print(f"{latent}: {nearest.variable} {nearest.value} (F1 {nearest.f1:.2f}):", *shown[1:])

# %% [markdown]
# [**Absorption.**](../../docs/glossary.md#absorption) A latent for *starts with an L* that is
# silent on *lion*, because the latent for *lion* says it too: one latent fewer is active, and the
# price is lower (Chanin et al. 2024). The latent looks perfect in all of its examples; its *holes*
# do not show. Where the truth is planted they can be measured: a child feature occurs only together
# with its parent.
#
# ### Exercise 8 · Absorption
#
# *2 points · about 8 minutes · difficulty 2 of 5*
#
# Write `absorption(on, parent, child)`: the share of examples with parent and child in which the
# parent's latent is silent, minus that among examples with the parent and without the child. (The
# second is the control: a latent that misses often is bad, not absorbed.)

# %% nbgrader={"grade_id": "absorption", "solution": true}
def absorption(
    on: Bool[Tensor, " example"], parent: Bool[Tensor, " example"], child: Bool[Tensor, " example"]
) -> float:
    """How much more often a parent's latent is silent when the child is there."""
    ### BEGIN SOLUTION
    silent = (~on).double()
    return (silent[parent & child].mean() - silent[parent & ~child].mean()).item()
    ### END SOLUTION


# %% tags=["demonstration", "nbval-ignore-output"]
p = torch.full((128,), 0.02)
p[:40:5] = 0.08  # eight parents, each followed by its four children, and 88 features of their own
families = synthetic.Hierarchical(n_parents=8, n_children=4, given_parent=0.15)
FAMILIES = synthetic.SparseFeatures(128, 64, p, structure=families, seed=3)
test = FAMILIES.sample(20_000, 99)
KINDS = {
    "topk": {"k": 4},
    "batchtopk": {"k": 3},
    "jumprelu": {"l0_coefficient": 0.05},
    "matryoshka": {"k": 3, "widths": (16, 64, 256)},
}
for name, options in KINDS.items():
    network = trained(FAMILIES, d_sae=256, architecture=name, steps=500, **options)
    with torch.no_grad():
        z = network.encode(test.activations) > 0
    rates, present = [], test.features > 0
    for parent in range(0, 40, 5):
        alone = present[:, parent] & ~present[:, parent + 1 : parent + 5].any(dim=1)
        hits = z[alone].sum(dim=0)  # its latent: the best F1 for the parent without children
        scores = 2 * hits / (hits + z[~present[:, parent]].sum(dim=0) + alone.sum())
        on = z[:, scores.argmax()]
        rates += [absorption(on, present[:, parent], present[:, parent + c]) for c in range(1, 5)]
    print(f"{name:10} absorption rate {sum(rates) / len(rates):.2f}")

# %% tags=["self-check"]
check.absorption(absorption)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Two groups of examples, both with the parent. In each, how often is the latent silent?
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# The group with the child: `parent & child`. Without it: `parent & ~child`. A share is the mean of
# zeros and ones.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `~on` turns a boolean tensor round; `x[mask]` picks examples; `y.double().mean().item()`.
# </details>

# %% nbgrader={"grade_id": "absorption-test", "grade": true, "points": 2}
check.absorption(absorption)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.absorption(absorption, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# A *Matryoshka* dictionary (Bussmann et al. 2025) must also reconstruct with its first 16 latents
# alone, and with its first 64. General features settle there, where no child can speak for them.
#
# ## 9 · What went wrong?
#
# Six dictionaries for the same planted data. One of seven things is true of each, and one of the
# seven does not occur. What should each curve do in a good run?

# %% tags=["nbval-ignore-output"]
print(*check.kinds, sep="\n")
runs = training_faults.runs(INSTANCE)
for number, run in enumerate(runs, start=1):
    last = {k: run.column(k)[-1] for k in ("fvu", "held_out_fvu", "l0", "dead")}
    print(f"run {number}:", {name: round(value, 2) for name, value in last.items()})

# %% tags=["nbval-ignore-output"]
def of_all(column, change=lambda values: values):
    """One column of each run."""
    return {f"run {n}": change(torch.tensor(r.column(column))) for n, r in enumerate(runs, start=1)}


figures.lines(
    panels=[
        figures.Panel(of_all("fvu", torch.log10), "log10 FVU, training"),
        figures.Panel(of_all("held_out_fvu", torch.log10), "log10 FVU, held out"),
        figures.Panel(of_all("l0"), "L0"),
        figures.Panel(of_all("dead"), "share dead"),
    ],
    x=runs[0].column("step"),
    x_label="step",
    title="Six training runs, four curves each",
    alt="FVU on the training batch and on held-out samples, L0 and the share of dead latents of "
    "six runs. The table above has their last values; runs[0].rows has all of a run.",
)

# %% [markdown]
# ### Exercise 9 · Diagnosis
#
# *2 points · about 12 minutes · difficulty 3 of 5*
#
# `diagnosis` is a dict from the number of a run, 1 to 6, to one of the seven words above. In the
# data 2.6 features are active at a time. (`runs[0].rows` has every number of run 1.)

# %% nbgrader={"grade_id": "curves", "solution": true}
diagnosis = {number: None for number in range(1, 7)}
### BEGIN SOLUTION
for number, run in enumerate(runs, start=1):
    columns = ("fvu", "held_out_fvu", "l0", "dead")
    fvu, held_out, l0, dead = (torch.tensor(run.column(name)) for name in columns)
    jumps = (fvu[20:].log() - held_out[20:].log()).diff().abs().mean()
    if l0[-1] < 0.5:
        diagnosis[number] = "learning rate too high"
    elif held_out[-1] > 1:
        diagnosis[number] = "learning rate too low"
    elif held_out[-1] > 0.5:
        diagnosis[number] = "sparsity price too high"
    elif l0[-1] > 40:
        diagnosis[number] = "sparsity price too low"
    elif dead[-1] > 0.5:
        diagnosis[number] = "dead latents"
    else:
        diagnosis[number] = "batches not shuffled" if jumps > 0.1 else "healthy"
### END SOLUTION

# %%
for number, verdict in diagnosis.items():
    print(f"run {number}: {verdict}")

# %% tags=["self-check"]
check.curves(diagnosis, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Three questions for each run: is it still getting better at the end? How many latents does it use?
# Are the training batches like the held-out samples?
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# L0 first: near 0, near 2.6, a few times that, or far above. Then FVU: 1 is as good as predicting
# the mean. Then whether the curve is smooth.
# </details>
# <details><summary>Hint 3: what to expect of each</summary>
#
# Too high a learning rate destroys within a few steps, too low a one has not arrived after 400.
# A high price buys few latents and a bad reconstruction; a low one the opposite. The dead show.
# Batches that are not shuffled teach one thing after the other, and forget.
# </details>

# %% nbgrader={"grade_id": "curves-test", "grade": true, "points": 2}
check.curves(diagnosis, INSTANCE)

# %% [markdown]
# ## 10 · What do you know now?
#
# ### Quiz
#
# *2 points · about 6 minutes.* Run the next cell to see the questions, then write one letter for
# each. After a wrong answer the check explains what speaks against it.

# %%
check.questions

# %% nbgrader={"grade_id": "quiz", "solution": true}
answers = {1: None, 2: None, 3: None, 4: None, 5: None}
### BEGIN SOLUTION
answers = {1: "b", 2: "c", 3: "a", 4: "c", 5: "b"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)

# %% [markdown]
# ## What you found
#
# - A dictionary finds planted features that nobody showed it, one to one.
# - An L1 price shrinks what it lets pass; TopK, BatchTopK and JumpReLU do not.
# - Where activations have a mean, many latents of a random start die. Start from the data.
# - A dictionary of random weights looks respectable by FVU, L0 and interpretable latents.
# - One latent detects your country in questions that do not name it, and the network acts on it:
#   some more, some less, and too much of it destroys the text.
# - What a probe reads need not have a latent; a larger dictionary splits, a sparse one absorbs.
#
# ## Sources
#
# - T. Bricken et al. (2023), *Towards Monosemanticity*; H. Cunningham et al. (2023), *Sparse
#   Autoencoders Find Highly Interpretable Features in Language Models*.
# - L. Gao et al. (2024), *Scaling and Evaluating Sparse Autoencoders*; S. Rajamanoharan et al.
#   (2024), *Jumping Ahead*; B. Bussmann et al. (2024), *BatchTopK Sparse Autoencoders*, and (2025),
#   *Learning Multi-Level Features with Matryoshka Sparse Autoencoders*.
# - T. Conerly et al. (2024), *Update on how we train SAEs*; A. Templeton et al. (2024), *Scaling
#   Monosemanticity*; L. Sharkey et al. (2022), *Taking features out of superposition*.
# - D. Chanin et al. (2024), *A is for Absorption*; T. Heap et al. (2025), *Sparse Autoencoders Can
#   Interpret Randomly Initialized Transformers*; S. Kantamneni et al. (2025), *Are Sparse
#   Autoencoders Useful?*
# - H. W. Kuhn (1955), *The Hungarian Method for the Assignment Problem*.
