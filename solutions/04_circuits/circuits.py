# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Circuits
#
# *Which parts of a network do the work, and what would it take to believe it?*
#
# About 110 minutes · 26 points · 9 exercises and a quiz · no GPU, no internet
#
# A [*circuit*](../../docs/glossary.md#circuit) is a claim: these parts, connected like this, do
# that job. This unit is about testing such claims by intervention. Most of our networks are
# *compiled*: somebody wrote their weights, so that we know the truth and can see which methods find
# it. At the end you can
#
# - knock a part out in three ways, and say what each of them asks,
# - patch activations from one run into another, in both directions,
# - follow a single edge while everything else stays frozen,
# - estimate all edges from one gradient, and say when that fails,
# - find, score and prune a circuit, and tell it from look-alikes without one.

# %%
import torch
from jaxtyping import Float
from torch import Tensor

from interp_course import ablation, attention, compiled, figures, hooks, models, runtime, world
from interp_course.checks import circuits as check
from interp_course.circuits import Circuit
from interp_course.patching import attribution, criteria, faithfulness, metrics
from interp_course.patching import paths, pruning, sweeps
from interp_course.widgets import PatchingMap

INSTANCE = runtime.instance()  # draws the networks of your findings exercises
torch.set_num_threads(1)  # these models are too small to gain from more

# %% [markdown]
# ## 1 · Take it away
#
# The oldest test: [remove a part](../../docs/glossary.md#ablation) and see what breaks. But
# something has to stand where its output stood, and each choice asks another question.
#
# - **Zero**: what if nothing arrived? Later parts may never have seen a zero there.
# - **Mean**: what if the part always said the same, whatever the prompt? Only its information is
#   taken away, not what it adds every time.
# - **Resample**: what if it spoke of another prompt? Every value is one that the network knows.
#
# ### Exercise 1 · Three ways to knock out
#
# *2 points · about 8 minutes · difficulty 2 of 5*
#
# Write `replaced(values, kind, reference)`. `values` are a head's outputs on our prompts,
# `reference` its outputs on others (at least as many). `"mean"` is the mean over the reference
# prompts, for each position; with `"resample"` prompt $b$ gets the outputs of reference prompt
# $b$.

# %% nbgrader={"grade_id": "replaced", "solution": true}
def replaced(
    values: Float[Tensor, "batch pos d_head"], kind: str, reference: Float[Tensor, "n pos d_head"]
) -> Float[Tensor, "batch pos d_head"]:
    """What an ablation puts in the place of a head's output."""
    ### BEGIN SOLUTION
    if kind == "zero":
        return torch.zeros_like(values)
    if kind == "mean":
        return reference.mean(dim=0).expand_as(values).clone()
    return reference[: len(values)].clone()
    ### END SOLUTION


# %%
model = models.load("induction")
scores = attention.head_scores(model)
layer, head = divmod(int(scores.previous.argmax()), model.cfg.n_heads)
tokens = attention.repeated_tokens(model, 64, 31, seed=1)
place = hooks.z(layer)
sources = {
    "repeated texts": attention.repeated_tokens(model, 64, 31, seed=2),
    "one token, always": torch.full_like(tokens, 7),
}
untouched = attention.loss_by_position(model, tokens)[32:].mean()
print(f"untouched: loss on the second copy {untouched:.2f}")
for source, others in sources.items():
    reference = hooks.capture(model, others, [place])[1][place][:, :, head]
    for kind in ("zero", "mean", "resample"):

        def edit(z, hook, kind=kind, reference=reference):
            new = replaced(z[:, :, head], kind, reference)
            return torch.cat([z[:, :, :head], new[:, :, None], z[:, :, head + 1 :]], dim=2)

        with torch.no_grad(), hooks.editing(model, {place: edit}):
            loss = attention.loss_by_position(model, tokens)[32:].mean()
        print(f"L{layer}.H{head} replaced ({kind:8}, from {source}): {loss:.2f}")

# %% tags=["self-check"]
check.replaced(replaced)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Only one of the three looks at single reference prompts, only one at their average.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Mean: `[n pos d_head]` → `[pos d_head]`, the same for every prompt of the batch. Resample: the
# first `batch` rows.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.zeros_like(x)`; `x.mean(dim=0)`; `y.expand_as(x).clone()` repeats y along missing axes.
# </details>

# %% nbgrader={"grade_id": "replaced-test", "grade": true, "points": 2}
check.replaced(replaced)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.replaced(replaced, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# A previous-token head moves information, so all three hurt. But look at the second source: values
# from texts that are nothing like ours.
#
# > **Common mistake.** The mean of the *wrong* distribution is a push in some direction, and its
# > damage says as much about the push as about the head. Say what you replaced by what, and from
# > where.
#
# ## 2 · Put it back
#
# Ablation says that something matters, not for what. [*Activation
# patching*](../../docs/glossary.md#activation-patching) (Vig et al. 2020; Meng et al. 2022)
# compares two prompts that differ in one thing. Here: *While Tom and Jack sat in the park, Tom sent
# a drink to* must be answered by *Jack*; with the names of the second clause exchanged, by *Tom*.
# The metric is the logit difference between the two names.
# [**Denoising**](../../docs/glossary.md#denoising) puts an activation of the clean run into the
# corrupted one and asks what is enough; [**noising**](../../docs/glossary.md#noising) does the
# reverse and asks what is needed (Heimersheim and Nanda 2024).
#
# ### Exercise 2 · On a scale from corrupted to clean
#
# *2 points · about 6 minutes · difficulty 1 of 5*
#
# Write `normalised(patched, clean, corrupted)`: 0 if the patched run is as the corrupted one, 1 if
# as the clean one. All three hold the metric of each prompt; average before you divide, so that
# prompts on which the two runs hardly differ do not decide.

# %% nbgrader={"grade_id": "normalised", "solution": true}
def normalised(
    patched: Float[Tensor, " batch"],
    clean: Float[Tensor, " batch"],
    corrupted: Float[Tensor, " batch"],
) -> float:
    """Where the patched run stands between the corrupted one (0) and the clean one (1)."""
    ### BEGIN SOLUTION
    return ((patched - corrupted).mean() / (clean - corrupted).mean()).item()
    ### END SOLUTION


# %%
example = compiled.inhibition()
prompts = example.task.sample(64, seed=1)
metric = metrics.logit_difference(prompts.answers, prompts.distractors)
place = hooks.z(2)
with torch.no_grad():
    clean_logits, cache = hooks.capture(example.model, prompts.tokens, [place])
    clean, corrupted = metric(clean_logits), metric(example.model(prompts.corrupted))
    for head in range(4):

        def edit(z, hook, head=head):
            new = z.clone()
            new[:, :, head] = cache[place][:, :, head]
            return new

        with hooks.editing(example.model, {place: edit}):
            patched = metric(example.model(prompts.corrupted))
        print(f"L2.H{head} from the clean run: {normalised(patched, clean, corrupted):.2f}")

# %% tags=["self-check"]
check.normalised(normalised)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# How far has patching brought us from the corrupted metric, and how far could it?
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Two mean differences, both measured from the corrupted run; one division.
# </details>
# <details><summary>Hint 3: a check by hand</summary>
#
# Clean 4, corrupted -4, patched 0: halfway, so 0.5.
# </details>

# %% nbgrader={"grade_id": "normalised-test", "grade": true, "points": 2}
check.normalised(normalised)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.normalised(normalised, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# ### Exercise 3 · Three heads
#
# *3 points · about 12 minutes · difficulty 3 of 5*
#
# Your network, `net = check.network(INSTANCE)`, does the same task with three heads, as Wang et al.
# (2023) found them in GPT-2: a **duplicate-token head** notices at the second *Tom* that the name
# occurred before; an **inhibition head** carries that to the end; a **name mover** there copies a
# name that is not inhibited. The other heads are decoys. Which are the three?
#
# `sweeps.head_sweep(model, clean, corrupted, metric, positions="each")` patches every head at every
# position. `sites` is a dict from role to name, such as `"L0.H2"`.

# %% nbgrader={"grade_id": "sites", "solution": true}
net = check.network(INSTANCE)
sites = {"duplicate-token head": None, "inhibition head": None, "name mover": None}
### BEGIN SOLUTION
prompts = net.task.sample(64, seed=1)
metric = metrics.logit_difference(prompts.answers, prompts.distractors)
effect = sweeps.head_sweep(net.model, prompts.tokens, prompts.corrupted, metric)
for role, row in zip(sites, range(3), strict=True):
    sites[role] = f"L{row}.H{int(effect[row].argmax())}"
### END SOLUTION

# %% tags=["nbval-ignore-output"]
print(sites)
# The same sweep over another network, both ways: its three heads are L0.H0, L1.H3 and L2.H0.
prompts = example.task.sample(64, seed=1)
metric = metrics.logit_difference(prompts.answers, prompts.distractors)
pair = (example.model, prompts.tokens, prompts.corrupted)
effects = {
    direction: sweeps.head_sweep(*pair, metric, direction=direction)
    for direction in ("denoising", "noising")
}
figures.heatmap(
    torch.cat([effects["denoising"], effects["noising"]]).clamp(min=0),
    row_labels=[f"{d}, L{row}" for d in effects for row in range(3)],
    col_labels=[f"H{head}" for head in range(4)],
    x_label="head",
    y_label="direction and layer",
    colour_label="effect: 0 as corrupted, 1 as clean",
    title="Denoising lights up what is enough, noising darkens what is needed",
    alt="Effect of patching each head. Denoising: 1 for three heads, 0 for all others. Noising: 0 "
    "for the same three heads, 1 for all others.",
)

# %% tags=["nbval-ignore-output"]
# One prompt of that network, the stream at one position at a time: follow the name to the end.
first = metrics.logit_difference(prompts.answers[:1], prompts.distractors[:1])
PatchingMap(
    sweeps.stream_sweep(example.model, prompts.tokens[:1], prompts.corrupted[:1], first),
    example.model.to_str_tokens(prompts.tokens[0]),
    row_names=["into L0", "into L1", "into L2", "at the end"],
)

# %% tags=["self-check"]
check.sites(sites, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# A head that matters brings the clean answer back when it alone is taken from the clean run. A head
# that only *looks* busy does not.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# One sweep, denoising. Three heads reach 1, one in each layer. The order of the layers is the order
# of the story.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `metrics.logit_difference(prompts.answers, prompts.distractors)`; `prompts.corrupted` holds the
# other run's tokens; `effect[row].argmax()`.
# </details>

# %% nbgrader={"grade_id": "sites-test", "grade": true, "points": 3}
check.sites(sites, INSTANCE)

# %% [markdown]
# One thing a sweep cannot see. The next network has a second name mover behind the first, which
# speaks up only when the first is silent (Wang et al. 2023 call them *backup* name movers):

# %%
spare = compiled.inhibition(backup=True)
prompts = spare.task.sample(64, seed=1)
movers = [p for p, role in spare.roles.items() if role in ("name mover", "backup name mover")]
for gone in ([], movers[:1], movers[1:], movers):
    with ablation.ablated(spare.model, [(p.layer, p.head) for p in gone], "zero"):
        accuracy = compiled.accuracy(spare.model, prompts.tokens, prompts.answers)
    print(f"without {', '.join(map(str, gone)) or 'nothing':12} accuracy {accuracy:.2f}")

# %% [markdown]
# Neither is needed, and without both nothing works. "Ablating it changes nothing" is not "it does
# nothing".
#
# ## 3 · Along one edge
#
# Patching a head changes everything behind it. [*Path
# patching*](../../docs/glossary.md#path-patching) (Wang et al. 2023; Goldowsky-Dill et al. 2023)
# changes one edge: what earlier part A contributes to what later part B reads, with everything else
# frozen. B reads the residual stream $r$, which contains A's output $a$; so in B's input, and only
# there, exchange $a$ for $a'$, its output in the other run, and apply B's norm again:
#
# $$\mathrm{LN}(r - a + a'), \qquad
# \mathrm{LN}(y) = \frac{y - \bar y}{\sqrt{\mathrm{Var}(y) + \epsilon}}$$
#
# with mean and (biased) variance over the dimensions of the stream, and the small $\epsilon$ of the
# model.
#
# ### Exercise 4 · The input of a reader
#
# *2 points · about 8 minutes · difficulty 2 of 5*
#
# Write `edge_input(resid, source_here, source_other, eps)`.

# %% nbgrader={"grade_id": "edge", "solution": true}
def edge_input(
    resid: Float[Tensor, "batch pos d_model"],
    source_here: Float[Tensor, "batch pos d_model"],
    source_other: Float[Tensor, "batch pos d_model"],
    eps: float,
) -> Float[Tensor, "batch pos d_model"]:
    """What a reader gets when one earlier part is exchanged for its output in another run."""
    ### BEGIN SOLUTION
    stream = resid - source_here + source_other
    centred = stream - stream.mean(dim=-1, keepdim=True)
    return centred / (centred.square().mean(dim=-1, keepdim=True) + eps).sqrt()
    ### END SOLUTION


# %% tags=["nbval-ignore-output"]
prompts = net.task.sample(64, seed=1)
metric = metrics.logit_difference(prompts.answers, prompts.distractors)
if all(sites.values()):
    duplicate, inhibitor, mover = sites.values()
    routes = [f"{duplicate} -> {inhibitor}.{slot}" for slot in "qkv"]
    routes += [f"{inhibitor} -> {mover}.{slot}" for slot in "qkv"]
    routes += [f"{duplicate} -> {mover}.{slot}" for slot in "qkv"]
    found = paths.path_effects(net.model, prompts.tokens, prompts.corrupted, routes, metric)
    for route, value in zip(routes, found.tolist(), strict=True):
        print(f"{route:18} {value:5.2f}")

# %% tags=["self-check"]
check.edge_input(edge_input)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# The stream is a sum. Take one summand out, put another in, and only then normalise: the norm must
# see the new stream.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Everything is `[batch pos d_model]`. Mean and variance over the last axis, kept as
# `[batch pos 1]`.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `y.mean(dim=-1, keepdim=True)`; `y.var(dim=-1, keepdim=True, correction=0)` divides by n.
# </details>

# %% nbgrader={"grade_id": "edge-test", "grade": true, "points": 2}
check.edge_input(edge_input)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.edge_input(edge_input, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# So the duplicate-token head speaks to the inhibition head's *values*, and the inhibition head to
# the name mover's *queries*; nothing goes directly from first to last. A sweep over heads could
# not have told.
#
# ## 4 · All edges at once, nearly
#
# One pass for each edge is too much for a large network. [*Attribution
# patching*](../../docs/glossary.md#attribution-patching) (Nanda 2023; Syed et al. 2023) replaces it
# by a first-order guess, for all parts from one gradient of the metric $m$:
#
# $$m(\text{part} \leftarrow \text{clean}) - m(\text{corrupted}) \;\approx\;
# (a_{clean} - a_{corr}) \cdot \nabla_a m \big|_{corr}$$
#
# where $a$ is the part's output in either run, and the gradient that of the corrupted run.
#
# > **Correction to a common source.** Attribution patching is often credited to ACDC. That is Conmy
# > et al. 2023, and measures every edge.
#
# Where $m$ bends, the guess is wrong. *Integrated gradients* (Sundararajan et al. 2017; Hanna et
# al. 2024) average the gradient along the straight way from the corrupted to the clean input:
#
# $$(x - x') \cdot \frac{1}{n} \sum_{k=1}^{n} \nabla m\big(x' + \tfrac{k}{n}(x - x')\big)$$
#
# for the clean $x$, the corrupted $x'$ and $n$ steps.

# %% [markdown]
# ### Exercise 5 · A guess, and a better one
#
# *4 points · about 12 minutes · difficulty 3 of 5*
#
# Write `attributed(gradient, clean, corrupted)` (sum over positions and dimensions, mean over the
# batch, for each part) and `integrated(gradient_at, clean, corrupted, steps)`, where
# `gradient_at(x)` returns the gradient at x: the second formula, with the product elementwise.

# %% nbgrader={"grade_id": "attribution", "solution": true}
def attributed(
    gradient: Float[Tensor, "part batch pos d"],
    clean: Float[Tensor, "part batch pos d"],
    corrupted: Float[Tensor, "part batch pos d"],
) -> Float[Tensor, " part"]:
    """First-order effect of patching each part; the gradient is that of the corrupted run."""
    ### BEGIN SOLUTION
    return ((clean - corrupted) * gradient).sum(dim=(2, 3)).mean(dim=1)
    ### END SOLUTION


def integrated(
    gradient_at, clean: Float[Tensor, " d"], corrupted: Float[Tensor, " d"], steps: int
) -> Float[Tensor, " d"]:
    """Integrated gradients from the corrupted to the clean input, right ends of the steps."""
    ### BEGIN SOLUTION
    change = clean - corrupted
    gradients = [gradient_at(corrupted + k / steps * change) for k in range(1, steps + 1)]
    return change * torch.stack(gradients).mean(dim=0)
    ### END SOLUTION


# %% tags=["demonstration", "nbval-ignore-output"]
chosen = ["L0.H{} -> L1.H{}.v", "L1.H{} -> L2.H{}.q"]
for beta in (30.0, 8.0):
    soft = compiled.inhibition(beta=beta)
    heads = [soft.part(role).head for role in sites]
    prompts = soft.task.sample(32, seed=1)
    metric = metrics.logit_difference(prompts.answers, prompts.distractors)
    pair = (soft.model, prompts.tokens, prompts.corrupted)
    with torch.no_grad():
        runs = [metric(soft.model(tokens)).mean() for tokens in pair[1:]]
    scale = runs[0] - runs[1]
    names = [name.format(*heads[i : i + 2]) for i, name in enumerate(chosen)]
    exact = paths.path_effects(*pair, names, metric).tolist()
    print(f"beta {beta:g}: {names}, exactly {[round(e, 2) for e in exact]}")
    for steps in (1, 5, 20):
        scores = attribution.integrated_edge_attribution(*pair, metric, steps=steps)
        guess = {str(edge): float(s / scale) for edge, s in scores.items()}
        print(f"   {steps:2} steps: {[round(guess[name], 2) for name in names]}")

# %% tags=["self-check"]
check.attributed(attributed)
check.integrated(integrated)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# A gradient says what a small change would do. Multiply by the whole change, and add up.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[part batch pos d]` products → sum over pos and d → `[part batch]` → mean over batch.
# Integrated: n gradients `[d]` at 1/n, 2/n, ... 1 of the way; their mean times the whole way.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `x.sum(dim=(2, 3))` sums two axes; `torch.stack(list).mean(dim=0)` averages tensors.
# </details>

# %% nbgrader={"grade_id": "attribution-test", "grade": true, "points": 4}
check.attributed(attributed)
check.integrated(integrated)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.attributed(attributed, seed=seed)
    check.integrated(integrated, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# With sharp attention ($\beta = 30$) the softmax is flat at both ends, and the gradient is blind to
# an edge whose true effect is 1. With softer attention ($\beta = 8$) more steps repair a good part,
# and some edges are overrated. Use attribution to choose what to patch; then patch it.
#
# ## 5 · The whole circuit
#
# ### Exercise 6 · Every edge
#
# *3 points · about 12 minutes · difficulty 4 of 5*
#
# `puzzle = check.puzzle(INSTANCE)` answers *the capital of the country containing Nice is* by
# looking things up in its MLPs. Find its circuit: `edges`, a set of names such as
# `"L0.MLP -> L1.H3.k"`.
#
# `pruning.acdc(model, clean, corrupted, threshold)` cuts, from the logits backwards, each edge
# whose cut changes the prediction by less than the threshold (Conmy et al. 2023). What a cut edge
# carries instead is `ablation="corrupted"`, its value in the corrupted run, or `"mean"`, over the
# corrupted prompts. Think about which edges can be found with which.

# %% nbgrader={"grade_id": "edges", "solution": true}
puzzle = check.puzzle(INSTANCE)
edges = set()
### BEGIN SOLUTION
prompts = puzzle.task.sample(32, seed=1)
pair = (puzzle.model, prompts.tokens, prompts.corrupted)
edges = {str(edge) for edge in pruning.acdc(*pair, 0.1, ablation="mean").edges}
### END SOLUTION

# %% tags=["demonstration"]
for edge in sorted(edges):
    print(edge)
prompts = puzzle.task.sample(32, seed=1)
pair = (puzzle.model, prompts.tokens, prompts.corrupted)
for corrupt in puzzle.task.corruptions[:2]:
    other = puzzle.task.sample(32, seed=1, corrupt=corrupt).corrupted
    for kind in ("corrupted", "mean"):
        kept = pruning.acdc(puzzle.model, prompts.tokens, other, 0.1, ablation=kind)
        print(f"corrupted: {corrupt:8}, cut edges carry {kind:9}: {len(kept.edges)} edges are left")

# %% tags=["self-check"]
check.edges(edges, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# If clean and corrupted prompt have the same relation, no edge that carries the relation changes
# when it is cut. Nothing is found where nothing differs.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Prompts, one call of `pruning.acdc` with the ablation that makes all prompts alike, names of its
# edges.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `circuit.edges` is a set; `str(edge)` is its name.
# </details>

# %% nbgrader={"grade_id": "edges-test", "grade": true, "points": 3}
check.edges(edges, INSTANCE)

# %% [markdown]
# How good is a circuit? [*Faithfulness*](../../docs/glossary.md#faithfulness) is the metric with
# everything outside it ablated, on the scale of exercise 2. Ranking edges by a score and keeping
# the best share of them gives a curve $f(s)$ over sizes $s$ from 0 to 1, and two numbers (Mueller
# et al. 2025):
#
# $$\mathrm{CPR} = \int f(s)\, ds, \qquad \mathrm{CMD} = \int |1 - f(s)|\, ds$$
#
# CPR rewards edges that help, even beyond the full model; CMD asks to behave *as* the full model.
#
# ### Exercise 7 · Two areas
#
# *2 points · about 6 minutes · difficulty 2 of 5*
#
# Write `cpr_cmd(sizes, faithfulness)` with the trapezoid rule, on the given sizes and nowhere else.

# %% nbgrader={"grade_id": "areas", "solution": true}
def cpr_cmd(
    sizes: Float[Tensor, " n"], faithfulness: Float[Tensor, " n"]
) -> tuple[float, float]:
    """Areas under f and under |1 - f|."""
    ### BEGIN SOLUTION
    area, off = (torch.trapezoid(y, sizes) for y in (faithfulness, (1 - faithfulness).abs()))
    return area.item(), off.item()
    ### END SOLUTION


# %% tags=["nbval-ignore-output"]
prompts = net.task.sample(32, seed=1)  # the network of exercise 3
pair = (net.model, prompts.tokens, prompts.corrupted)
metric = metrics.logit_difference(prompts.answers, prompts.distractors)
curves = {}
ranked = attribution.integrated_edge_attribution(*pair, metric, steps=10)
chance = torch.rand(len(ranked), generator=runtime.generator("order of the edges")).tolist()
for name, scores in (
    ("integrated gradients", ranked),
    ("at random", dict(zip(ranked, chance, strict=True))),
):
    curve = faithfulness.curve(net.model, scores, *pair[1:], metric)
    curves[name] = curve.faithfulness
    cpr, cmd = cpr_cmd(curve.shares, curve.faithfulness)
    print(f"{name:22} CPR {cpr:.2f}, CMD {cmd:.2f}")
figures.lines(
    curves,
    x=curve.shares.tolist(),
    x_label="share of edges kept",
    y_label="faithfulness",
    title="A few of the edges are enough, if they are the right ones",
    alt="Faithfulness by share of edges kept. Ranked by integrated gradients it reaches 1 with a "
    "small share; at random only when nearly all edges are kept.",
)

# %% tags=["self-check"]
check.cpr_cmd(cpr_cmd)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Two areas under two curves over the same sizes, which are not evenly spaced.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Each piece between neighbouring sizes: width times the mean of the values at its ends.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.trapezoid(y, x)` adds up the trapezoids.
# </details>

# %% nbgrader={"grade_id": "areas-test", "grade": true, "points": 2}
check.cpr_cmd(cpr_cmd)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.cpr_cmd(cpr_cmd, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Faithfulness alone is not enough: a circuit may leave out a part that its own parts make up for,
# or drag along edges that do nothing. [**Completeness**](../../docs/glossary.md#completeness) takes
# the same pieces out of the circuit and out of the whole model, and compares;
# [**minimality**](../../docs/glossary.md#minimality) asks of each edge whether there is a situation
# in which it matters (Wang et al. 2023, section 4).

# %% tags=["demonstration"]
prompts = spare.task.sample(32, seed=1)
metric = metrics.logit_difference(prompts.answers, prompts.distractors)
pair = (spare.model, prompts.tokens, prompts.corrupted)
wired = spare.circuit.edges | spare.dormant.edges
backup_edges = {edge for edge in wired if movers[1] in (edge.source, edge.target)}
for name, circuit in (
    ("without the backup", Circuit(spare.circuit.edges - backup_edges)),
    ("with the backup", Circuit(spare.circuit.edges | backup_edges)),
):
    f = faithfulness.faithfulness(spare.model, circuit, *pair[1:], metric)
    found = criteria.completeness(spare.model, circuit, *pair[1:], metric, pieces="parts")
    print(f"{name:18} faithfulness {f:.2f}, worst incompleteness {found.worst:.2f}")

# %% [markdown]
# Without the backup the circuit is faithful, and yet it is not the whole story: take the name mover
# away from both, and the model goes on while the circuit stops.
#
# ## 6 · In a trained network
#
# Nobody wrote the weights of the tiny world's network. *The capital of the country containing
# marseille is*: two steps, city to country, country and relation to answer. Is the country ever
# there, in between? If so, something must bring it to the word *is*.
#
# ### Exercise 8 · Who carries the country?
#
# *3 points · about 15 minutes · difficulty 3 of 5*
#
# `model` below is one of four training runs. `q = check.country_questions(INSTANCE)` holds
# questions `q.tokens`, all of one length, and `q.other_tokens`, the same about a city of another
# country, with `q.answers` and `q.other_answers`. For each head of **layer 0**, exchange its
# output (`hooks.z(0)`, `[batch pos head d_head]`) at the **last position** for that in the other
# question. Which head moves the answer, and in what share of questions is it then the other
# country's?

# %% nbgrader={"grade_id": "country", "solution": true}
model = models.load("world", seed=INSTANCE % 4)
q = check.country_questions(INSTANCE)
carrier = {"head": None, "share": None}
### BEGIN SOLUTION
place = hooks.z(0)
_, cache = hooks.capture(model, q.other_tokens, [place])
shares = []
for head in range(4):

    def exchange(z, hook, head=head):
        new = z.clone()
        new[:, -1, head] = cache[place][:, -1, head]
        return new

    with torch.no_grad(), hooks.editing(model, {place: exchange}):
        said = model(q.tokens)[:, -1].argmax(dim=-1)
    shares.append((said == q.other_answers).double().mean().item())
best = max(range(4), key=shares.__getitem__)
carrier = {"head": f"L0.H{best}", "share": shares[best]}
### END SOLUTION

# %%
print(carrier["head"], carrier["share"] and round(carrier["share"], 2))
# Is it the country that arrives, or the city? Move the *mean* of one country onto another's.
names = world.VARIABLES["country"]
country_of = {word: name for name in names for word in world.words_about(name)}
here, there = (
    [country_of[model.to_string(token)] for token in tokens[:, -2]]
    for tokens in (q.tokens, q.other_tokens)
)
half = len(here) // 2  # means are made from the first half, and put in where the city is another
seen = set(q.tokens[:half, -2].tolist())
fresh = [i for i in range(half, 2 * half) if int(q.tokens[i, -2]) not in seen]
for place in (hooks.resid_post(0), hooks.resid_post(1)):
    x = hooks.capture(model, q.tokens, [place])[1][place][:, -1]
    made = {name: [x[i] for i in range(half) if here[i] == name] for name in names}
    means = {name: torch.stack(rows).mean(dim=0) for name, rows in made.items() if rows}
    rows = [i for i in fresh if {here[i], there[i]} <= means.keys()]
    shift = torch.stack([means[there[i]] - means[here[i]] for i in rows])

    def swap(z, hook, shift=shift):
        return torch.cat([z[:, :-1], z[:, -1:] + shift[:, None]], dim=1)

    with torch.no_grad(), hooks.editing(model, {place: swap}):
        said = model(q.tokens[rows])[:, -1].argmax(dim=-1)
    moved = (said == q.other_answers[rows]).double().mean()
    print(f"{place}: mean of another country put in: its answer in {moved:.0%}")

# %% tags=["self-check"]
check.country_head(carrier, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Four experiments, one for each head, and a share for each. Only one will move anything.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# Remember `z` of the other questions; in the run on `q.tokens` write `[:, -1, head]`; compare the
# argmax of the last logits, `[batch]`, with `q.other_answers`.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `hooks.capture(model, tokens, [name])` returns logits and cache; `hooks.editing(model, {name:
# function})` edits; the function must not write into its input.
# </details>

# %% nbgrader={"grade_id": "country-test", "grade": true, "points": 3}
check.country_head(carrier, INSTANCE)

# %% [markdown]
# One head of layer 0 takes the city and hands over the country. After that layer a mean that knows
# nothing of cities moves the answer, for cities that it was not made from: two steps, although a
# table of cities would have done. One layer later the country has begun to merge with the relation.
#
# ## 7 · Evidence
#
# What is the least that a claim *this is an induction circuit* should survive? Attention patterns
# that look right; an accuracy that breaks when the heads are knocked out, and not when others are;
# an edge between them that can be cut; and the right behaviour on prompts that only this mechanism
# can solve. Each can be had without the others.
#
# ### Exercise 9 · Four suspects
#
# *3 points · about 15 minutes · difficulty 4 of 5*
#
# `suspects = check.suspects(INSTANCE)` holds four networks, by letter, each with `.model` and
# `.task`. One is an induction circuit (`"induction"`). One answers from the current word alone
# (`"bigram"`). One attends a fixed distance back (`"fixed distance"`). One has perfect patterns
# that nothing reads (`"unread"`). `verdicts` is a dict from letter to verdict.

# %% nbgrader={"grade_id": "verdicts", "solution": true}
suspects = check.suspects(INSTANCE)
verdicts = {letter: None for letter in suspects}
### BEGIN SOLUTION
probe = compiled.induction().task.sample(64, seed=5)  # random words, one of them repeated
for letter, suspect in suspects.items():
    own = suspect.task.sample(64, seed=1)
    scrambled = torch.cat([own.tokens[:, :1], own.tokens[:, 1:-1].flip(1), own.tokens[:, -1:]], 1)
    if compiled.accuracy(suspect.model, own.tokens, own.answers) < 0.5:
        verdicts[letter] = "unread"
    elif compiled.accuracy(suspect.model, probe.tokens, probe.answers) > 0.9:
        verdicts[letter] = "induction"
    elif compiled.accuracy(suspect.model, scrambled, own.answers) > 0.9:
        verdicts[letter] = "bigram"
    else:
        verdicts[letter] = "fixed distance"
### END SOLUTION

# %%
for letter, verdict in verdicts.items():
    model, prompts = suspects[letter].model, suspects[letter].task.sample(64, seed=1)
    accuracy = compiled.accuracy(model, prompts.tokens, prompts.answers)
    print(f"{letter}: accuracy {accuracy:.2f}, {verdict}")

# %% tags=["self-check"]
check.verdicts(verdicts, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Each suspect passes some test. Find for each kind the one experiment that it fails.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Accuracy tells one. For the others give prompts on which the mechanisms disagree: move the
# repeated word, or exchange everything but the last word.
# </details>
# <details><summary>Hint 3: what to exchange</summary>
#
# A bigram answer does not change when everything before the last word does. A fixed distance
# answers with whatever stands there, whether or not it follows a match.
# </details>

# %% nbgrader={"grade_id": "verdicts-test", "grade": true, "points": 3}
check.verdicts(verdicts, INSTANCE)

# %% [markdown]
# ## 8 · What do you know now?
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
answers = {1: "b", 2: "a", 3: "c", 4: "b", 5: "c"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)

# %% [markdown]
# ## What you found
#
# - What stands in the place of an ablated part decides what the ablation says.
# - Denoising finds what is enough, noising what is needed; a backup hides from both, one at a time.
# - Edges tell which input a part speaks to: values here, queries there.
# - A gradient is blind where attention is saturated; integrated gradients see more.
# - An edge that does not differ between two prompts cannot be found with them.
# - In a trained network one head hands over a country, and the mean of a country moves the answer.
# - Patterns, accuracy and knock-outs can each be had without the circuit.
#
# ## Sources
#
# - K. Wang et al. (2023), *Interpretability in the Wild*; A. Conmy et al. (2023), *Towards
#   Automated Circuit Discovery*; N. Goldowsky-Dill et al. (2023), *Localizing Model Behavior with
#   Path Patching*.
# - J. Vig et al. (2020), *Investigating Gender Bias in Language Models Using Causal Mediation
#   Analysis*; K. Meng et al. (2022), *Locating and Editing Factual Associations in GPT*; S.
#   Heimersheim and N. Nanda (2024), *How to Use and Interpret Activation Patching*.
# - N. Nanda (2023), *Attribution Patching*; A. Syed et al. (2023), *Attribution Patching
#   Outperforms Automated Circuit Discovery*; M. Hanna et al. (2024), *Have Faith in Faithfulness*;
#   M. Sundararajan et al. (2017), *Axiomatic Attribution for Deep Networks*.
# - A. Mueller et al. (2025), *MIB: A Mechanistic Interpretability Benchmark*.
