# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Superposition
#
# *How does a network keep more features than it has dimensions, and what does it pay?*
#
# About 95 minutes · 21 points · 7 exercises and a quiz · no GPU, no internet
#
# In unit 01 a neuron [meant several things](../../docs/glossary.md#polysemantic) at once. Elhage et
# al. (2022, "Toy Models of Superposition") asked why, in networks so small that everything about
# them can be computed. We train them here, a dozen at a time. At the end you can
#
# - train the toy model, and say what it represents and with how much of a dimension,
# - compute its expected loss without a single sample,
# - build the best arrangement of five features in a plane by hand,
# - predict, before training, whether a [feature](../../docs/glossary.md#feature) is ignored, gets a
#   dimension or shares one,
# - say how small the [interference](../../docs/glossary.md#interference) of n directions can
#   possibly be.

# %%
import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import figures, phases, runtime, superposition, toy_models, widgets
from interp_course.checks import superposition as check

INSTANCE = runtime.instance()  # draws the cells of your findings exercise
torch.set_num_threads(1)  # these models are too small to gain from more

# %% [markdown]
# ## 1 · The toy model
#
# Let $x \in [0, 1]^n$ hold the values of $n$ features. Each is *active* with probability $p$, and
# then uniform between 0 and 1; otherwise it is 0. The model squeezes them into $d < n$ dimensions
# and tries to get them back:
#
# $$h = W x, \qquad \hat x = \mathrm{ReLU}(W^\top h + b), \qquad
# L = \mathbb{E} \sum_i I_i\, (x_i - \hat x_i)^2$$
#
# with the weights $W$ `[d_hidden n_features]`, whose column $W_i$ is the direction of feature $i$,
# the biases $b$, and the importances $I_i$. Nothing forces features to share: the model may also
# keep $d$ of them and forget the others.
#
# > **Correction to a common source.** Elhage et al. call $S = 1 - p$ the sparsity: the probability
# > of being **in**active. Many later papers use the word for the share that is active. We write $p$
# > throughout.
#
# ### Exercise 1 · Forward pass and loss
#
# *3 points · about 8 minutes · difficulty 1 of 5*
#
# Write `reconstruct(W, b, x)` for a batch of feature vectors, one in each row, and
# `weighted_loss(x, x_hat, importance)`: the sum over features, then the mean over the batch.

# %% nbgrader={"grade_id": "model", "solution": true}
def reconstruct(
    W: Float[Tensor, "d_hidden n_features"],
    b: Float[Tensor, " n_features"],
    x: Float[Tensor, "batch n_features"],
) -> Float[Tensor, "batch n_features"]:
    """What the toy model makes of each row of x."""
    ### BEGIN SOLUTION
    return torch.relu(x @ W.T @ W + b)
    ### END SOLUTION


def weighted_loss(
    x: Float[Tensor, "batch n_features"],
    x_hat: Float[Tensor, "batch n_features"],
    importance: Float[Tensor, " n_features"],
) -> Float[Tensor, ""]:
    """Sum over features of importance times squared error, averaged over the batch."""
    ### BEGIN SOLUTION
    return (importance * (x - x_hat) ** 2).sum(dim=-1).mean()
    ### END SOLUTION


# %%
def draw(n: int, n_features: int, p: float, seed: int = 0) -> Float[Tensor, "n n_features"]:
    """Samples of features that are active with probability p."""
    rng = runtime.generator("toy features", seed)
    values, coins = torch.rand(2, n, n_features, generator=rng)
    return values * (coins < p)


x, equal = draw(20_000, 5, 0.1), torch.ones(5)
keep_two, nothing = torch.eye(2, 5), torch.zeros(5)
for name, x_hat in (("nothing", 0 * x), ("two of five", reconstruct(keep_two, nothing, x))):
    print(f"keep {name:11} loss {weighted_loss(x, x_hat, equal):.3f}")

# %% tags=["self-check"]
check.reconstruct(reconstruct)
check.weighted_loss(weighted_loss)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Down into the small space, up again with the same weights, then bias, then ReLU.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[batch n_features]` @ `[n_features d_hidden]` → `[batch d_hidden]`; that @
# `[d_hidden n_features]` → `[batch n_features]`. The loss: a sum over the last axis, a
# mean over the first.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `W.T` swaps the axes; `torch.relu(y)` sets what is negative to 0.
# </details>

# %% nbgrader={"grade_id": "model-test", "grade": true, "points": 3}
check.reconstruct(reconstruct)
check.weighted_loss(weighted_loss)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.reconstruct(reconstruct, seed=seed)
    check.weighted_loss(weighted_loss, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Watch it choose
#
# Five equally important features, two dimensions. First a guess.

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["sparse"]

# %% tags=["demonstration"]
PROBABILITIES = [1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.08, 0.05, 0.03, 0.02, 0.01]
toys = toy_models.ToyModel(5, 2, seeds=range(12))  # twelve models in one tensor
toy_models.train(toys, torch.tensor(PROBABILITIES))
W = toys.W.detach()
for p, count in zip(PROBABILITIES, superposition.represented(W).tolist(), strict=True):
    print(f"p = {p:4.2f}: {count} of 5 features are longer than 0.5")
check.predictions["sparse"](my_prediction)

# %% [markdown]
# Move the slider below (mouse or arrow keys): each arrow is the column $W_i$ of one feature.

# %% tags=["demonstration", "nbval-ignore-output"]
widgets.SuperpositionViewer(W, PROBABILITIES)

# %% [markdown]
# Two features of five, then two pairs on two lines, then a pentagon. How much of a dimension does
# each get?
#
# ### Exercise 2 · Feature dimensionality
#
# *3 points · about 12 minutes · difficulty 3 of 5*
#
# Write the [measure](../../docs/glossary.md#feature-dimensionality) of Elhage et al. (2022, "The
# Geometry of Superposition"):
#
# $$D_i = \frac{\lVert W_i \rVert^2}{\sum_j (\hat W_i \cdot W_j)^2}, \qquad
# \hat W_i = W_i / \lVert W_i \rVert$$
#
# for each column $W_i$, where $j$ runs over all features, $i$ included. It is 1 for a feature that
# has a dimension to itself. For a column of zeros return 0.

# %% nbgrader={"grade_id": "dimensionality", "solution": true}
def feature_dimensionality(
    W: Float[Tensor, "d_hidden n_features"],
) -> Float[Tensor, " n_features"]:
    """The share of a dimension that each feature has."""
    ### BEGIN SOLUTION
    square = (W**2).sum(dim=0)
    unit = W / square.sqrt().clamp(min=1e-12)
    return square / ((unit.T @ W) ** 2).sum(dim=1).clamp(min=1e-12)
    ### END SOLUTION


# %% tags=["demonstration"]
for index in (0, 4, 8):
    shares = feature_dimensionality(W[index])
    print(f"p = {PROBABILITIES[index]:4.2f}:", [f"{share:.2f}" for share in shares], end="  ")
    print(f"sum {shares.sum():.2f}")

# %% tags=["self-check"]
check.feature_dimensionality(feature_dimensionality)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# The denominator asks how much of all features lies along the direction of feature i. Whoever is
# alone there has it to itself.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Unit columns `[d_hidden n_features]`; their products with all columns `[n_features n_features]`;
# squares, summed over j; one division.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `unit.T @ W` has the entry $\hat W_i \cdot W_j$ at [i, j]. `x.clamp(min=1e-12)` avoids 0 / 0.
# </details>

# %% nbgrader={"grade_id": "dimensionality-test", "grade": true, "points": 3}
check.feature_dimensionality(feature_dimensionality)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.feature_dimensionality(feature_dimensionality, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# One half for two features on a line (an *antipodal pair*), two fifths in a pentagon: both fill the
# plane, as the sums say. The sum can never exceed $d$.
#
# ## 3 · A loss without samples
#
# To understand why the model chooses as it does, leave the ReLU and the bias away for a moment.
# Then the expected loss is a polynomial in $W$, and can be written down. With
# $M = W^\top W - \mathbb{1}$ the error of feature $i$ is $\sum_j M_{ij} x_j$, so
#
# $$L = \sum_i I_i \sum_{j,k} M_{ij} M_{ik}\, \mathbb{E}[x_j x_k], \qquad
# \mathbb{E}[x_j^2] = \frac{p}{3}, \qquad \mathbb{E}[x_j x_k] = \frac{p^2}{4} \;\; (j \ne k)$$
#
# because features are independent, active with probability $p$, and uniform on $[0, 1]$ if active.
#
# ### Exercise 3 · The linear model's loss
#
# *3 points · about 12 minutes · difficulty 3 of 5*
#
# Write `linear_loss(W, probability, importance)`: this sum, exactly, without drawing anything.

# %% nbgrader={"grade_id": "linear-loss", "solution": true}
def linear_loss(
    W: Float[Tensor, "d_hidden n_features"],
    probability: float,
    importance: Float[Tensor, " n_features"],
) -> Float[Tensor, ""]:
    """Expected loss of the model without ReLU and bias."""
    ### BEGIN SOLUTION
    M = W.T @ W - torch.eye(W.shape[1], dtype=W.dtype)
    same, crossed = probability / 3, probability**2 / 4
    errors = (same - crossed) * (M**2).sum(dim=1) + crossed * M.sum(dim=1) ** 2
    return (importance * errors).sum()
    ### END SOLUTION


# %%
pentagon = torch.stack([torch.cos(a := torch.arange(5) * 2 * torch.pi / 5), torch.sin(a)])
for name, weights in (("keep two of five", keep_two), ("pentagon", pentagon)):
    x = draw(200_000, 5, 0.05)
    drawn = weighted_loss(x, x @ weights.T @ weights, equal).item()
    relu = weighted_loss(x, reconstruct(weights, nothing, x), equal).item()
    exact = linear_loss(weights, 0.05, equal).item()
    print(f"{name:17} linear {exact:.4f} (drawn: {drawn:.4f}), with ReLU {relu:.4f}")

# %% tags=["self-check"]
check.linear_loss(linear_loss)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Split the double sum over j and k into the terms with j = k and all others.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# $\sum_{j \ne k} M_{ij} M_{ik} = (\sum_j M_{ij})^2 - \sum_j M_{ij}^2$. So only the sum of each row
# and the sum of its squares are needed.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.eye(n)` is the identity; `(M**2).sum(dim=1)` is the sum of squares of each row.
# </details>

# %% nbgrader={"grade_id": "linear-loss-test", "grade": true, "points": 3}
check.linear_loss(linear_loss)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.linear_loss(linear_loss, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Without the ReLU the pentagon is *worse* than forgetting three features: interference costs as
# much as it saves. The ReLU cuts off what is negative, and with it most of the interference, and
# the comparison turns round. Superposition is a gift of the nonlinearity.
#
# ## 4 · By hand
#
# ### Exercise 4 · Better than two pairs
#
# *2 points · about 12 minutes · difficulty 3 of 5*
#
# Build `hand_W` `[2 5]` and `hand_b` `[5]` without training, so that the expected loss of the
# model *with* ReLU, at $p = 0.05$ and equal importances, falls below the bound that the check
# tells you. Two antipodal pairs are not enough.

# %% nbgrader={"grade_id": "pentagon", "solution": true}
hand_W, hand_b = None, None
### BEGIN SOLUTION
angles = 2 * torch.pi * torch.arange(5) / 5
hand_W = torch.stack([angles.cos(), angles.sin()])
hand_b = torch.full((5,), -0.1)
### END SOLUTION

# %%
if hand_W is not None:
    print("expected loss:", round(phases.expected_loss(hand_W, hand_b, 0.05).item(), 4))
    print("two pairs:    ", end=" ")
    pairs = torch.tensor([[1.0, -1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0, 0.0]])
    print(round(phases.expected_loss(pairs, nothing, 0.05).item(), 4))

# %% tags=["self-check"]
check.pentagon((hand_W, hand_b), INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Look at what training found at p = 0.05, with the slider.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Five unit columns, the angles between neighbours equal. Then lower all biases a little and watch
# the loss: it cuts off the interference that is left, at a price for small values.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.stack([angles.cos(), angles.sin()])` makes two rows; a full circle is `2 * torch.pi`.
# </details>

# %% nbgrader={"grade_id": "pentagon-test", "grade": true, "points": 2}
check.pentagon((hand_W, hand_b), INSTANCE)

# %% [markdown]
# ## 5 · Predict the phase
#
# Now the smallest case: two features, one dimension. The first has importance 1, the second $r$.
# There are three candidates: keep the first only (the second is **ignored**), keep the second only
# (it is **dedicated** the dimension), or keep both with opposite signs, $W = (1, -1)$ (they are
# **superposed**). A feature that is not kept is replaced by its mean $p/2$ through the bias.
#
# ### Exercise 5 · Ignored, dedicated, superposed
#
# *3 points · about 15 minutes · difficulty 4 of 5*
#
# For each of the six pairs $(p, r)$ in `check.cells(INSTANCE)` say what becomes of the *second*
# feature. `verdicts` is a dict from the pair to `"ignored"`, `"dedicated"` or `"superposed"`:
# whichever candidate has the smallest expected loss. You will need the variance of a feature,
# $p/3 - p^2/4$, and $\mathbb{E}[\min(x_1, x_2)^2 \mid \text{both active}] = 1/6$: with opposite
# signs, when both are active the smaller one is lost, and the larger one is too small by just as
# much.

# %% nbgrader={"grade_id": "phases", "solution": true}
cells = check.cells(INSTANCE)
verdicts = {cell: None for cell in cells}
### BEGIN SOLUTION
for p, r in cells:
    variance = p / 3 - p**2 / 4
    losses = {
        "ignored": r * variance,
        "dedicated": variance,
        "superposed": (1 + r) * p**2 / 6,
    }
    verdicts[p, r] = min(losses, key=losses.get)
### END SOLUTION

# %%
for (p, r), verdict in verdicts.items():
    print(f"p = {p:.2f}, relative importance {r:.2f}: {verdict}")

# %% tags=["self-check"]
check.phases(verdicts, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Three losses for each pair; the smallest wins. Nothing needs to be trained.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# A feature that is replaced by its mean costs importance times variance. The superposed pair costs
# something only when both are active, which happens with probability $p^2$, and then both are
# wrong.
# </details>
# <details><summary>Hint 3: a check by hand</summary>
#
# At p = 1 two superposed features are wrong all the time: (1 + r) / 6, against r / 12 for ignoring.
# </details>

# %% nbgrader={"grade_id": "phases-test", "grade": true, "points": 3}
check.phases(verdicts, INSTANCE)

# %% [markdown]
# Does training agree? The next cell trains 3 networks for each of 49 pairs, 147 at once, and keeps
# the best of each three (a single one may get stuck: in one dimension a column cannot turn round).

# %% tags=["demonstration", "nbval-ignore-output"]
grid_p = torch.tensor([0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0])
grid_r = torch.tensor([0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0])
P, R = (axis.flatten().repeat(3) for axis in torch.meshgrid(grid_p, grid_r, indexing="ij"))
twos = toy_models.ToyModel(2, 1, seeds=range(len(P)))
importance = torch.stack([torch.ones_like(R), R], dim=1)
toy_models.train(twos, P, importance=importance, settings=toy_models.Settings(steps=1200))
loss = phases.expected_loss(twos.W.detach(), twos.b.detach(), P, importance).reshape(3, 49)
found = phases.measured_phase(twos.W.detach()).reshape(3, 49).gather(0, loss.argmin(0)[None])[0]
predicted = phases.predicted_phase(P[:49], R[:49])
agree = (found == predicted).float().mean()
figures.heatmap(
    found.reshape(7, 7).flip(0),
    row_labels=[f"{p:.2f}" for p in grid_p.flip(0)],
    col_labels=[f"{r:g}" for r in grid_r],
    x_label="relative importance r of the second feature",
    y_label="probability p",
    colour_label="0 ignored, 1 dedicated, 2 superposed",
    title=f"Trained networks follow the formula in {agree:.0%} of the cells",
    alt="Map of what training did with the second feature. Sparse features are superposed unless "
    "one is far more important; at high probability the more important one gets the dimension.",
)

# %% [markdown]
# ## 6 · How small can interference be?
#
# In three dimensions take the three axes, and a fourth direction as fair as possible to all of
# them: $f_4 = (0.6, 0.6, 0.528)$, of length 1. It overlaps with the others by 0.6 at worst. Four
# directions can do better: the corners of a tetrahedron have cosines of $-1/3$. No four can be
# closer to orthogonal than that. For $n$ unit vectors in $d$ dimensions the
# [bound](../../docs/glossary.md#welch-bound) is (Welch 1974)
#
# $$\max_{i \ne j} |\hat W_i \cdot \hat W_j| \;\ge\; \sqrt{\frac{n - d}{d\,(n - 1)}}
# \qquad (n > d)$$
#
# ### Exercise 6 · The Welch bound
#
# *3 points · about 10 minutes · difficulty 2 of 5*
#
# Write `welch_bound(n_features, d_hidden)`, which is 0 where all fit orthogonally, and
# `worst_interference(W)`: the largest absolute cosine between two different columns, where columns
# of zeros do not count (0 if fewer than two are left).

# %% nbgrader={"grade_id": "welch", "solution": true}
def welch_bound(n_features: int, d_hidden: int) -> float:
    """The least that the largest cosine between n directions in d dimensions can be."""
    ### BEGIN SOLUTION
    if n_features <= d_hidden:
        return 0.0
    return ((n_features - d_hidden) / (d_hidden * (n_features - 1))) ** 0.5
    ### END SOLUTION


def worst_interference(W: Float[Tensor, "d_hidden n_features"]) -> float:
    """The largest absolute cosine between two different columns that are not zero."""
    ### BEGIN SOLUTION
    norms = W.norm(dim=0)
    unit = W[:, norms > 0] / norms[norms > 0]
    cosines = (unit.T @ unit).abs().fill_diagonal_(0)
    return float(cosines.max()) if cosines.numel() else 0.0
    ### END SOLUTION


# %% tags=["demonstration"]
f4 = torch.tensor([[1.0, 0, 0, 0.6], [0, 1, 0, 0.6], [0, 0, 1, 0.528]])
tetrahedron = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]) / 3**0.5
for name, columns in (("axes and f4", f4), ("tetrahedron", tetrahedron), ("pentagon", W[8])):
    d, n = columns.shape
    print(f"{name:12} {worst_interference(columns):.3f}, Welch bound {welch_bound(n, d):.3f}")

# %% tags=["self-check"]
check.welch_bound(welch_bound)
check.worst_interference(worst_interference)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Make all columns 1 long, take all their products, and look for the largest one off the diagonal,
# whatever its sign.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[d_hidden n]` unit columns → `[n n]` cosines → absolute values → diagonal 0 → maximum.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `x.fill_diagonal_(0)` sets the diagonal of a square matrix; `W[:, keep]` picks columns.
# </details>

# %% nbgrader={"grade_id": "welch-test", "grade": true, "points": 3}
check.welch_bound(welch_bound)
check.worst_interference(worst_interference)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.welch_bound(welch_bound, seed=seed)
    check.worst_interference(worst_interference, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# The pentagon does *not* reach the Welch bound: it bounds the largest cosine of either sign, and
# the pentagon's is one of 0.81 with a minus. To the model only positive interference hurts, since
# the ReLU removes the other kind; of those the pentagon has 0.31. A bound answers the question it
# was made for.

# %% [markdown]
# ## 7 · Who appears with whom
#
# So far features were independent. If two of them *exclude* each other, sharing a line costs
# nothing at all, since their interference never happens: they take opposite directions. If two
# always come *together* and their values go along, the best use of too few dimensions is to store
# them side by side, as one (Elhage et al. 2022, "Organization of Correlated and Anti-Correlated
# Features"; with more room they prefer to stand orthogonal).
#
# ### Exercise 7 · Read the statistics off the weights
#
# *2 points · about 8 minutes · difficulty 2 of 5*
#
# `net = check.network(INSTANCE)` is a network of six features, `net.names`, in four dimensions,
# with the weights `net.W` `[4 6]`. Its features were active often (4 times in 10), so that
# independent ones do not share. One pair was correlated, one pair never active together. Which?
#
# `together` is a dict `{"correlated": {...}, "anticorrelated": {...}}` with two names in each.

# %% nbgrader={"grade_id": "relations", "solution": true}
net = check.network(INSTANCE)
together = None
### BEGIN SOLUTION
directions = net.W / net.W.norm(dim=0)
cosines = (directions.T @ directions).fill_diagonal_(0)
together = {}
for kind, place in (("correlated", cosines.argmax()), ("anticorrelated", cosines.argmin())):
    together[kind] = {net.names[i] for i in divmod(int(place), 6)}
### END SOLUTION

# %%
if together:
    print({kind: sorted(names) for kind, names in together.items()})

# %% tags=["self-check"]
check.relations(together, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Side by side: a cosine near 1. Opposite: a cosine near -1. The lengths of columns differ, so
# compare directions.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Unit columns `[4 6]` → cosines `[6 6]` → the largest and the smallest entry off the diagonal.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `divmod(int(x.argmax()), 6)` gives row and column of the largest entry of a 6 x 6 matrix.
# </details>

# %% nbgrader={"grade_id": "relations-test", "grade": true, "points": 2}
check.relations(together, INSTANCE)

# %% [markdown]
# Weights remember how often things happened together.
#
# > **Common mistake.** To count one feature for each direction that one finds. It may be two that
# > the data never told apart, as here.
#
# ## 8 · Getting them back
#
# Superposition is of use only if what was put in can be read out. If few features are active at a
# time, a solver can find them from $h = Wx$ although there are more unknowns than equations: this
# is *compressed sensing* (Elhage et al. 2022, "Relationship to compressed sensing"). Here: 256
# features in 64 random directions, the $k$ active ones sought by orthogonal matching pursuit.

# %% tags=["nbval-ignore-output"]
random_W = torch.randn(64, 256, generator=runtime.generator("compressed sensing"))
random_W /= random_W.norm(dim=0)
actives = [1, 2, 4, 6, 8, 10, 12, 15, 20]
rates = [superposition.recovery_rate(random_W, k, trials=60) for k in actives]
figures.lines(
    {"orthogonal matching pursuit": rates},
    x=actives,
    x_label="active features at a time",
    y_label="share of samples recovered exactly",
    title="256 features come back from 64 numbers, while few are active",
    alt=f"Share of samples in which all features are found, for {actives} active features: "
    f"{[round(r, 2) for r in rates]}.",
)

# %% [markdown]
# ## 9 · What do you know now?
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
answers = {1: "c", 2: "b", 3: "a", 4: "c", 5: "b"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)

# %% [markdown]
# ## What you found
#
# - Five features in two dimensions: two are kept when all are active, all five when few are.
# - They arrange themselves into pairs and pentagons, which fill the plane evenly.
# - Without the ReLU superposition does not pay; the linear loss can be written down exactly.
# - Which feature is ignored, gets a dimension or shares one follows from three short formulas.
# - Features that exclude each other share a line, features that come together a direction.
# - Interference has a lower bound, and a network need not care about the kind that it bounds.
#
# ## Sources
#
# - N. Elhage et al. (2022), *Toy Models of Superposition*: "Demonstrating Superposition",
#   "Superposition as a Phase Change", "The Geometry of Superposition".
# - L. R. Welch (1974), *Lower Bounds on the Maximum Cross Correlation of Signals*.
# - D. L. Donoho (2006), *Compressed Sensing*.
