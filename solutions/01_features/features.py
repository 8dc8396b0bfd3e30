# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Features as directions
#
# *Where does a network keep what it knows, and how can we tell that it uses it?*
#
# About 100 minutes · 23 points · 8 exercises and a quiz · no GPU, no internet
#
# Unit 00 took a network apart into the parts that are *built in*: heads and MLPs. What a network
# *learns* does not come in such boxes. Whether a sentence is French, or its subject plural, is
# written across all neurons at once, as a direction. At the end you can
#
# - find such a direction, and say how much a [probe](../../docs/glossary.md#probe)'s accuracy is
#   worth,
# - tell a neuron that means one thing from one that means several,
# - show that a network *uses* what can be read from it, or that it does not,
# - [steer](../../docs/glossary.md#steering-vector) a network, and give the price of steering,
# - say why far more directions than dimensions fit into one space, and where that ends.

# %%
import torch
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from interp_course import directions, figures, hooks, models, probing, runtime, steering
from interp_course import widgets, world
from interp_course.checks import features as check

INSTANCE = runtime.instance()  # draws the data and the network of your findings exercises
torch.set_num_threads(1)  # this model is too small to gain from more

# %% [markdown]
# ## 1 · A direction
#
# The [*linear representation hypothesis*](../../docs/glossary.md#linear-representation-hypothesis)
# says that a network represents a feature of its input as a direction in its space of activations:
# the stronger the feature, the further along the direction (Park et al. 2024 make this precise;
# Elhage et al. 2022, "Features as directions").
#
# With two sentences that differ in one feature, the candidate is easy to compute. Let the
# activations be $a_1$ for a French sentence and $a_2$ for its translation, and suppose
#
# $$a_1 - a_2 = (1.4,\; -0.5,\; 0.9), \qquad \lVert a_1 - a_2 \rVert = 1.738, \qquad
# \hat d = \frac{a_1 - a_2}{\lVert a_1 - a_2 \rVert} = (0.806,\; -0.288,\; 0.518)$$
#
# The unit vector $\hat d$ says which way French is. An activation $x$ lies at the coordinate
# $x \cdot \hat d$ along it.

# %%
difference = torch.tensor([1.4, -0.5, 0.9])
print("length", round(difference.norm().item(), 3))
print("unit vector", [round(v, 3) for v in (difference / difference.norm()).tolist()])

# %% [markdown]
# One pair of sentences differs in more than its language. The mean over many pairs keeps what they
# have in common, and the rest averages out.
#
# ### Exercise 1 · Difference of means
#
# *2 points · about 8 minutes · difficulty 1 of 5*
#
# Write `difference_of_means(activations, labels)` for activations $x_1, \dots, x_n$, of which some
# are labelled True: with the means $\mu_1$ of those and $\mu_0$ of the others, return
#
# $$\hat d = \frac{\mu_1 - \mu_0}{\lVert \mu_1 - \mu_0 \rVert}$$
#
# Do not count on both groups having the same size.

# %% nbgrader={"grade_id": "difference-of-means", "solution": true}
def difference_of_means(
    activations: Float[Tensor, "example d_model"], labels: Bool[Tensor, " example"]
) -> Float[Tensor, " d_model"]:
    """The unit vector from the mean of the False group to that of the True group."""
    ### BEGIN SOLUTION
    difference = activations[labels].mean(dim=0) - activations[~labels].mean(dim=0)
    return difference / difference.norm()
    ### END SOLUTION


# %% tags=["nbval-ignore-output"]
model = models.load("world")
AFTER = hooks.streams(model)  # the stream before layer 0, and after layers 0, 1 and 2
PLACES = ("before layer 0", "after layer 0", "after layer 1", "after layer 2")


def contrast(variable: str, n: int, seed: int) -> tuple[Int[Tensor, "example pos"], Tensor]:
    """Prompts of both kinds, and whether each has the second value of the variable."""
    pairs = world.pairs(variable, n, seed=seed)
    values = sorted({side.value for side in pairs.clean})
    labels = torch.tensor([side.value == values[1] for side in (*pairs.clean, *pairs.other)])
    return torch.cat([pairs.tokens, pairs.other_tokens]), labels


def at_the_end(tokens: Int[Tensor, "example pos"], name: str) -> Float[Tensor, "example d_model"]:
    """One stream at the last position."""
    return hooks.capture(model, tokens, [name])[1][name][:, -1]


tokens, is_french = contrast("language", 200, seed=1)
new_tokens, new_is_french = contrast("language", 200, seed=2)
french = difference_of_means(at_the_end(tokens, AFTER[2]), is_french)
along = at_the_end(new_tokens, AFTER[2]) @ french
figures.histogram(
    {"english": along[~new_is_french], "french": along[new_is_french]},
    x_label="coordinate along the direction, after layer 1",
    title="At the full stop, one direction tells the languages apart",
    alt="Two histograms of the coordinate of new sentences at their full stop: English from "
    f"{along[~new_is_french].min():.1f} to {along[~new_is_french].max():.1f}, French from "
    f"{along[new_is_french].min():.1f} to {along[new_is_french].max():.1f}.",
)

# %% tags=["self-check"]
check.difference_of_means(difference_of_means)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Two clouds of points: the arrow from the centre of one to the centre of the other, made 1 long.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[example d_model]` → choose rows → mean over the examples → `[d_model]`, twice. Then
# subtract, and divide by one number.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `x[labels]` keeps the rows where `labels` is True and `x[~labels]` the others; `v.norm()` is the
# length of v.
# </details>

# %% nbgrader={"grade_id": "difference-of-means-test", "grade": true, "points": 2}
check.difference_of_means(difference_of_means)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.difference_of_means(difference_of_means, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# The sentences in the figure are new ones, and a full stop is the same word in both languages: what
# separates them there has been *carried* there by attention.
#
# ## 2 · What is a probe worth?
#
# A **probe** is a small classifier that reads a variable from activations: logistic regression,
# $p(\text{True} \mid x) = \sigma(w \cdot x + b)$, with the weights $w$ and the bias $b$ fitted to
# labelled examples and $\sigma$ the logistic function. Before you run one, a guess.

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["probe"]

# %% [markdown]
# ### Exercise 2 · A fair probe
#
# *4 points · about 15 minutes · difficulty 3 of 5*
#
# A high accuracy is worth little in two cases: if it was measured on examples that the probe has
# seen, and if the probe could have learnt *any* labels. Write two functions against that.
#
# `probe_accuracy(...)`: standardise all activations with the mean and the standard deviation of the
# **training** examples, fit scikit-learn's `LogisticRegression(max_iter=1000)` to the training
# set, and return the share of the *test* examples that it gets right.
#
# `control_labels(words, seed)`: the [**control task**](../../docs/glossary.md#control-task) of
# Hewitt and Liang (2019, section 2). Each *kind of word* gets a label, True or False, by a coin
# flip, the same wherever the word occurs. There is nothing to understand about such labels; they
# can only be memorised. The accuracy on the real task minus that on the control task is the probe's
# [**selectivity**](../../docs/glossary.md#selectivity).

# %% nbgrader={"grade_id": "probe", "solution": true}
def probe_accuracy(
    train_acts: Float[Tensor, "example d_model"],
    train_labels: Bool[Tensor, " example"],
    test_acts: Float[Tensor, "new d_model"],
    test_labels: Bool[Tensor, " new"],
) -> float:
    """Share of the test examples that a probe fitted to the training examples gets right."""
    ### BEGIN SOLUTION
    mean, std = train_acts.mean(dim=0), train_acts.std(dim=0) + 1e-8
    probe = LogisticRegression(max_iter=1000)
    probe.fit(((train_acts - mean) / std).numpy(), train_labels.numpy())
    return float(probe.score(((test_acts - mean) / std).numpy(), test_labels.numpy()))
    ### END SOLUTION


def control_labels(words: Int[Tensor, " example"], seed: int) -> Bool[Tensor, " example"]:
    """A random label for each kind of word, the same at each of its occurrences."""
    ### BEGIN SOLUTION
    kinds, place = words.unique(return_inverse=True)
    coin = torch.randperm(len(kinds), generator=torch.Generator().manual_seed(seed)) % 2 == 0
    return coin[place]
    ### END SOLUTION


# %%
train, labels = contrast("number", 200, seed=1)  # "the dogs near the car", to be continued
test, new_labels = contrast("number", 200, seed=2)
random, new_random = control_labels(torch.cat([train[:, -1], test[:, -1]]), 0).split(len(train))
print("the subject's number, read at the noun before the verb")
for place, name in zip(PLACES, AFTER, strict=True):
    x, y = at_the_end(train, name), at_the_end(test, name)
    real = probe_accuracy(x, labels, y, new_labels)
    control = probe_accuracy(x, random, y, new_random)
    print(f"{place:14} {real:4.0%}   control {control:4.0%}   selectivity {real - control:+.2f}")
check.predictions["probe"](my_prediction)

# %% tags=["self-check"]
check.probe_accuracy(probe_accuracy)
check.control_labels(control_labels)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Nothing about the test set may flow into what is fitted, not even its mean. And the label of a
# control task belongs to the word, not to the place where it stands.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Mean and deviation `[d_model]` of the training rows; subtract and divide in both sets; fit on
# one, score on the other. For the control: list the different words, flip one coin for each, look
# up each example's word.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `LogisticRegression(max_iter=1000).fit(x, y)` and then `.score(x, y)` take numpy arrays
# (`t.numpy()`). `words.unique(return_inverse=True)` gives the different words and, for each
# example, the place of its word in that list. `torch.Generator().manual_seed(seed)` makes draws
# repeatable.
# </details>

# %% nbgrader={"grade_id": "probe-test", "grade": true, "points": 4}
check.probe_accuracy(probe_accuracy)
check.control_labels(control_labels)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.probe_accuracy(probe_accuracy, seed=seed)
    check.control_labels(control_labels, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Look at the first line. Before layer 0 the stream holds the last noun alone, which says nothing
# about the subject; yet the random labels of that noun can be read without a mistake: 96 dimensions
# are plenty to memorise two dozen nouns. After layer 0 the subject's number has arrived.
#
# Here is the same for six variables, with the library's probes.

# %% tags=["nbval-ignore-output"]
accuracy = {}
for variable in ("language", "number", "attractor", "sentiment", "negation", "harmful"):
    (a, la), (b, lb) = contrast(variable, 200, seed=1), contrast(variable, 200, seed=2)
    ends = torch.full((400,), a.shape[1] - 1)
    probes = probing.accuracy_by_layer(model, a, ends, la, held_out=(b, ends, lb))
    accuracy[variable] = probes.accuracy
figures.heatmap(
    torch.stack(list(accuracy.values())),
    row_labels=list(accuracy),
    col_labels=PLACES,
    annotate=True,
    vmax=1,
    x_label="stream at the last word of the prompt",
    y_label="variable",
    colour_label="accuracy on new prompts",
    title="After layer 0 a probe can read nearly everything",
    alt="Accuracy of probes on new prompts. "
    + " ".join(f"{k}: {[round(x, 2) for x in v.tolist()]}." for k, v in accuracy.items()),
)

# %% [markdown]
# A probe that fails says more than one that succeeds. Whether the network *needs* what the probe
# reads is another question, and section 4 asks it.
#
# ## 3 · What does a neuron mean?
#
# The obvious units of a network are its neurons. The next cell lists the places at which a neuron
# of layer 2 is most active: ends of facts, a bank, French articles. A neuron that answers to
# several unrelated things is called [**polysemantic**](../../docs/glossary.md#polysemantic) (Olah
# et al. 2020, "Polysemantic neurons").
#
# So that your reading can be judged, there follow six *planted* neurons over texts of the world.
# `lineup.top(name, k)` lists the k strongest different examples of one, with the word in brackets
# at which it fires; `lineup.activations` has all values, `[neuron batch pos]`, and `lineup.batch`
# the texts with their labels.

# %%
batch, name = world.sample(600, seed=5), hooks.mlp_post(2)
values = hooks.capture(model, batch.tokens, [name])[1][name][:, :, 24]
seen = {}
for place in values.where(batch.mask, -1.0).flatten().argsort(descending=True)[:400].tolist():
    row, position = divmod(place, batch.tokens.shape[1])
    words = model.to_str_tokens(batch.tokens[row, max(position - 2, 0) : position + 1])
    seen.setdefault(" ".join(words), values[row, position].item())
strongest = [f"{value:.2f}  {text}" for text, value in list(seen.items())[:8]]
print("a neuron of the network", *strongest, sep="\n  ")

lineup = check.lineup(INSTANCE)
for name in lineup.names:
    print(name, *lineup.top(name, 5), sep="\n  ")

# %% [markdown]
# ### Exercise 3 · A line-up of neurons
#
# *3 points · about 12 minutes · difficulty 3 of 5*
#
# Decide for each of the six neurons:
#
# - `"one feature"`: one property of the text makes it fire. A word, a sense of a word, or a
#   grammatical property that many words share: each is one.
# - `"several"`: two or more properties that have nothing to do with each other.
# - `"none"`: no property you can see; the examples are as mixed as any.
#
# `kinds` is a dict from the six names to one of these words.

# %% nbgrader={"grade_id": "kinds", "solution": true}
kinds = None
### BEGIN SOLUTION
kinds = {  # read off the lists for instance 0; E fires at half its strength for something else
    "neuron A": "one feature",
    "neuron B": "one feature",
    "neuron C": "several",
    "neuron D": "none",
    "neuron E": "several",
    "neuron F": "one feature",
}
### END SOLUTION

# %%
print(kinds)

# %% tags=["self-check"]
check.neurons(kinds, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Ask what *all* examples have in common, then look for an example without it that fires too.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Read further down than the first six: a second meaning may fire at half the strength. And for a
# claim such as "it means plural", look at plural words where it does not fire.
# </details>
# <details><summary>Hint 3: a call</summary>
#
# `lineup.top(name, 40)[20:]` shows the middle of the list. `lineup.batch.by_position("number")` has
# the label of each word, where -1 means that it does not apply.
# </details>

# %% nbgrader={"grade_id": "kinds-test", "grade": true, "points": 3}
check.neurons(kinds, INSTANCE)

# %% [markdown]
# The most active examples show what a neuron does when it is loudest, and no more. Whoever reads
# only those will take a polysemantic neuron for a clean one (Bolukbasi et al. 2021 call it an
# interpretability illusion).
#
# ## 4 · To be readable is not to be used
#
# To see whether a direction matters, change it and look at what the network does. Two changes are
# the tools of this section and the next.
#
# ### Exercise 4 · Two edits
#
# *3 points · about 10 minutes · difficulty 2 of 5*
#
# `ablate_direction(activations, direction, coordinate)`: set the coordinate along the direction to
# one value $c$ for all activations, and leave everything orthogonal to it alone. With the unit
# vector $\hat d$ of the direction:
#
# $$x' = x - (x \cdot \hat d)\,\hat d + c\,\hat d$$
#
# `add_direction(resid, direction, strength, start)`: add `strength` times the direction, as long as
# it is, at the position `start` and all later ones. Both return new tensors.

# %% nbgrader={"grade_id": "edits", "solution": true}
def ablate_direction(
    activations: Float[Tensor, "*batch d_model"],
    direction: Float[Tensor, " d_model"],
    coordinate: float,
) -> Float[Tensor, "*batch d_model"]:
    """The activations with one coordinate along the direction, and all else as it was."""
    ### BEGIN SOLUTION
    unit = direction / direction.norm()
    return activations + (coordinate - activations @ unit)[..., None] * unit
    ### END SOLUTION


def add_direction(
    resid: Float[Tensor, "batch pos d_model"],
    direction: Float[Tensor, " d_model"],
    strength: float,
    start: int,
) -> Float[Tensor, "batch pos d_model"]:
    """The stream pushed along the direction from one position on."""
    ### BEGIN SOLUTION
    resid = resid.clone()
    resid[:, start:] += strength * direction
    return resid
    ### END SOLUTION


# %%
x = at_the_end(tokens, AFTER[2])
print("spread along the direction before:", round((x @ french).std().item(), 2))
print("and after:", round((ablate_direction(x, french, 0.5) @ french).std().item(), 2))
print(add_direction(torch.zeros(1, 4, 2), torch.tensor([1.0, -1.0]), 2.0, 2)[0].tolist())

# %% tags=["self-check"]
check.ablate_direction(ablate_direction)
check.add_direction(add_direction)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Ablation flattens a cloud of points along one line and keeps its shadow on everything else.
# Adding moves the whole cloud.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# `[... d_model]` @ `[d_model]` → `[...]`, one coordinate for each activation; with an axis of
# length 1 at the end it can be multiplied with the unit vector.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `(x @ unit)[..., None] * unit` is the part of x along `unit`. `resid.clone()` first, then
# `resid[:, start:]` are the positions from `start` on.
# </details>

# %% nbgrader={"grade_id": "edits-test", "grade": true, "points": 3}
check.ablate_direction(ablate_direction)
check.add_direction(add_direction)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.ablate_direction(ablate_direction, seed=seed)
    check.add_direction(add_direction, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# *The dogs near the car* wants a plural verb. The noun next to the verb, the *attractor*, must be
# ignored; but its number can be read at its place without a single mistake.

# %%
my_prediction = None  # "a", "b" or "c": run this cell, read, decide, and run it again
check.predictions["idle"]


# %%
def log_odds(m, variable: str):
    """A function that measures the log-odds of right against wrong answers, with an edit."""
    pairs = world.pairs(variable, 150, seed=5)
    prompts, sides = torch.cat([pairs.tokens, pairs.other_tokens]), (*pairs.clean, *pairs.other)
    right = torch.tensor([[m.to_single_token(word) for word in side.right] for side in sides])
    wrong = right.roll(len(pairs), dims=0)  # what would be right for the other side

    def measure(**edits) -> float:
        with torch.no_grad(), hooks.editing(m, edits):
            log_probs = m(prompts)[:, -1].log_softmax(dim=-1)
        gain = log_probs.gather(1, right).logsumexp(1) - log_probs.gather(1, wrong).logsumexp(1)
        return gain.mean().item()

    return measure


def at_end_only(edit):
    """A hook function that edits the last position and copies the others."""
    return lambda x, hook: torch.cat([x[:, :-1], edit(x[:, -1:])], dim=1)


# %% [markdown]
# The next cell takes the direction out after layer 2, at the last position, by setting its
# coordinate to the mean over both kinds of prompts. It does the same with 200 random directions.
# The share of random directions that do at least as much is the **p-value** (counted so that it
# is never 0: Phipson and Smyth 2010).

# %% tags=["demonstration"]
agreement = log_odds(model, "number")
normal = agreement()
for variable in ("number", "attractor"):
    prompts, labels = contrast(variable, 200, seed=1)
    acts = at_the_end(prompts, AFTER[3])

    def lost(direction, acts=acts) -> float:
        mean = (acts @ direction / direction.norm()).mean().item()
        edit = at_end_only(lambda x: ablate_direction(x, direction, mean))
        return normal - agreement(**{AFTER[3]: edit})

    found = steering.against_random(lost, difference_of_means(acts, labels), n=200)
    print(
        f"{variable:9} log-odds lost {found.effect:5.2f} of {normal:.2f}; 95 % of random "
        f"directions: below {found.percentile95:.2f}; p = {found.p_value:.3f}"
    )
check.predictions["idle"](my_prediction)

# %% [markdown]
# ### Exercise 5 · Used or idle?
#
# *3 points · about 15 minutes · difficulty 4 of 5 · uses Exercises 1 and 4*
#
# Decide for six directions, in *your* training run `mine`, whether the network uses them there:
# ablate as above (the last position, coordinate set to the mean of the 400 activations of
# `contrast(variable, 200, seed=1)`), and see which share of the log-odds is lost. Call a direction
# `"used"` if at least 10 % are lost, else `"idle"`. The task to be measured is `log_odds` of
# `"number"` for number and attractor, of `"sentiment"` for sentiment and negation, of `"harmful"`
# for harmful.
#
# All six can be read with an accuracy of 100 %.

# %% nbgrader={"grade_id": "used", "solution": true}
mine = models.load("world", seed=INSTANCE % 4)
used = {
    "number after layer 1": None,
    "number after layer 2": None,
    "attractor after layer 1": None,
    "sentiment after layer 1": None,
    "negation after layer 2": None,
    "harmful after layer 1": None,
}
### BEGIN SOLUTION
TASKS = {"attractor": "number", "negation": "sentiment"}
for key in used:
    variable, layer = key.split(" after layer ")
    name = hooks.resid_post(int(layer))
    prompts, labels = contrast(variable, 200, seed=1)
    acts = hooks.capture(mine, prompts, [name])[1][name][:, -1]
    direction = difference_of_means(acts, labels)
    mean = (acts @ direction).mean().item()
    edit = at_end_only(lambda x, d=direction, c=mean: ablate_direction(x, d, c))
    measure = log_odds(mine, TASKS.get(variable, variable))
    share = 1 - measure(**{name: edit}) / measure()
    used[key] = "used" if share >= 0.1 else "idle"
### END SOLUTION

# %%
for place, verdict in used.items():
    print(f"{place:24} {verdict}")

# %% tags=["self-check"]
check.used(used, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# For each key: the direction from one set of prompts, its ablation while the network answers
# another set, the loss in log-odds divided by the log-odds without ablation.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Write a loop over the keys. `key.split(" after layer ")` gives variable and layer; the stream
# after layer 1 is `hooks.resid_post(1)`. Both the activations and the log-odds must come from
# `mine`.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `hooks.capture(mine, prompts, [name])[1][name]` is `[batch pos d_model]`. `measure =
# log_odds(mine, "number")` makes the measuring function: `measure()` without an edit,
# `measure(**{name: edit})` with one.
# </details>

# %% nbgrader={"grade_id": "used-test", "grade": true, "points": 3}
check.used(used, INSTANCE)

# %% [markdown]
# The same variable can be used at one place and idle at another: after layer 1 the number has
# already been copied to the end of the prompt, but in some training runs the last layer does
# without that copy.
#
# > **Common mistake.** "The network represents X" is half a sentence; *where*, and *for what*, is
# > the other half (Belinkov 2022 reviews what probes can and cannot show; Elazar et al. 2021
# > compare reading with removing).
#
# ## 5 · Steering
#
# A direction that is used can be pushed. Which language the next sentence has is decided at the
# full stop. So we add the direction to the stream *there* (Turner et al. 2023, "activation
# addition") and let the network write on.


# %%
def push(layer: int, direction: Float[Tensor, " d_model"], strength: float, where="stops"):
    """For some texts, the edit that pushes the stream after a layer at certain positions."""

    def edit(ids: Int[Tensor, "batch pos"]):
        stops = ids == model.to_single_token(".")
        chosen = {"stops": stops, "onwards": stops.cumsum(dim=1) > 0, "everywhere": stops >= 0}
        change = strength * direction * chosen[where][..., None]
        return {hooks.resid_post(layer): lambda x, hook: x + change}

    return edit


def write(m, ids: Int[Tensor, "batch pos"], edit, n: int) -> Int[Tensor, "batch n"]:
    """The next n words, always the likeliest, without ending the sentence or the text."""
    for _ in range(n):
        with torch.no_grad(), hooks.editing(m, edit(ids)):
            logits = m(ids)[:, -1]
        logits[:, [m.to_single_token(word) for word in (".", "<eos>")]] = -torch.inf
        ids = torch.cat([ids, logits.argmax(dim=-1, keepdim=True)], dim=1)
    return ids[:, -n:]


prompts, is_fr = contrast("language", 100, seed=7)
acts = at_the_end(tokens, AFTER[3])
to_french = acts[is_french].mean(dim=0) - acts[~is_french].mean(dim=0)
print("after:", " ".join(model.to_str_tokens(prompts[~is_fr][0])))
for strength, where in ((0.0, "stops"), (1.0, "stops"), (1.0, "onwards")):
    edit = push(2, to_french, strength, where)
    new = write(model, prompts[~is_fr][:1], edit, 4)[0]
    print(f"strength {strength}, {where}: {' '.join(model.to_str_tokens(new))}")

# %% [markdown]
# The push changes one decision: the sentence begins with *les*. Then the network goes back to the
# English that it can still read in the first sentence. Pushed at every later word too, it says *les
# les les les*: the direction means "begin a French sentence", not "speak French". Whoever only
# counts French words would call that a success; read the text.
#
# So let us measure what the push is about, the first word; and beside it the price: what texts that
# have no language lose when their full stops are pushed.

# %% tags=["demonstration", "nbval-ignore-output"]
french_only, english_only = check.words_of("french"), check.words_of("english")


def stop_direction(m, layer: int) -> Float[Tensor, " d_model"]:
    """Mean stream at the full stop of French sentences minus that of English ones."""
    x = hooks.capture(m, tokens, [hooks.resid_post(layer)])[1][hooks.resid_post(layer)][:, -1]
    return x[is_french].mean(dim=0) - x[~is_french].mean(dim=0)


def flips(m, layer: int, strength: float) -> float:
    """Share of sentences that begin in the other language; of both ways the smaller one."""
    d = stop_direction(m, layer)
    to_fr = write(m, prompts[~is_fr], push(layer, d, strength), 1)
    to_en = write(m, prompts[is_fr], push(layer, -d, strength), 1)
    shares = torch.isin(to_fr, french_only), torch.isin(to_en, english_only)
    return min(share.float().mean().item() for share in shares)


strengths = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0]
curves = {f"after layer {k}": [flips(model, k, s) for s in strengths] for k in range(3)}
figures.lines(
    curves,
    x=strengths,
    x_label="strength (in differences of means)",
    y_label="share that changes language",
    title="Readable after every layer, steerable only late",
    alt=f"Share of sentences that begin in the other language, at the strengths {strengths}. "
    + " ".join(f"{k}: {[round(x, 2) for x in v]}." for k, v in curves.items()),
)


# %% tags=["demonstration"]
def side_effect(m, layer: int, strength: float, where="stops") -> float:
    """Mean increase of the loss (nats per word) on texts that have no language."""
    d, increases = stop_direction(m, layer), []
    for template in check.NEUTRAL:
        texts = world.sample(64, 3, template=template)
        for sign in (0, 1, -1):
            edit = push(layer, sign * d, strength, where)(texts.tokens)
            with torch.no_grad(), hooks.editing(m, edit):
                log_probs = m(texts.tokens)[:, :-1].log_softmax(dim=-1)
            loss = -log_probs.gather(2, texts.tokens[:, 1:, None])[..., 0][texts.mask[:, 1:]]
            increases.append((sign, loss.mean().item()))
    mean = {s: sum(v for t, v in increases if t == s) / len(check.NEUTRAL) for s in (0, 1, -1)}
    return (mean[1] + mean[-1]) / 2 - mean[0]


rate, price = flips(model, 2, 4.0), side_effect(model, 2, 4.0)
print(f"after layer 2, strength 4: {rate:.0%} change, side effect {price:.2f} nats per word")
price = side_effect(model, 2, 1.0, "everywhere")
print(f"strength 1, pushed at every position: side effect {price:.2f} nats per word")

# %% [markdown]
# ### Exercise 6 · Choose where to push, and how hard
#
# *2 points · about 10 minutes · difficulty 3 of 5*
#
# Find a `layer` (the stream after it is pushed) and a `strength` for your training run `mine`, so
# that
#
# 1. at least 90 % of the next sentences begin in the other language, from English to French *and*,
#    with the opposite sign, from French to English, and
# 2. texts that have no language (facts, code, couplets and more) lose at most 0.2 nats of log
#    likelihood per word under the same push at their full stops, on average.
#
# `flips` and `side_effect` measure both. Your answer is `choice = {"layer": ..., "strength": ...}`.

# %% nbgrader={"grade_id": "steering", "solution": true}
choice = None
### BEGIN SOLUTION
choice = {"layer": 2, "strength": 1.0}
### END SOLUTION

# %% tags=["demonstration"]
if choice:
    rate, price = flips(mine, **choice), side_effect(mine, **choice)
    print(f"{choice}: {rate:.0%} change, side effect {price:.2f} nats")

# %% tags=["self-check"]
check.steering(choice, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Too weak and nothing changes; too strong and everything does. Between the two there is a window,
# if there is one at all for a layer.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Use the figure to choose a layer, then compute `flips(mine, ...)` and `side_effect(mine, ...)`
# for a few strengths.
# </details>
# <details><summary>Hint 3: about the unit of strength</summary>
#
# Strength 1 moves the mean of the English sentences exactly onto that of the French ones.
# </details>

# %% nbgrader={"grade_id": "steering-test", "grade": true, "points": 2}
check.steering(choice, INSTANCE)

# %% [markdown]
# The price was paid at the full stops alone, where these texts end: most of it is the probability
# that their end loses. Pushed at *every* position, the same direction costs many times as much, as
# you saw above: where one intervenes is a part of the intervention.
#
# Move the slider below with the mouse or the arrow keys.

# %% tags=["nbval-ignore-output"]
one = prompts[~is_fr][:1]
grid = [round(-1 + 0.125 * i, 3) for i in range(21)]
texts, next_words = [], {word: [] for word in ("the", "le", "la", "les", "<eos>")}
for strength in grid:
    edit = push(2, to_french, strength)
    texts.append(" ".join(model.to_str_tokens(write(model, one, edit, 4)[0])))
    with torch.no_grad(), hooks.editing(model, edit(one)):
        probs = model(one)[0, -1].softmax(dim=-1)
    for word, shares in next_words.items():
        shares.append(probs[model.to_single_token(word)].item())
widgets.SteeringSlider(
    " ".join(model.to_str_tokens(one[0])), grid, texts, next_words, label="push towards French"
)

# %% [markdown]
# ## 6 · How many directions fit?
#
# In $d$ dimensions only $d$ directions can be exactly orthogonal. But *nearly* orthogonal ones are
# plentiful: two random directions have a cosine of about $1/\sqrt d$, and as many as
# $\exp(c\,\varepsilon^2 d)$ directions, with a constant $c$, fit so that no two have a cosine above
# $\varepsilon$ (Johnson and Lindenstrauss 1984 is where such counts come from).

# %% tags=["nbval-ignore-output"]
rng = runtime.generator("cosines")
cosines = {}
for d in (8, 96, 512):
    a, b = torch.randn(2, 4000, d, generator=rng)
    cosines[f"{d} dimensions"] = directions.cosine(a, b)
figures.histogram(
    cosines,
    x_label="cosine of two random directions",
    title="The more dimensions, the closer to orthogonal",
    alt="Histograms of the cosine of random pairs of directions, all centred on 0, with standard "
    "deviations " + ", ".join(f"{v.std():.2f} in {k}" for k, v in cosines.items()) + ".",
)

# %% [markdown]
# ### Exercise 7 · Worst case and typical case
#
# *2 points · about 10 minutes · difficulty 2 of 5*
#
# Let $n$ features have random directions of length 1 in $d$ dimensions, and let a share $\rho$ of
# them be active at a time, each with strength 1: $k = \rho n$ features. Whoever reads an *inactive*
# feature by projection gets $k$ small cosines of about $1/\sqrt d$ instead of 0: **interference**.
#
# - Worst case: all have the same sign. They add up to $k / \sqrt d$.
# - Typical case: random signs. The sum grows like a random walk, to $\sqrt{k / d}$.
#
# Write both capacities: the number $n$ of features at which the interference reaches a threshold
# $\theta$. For $d = 512$, $\rho = 0.01$, $\theta = 0.5$ they are about 1,130 and 12,800.

# %% nbgrader={"grade_id": "capacity", "solution": true}
def worst_case_capacity(d_model: int, density: float, threshold: float) -> float:
    """The number of features at which k / sqrt(d_model) reaches the threshold."""
    ### BEGIN SOLUTION
    return threshold * d_model**0.5 / density
    ### END SOLUTION


def typical_capacity(d_model: int, density: float, threshold: float) -> float:
    """The number of features at which sqrt(k / d_model) reaches the threshold."""
    ### BEGIN SOLUTION
    return threshold**2 * d_model / density
    ### END SOLUTION


# %%
print("worst case", round(worst_case_capacity(512, 0.01, 0.5)), end=", ")
print("typical case", round(typical_capacity(512, 0.01, 0.5)))
rng = runtime.generator("capacity")
for n in (1131, 2400, 12800):
    W = torch.randn(n, 512, generator=rng)
    W /= W.norm(dim=1, keepdim=True)
    active = (torch.rand(20, n, generator=rng) < 0.01).float()
    read = active @ W @ W.T  # [draw feature]
    noise = read[active == 0].square().mean().sqrt()
    wrong = (read[active == 0] > 0.5).float().mean()
    print(f"{n:6} features: typical interference {noise:.2f}, inactive ones above 0.5: {wrong:.2%}")

# %% tags=["self-check"]
check.worst_case_capacity(worst_case_capacity)
check.typical_capacity(typical_capacity)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Put $k = \rho n$ into the interference, set it equal to $\theta$, and solve for $n$.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# For the typical case square both sides first.
# </details>
# <details><summary>Hint 3: a check by hand</summary>
#
# With $\rho = 1$, $\theta = 1$, $d = 100$ the worst case is 10 features and the typical case 100.
# </details>

# %% nbgrader={"grade_id": "capacity-test", "grade": true, "points": 2}
check.worst_case_capacity(worst_case_capacity)
check.typical_capacity(typical_capacity)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.worst_case_capacity(worst_case_capacity, seed=seed)
    check.typical_capacity(typical_capacity, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# The simulation takes a side: the worst case hardly ever happens, so 1,131 is far too careful. But
# at 12,800 the *typical* interference has reached the threshold, and one inactive feature in six
# is above it. If 1 % of false alarms is what you can bear, the Gaussian tail puts the limit at
# $\theta^2 d / (2.33^2 \rho)$, about 2,400, and the simulation agrees.
#
# > **Common mistake.** To say how many features a space can hold, and not how many errors are
# > allowed: such a capacity is half a number. Unit 02 lets a network find its own compromise.
#
# ## 7 · A feature that is no line
#
# Not all features are one direction each. Engels et al. (2024) found that language models keep the
# days of the week on a *circle*, which takes two dimensions.
#
# ### Exercise 8 · Around the circle
#
# *2 points · about 12 minutes · difficulty 3 of 5*
#
# `week = check.week(INSTANCE)` holds noisy activations of a made-up network at the names of days:
# `week.activations` `[example d_model]` and `week.days`, a list of the name at each. In some
# plane of this space the days stand on a circle, though not in the order of the calendar. Find the
# plane, and return `order`: the seven names as they follow one another around the circle, from any
# start, in either direction.

# %% nbgrader={"grade_id": "circle", "solution": true}
week = check.week(INSTANCE)
names = sorted(set(week.days))
order = None
### BEGIN SOLUTION
labels = torch.tensor([names.index(day) for day in week.days])
means = torch.stack([week.activations[labels == k].mean(dim=0) for k in range(7)])
means = means - means.mean(dim=0)
plane = torch.linalg.svd(means).Vh[:2]
angles = torch.atan2(*(means @ plane.T).T)
order = [names[i] for i in angles.argsort().tolist()]
### END SOLUTION

# %%
print(order)

# %% tags=["self-check"]
check.circle(order, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# The activations vary for other reasons too, and more. What differs *between* days is what counts.
# </details>
# <details><summary>Hint 2: a plan of shapes</summary>
#
# One mean for each day, `[7 d_model]`; subtract their common mean; the two directions along which
# they vary most, `[2 d_model]`; coordinates `[7 2]`; the angle of each.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.linalg.svd(x).Vh[:2]` are the two directions in which the rows of a centred x vary most.
# `torch.atan2(y, x)` is the angle of a point.
# </details>

# %% nbgrader={"grade_id": "circle-test", "grade": true, "points": 2}
check.circle(order, INSTANCE)

# %% [markdown]
# ## 8 · Optional: on a real language model
#
# The same on `gpt2`, if it can be loaded: write its name into the next cell when you are online, or
# have it on your disk. Nothing is graded here, and nothing is downloaded unless you ask for it.

# %%
FRENCH = "Le chat dort. |Il fait beau. |La maison est grande. |Je suis fatigué. |Nous mangeons. "
ENGLISH = "The cat sleeps. |The sun shines. |The house is big. |I am tired. |We are eating. "
GOOD = "The film was wonderful|I loved this book|What a great day|The food was delicious"
BAD = "The film was terrible|I hated this book|What an awful day|The food was disgusting"


def last(m, texts: str, name: str) -> Float[Tensor, "text d_model"]:
    """The stream at the last token of each text."""
    runs = [m.to_tokens(text) for text in texts.split("|")]
    return torch.stack([hooks.capture(m, ids, [name])[1][name][0, -1] for ids in runs]).float()


# %% tags=["nbval-ignore-output", "real-model"]
REAL_MODEL = None  # "gpt2" when you are online, or the folder of a model
if REAL_MODEL is None:
    print("skipped: no real language model was asked for")
else:
    real = models.load(REAL_MODEL)
    middle = hooks.resid_post(real.cfg.n_layers // 2)
    for what, some, other in (("praise", GOOD, BAD), ("French", FRENCH, ENGLISH)):
        x = torch.cat([last(real, some, middle), last(real, other, middle)])
        label = torch.arange(len(x)) < len(x) // 2
        hits = 0
        for i in range(len(x)):  # each text is left out once
            rest = torch.arange(len(x)) != i
            d = directions.difference_of_means(x[rest], label[rest])
            bar = (x[rest & label].mean(0) + x[rest & ~label].mean(0)) / 2
            hits += int(((x[i] - bar) @ d > 0) == label[i])
        print(f"{what}: {hits} of {len(x)} texts on the right side when left out")
    d, start = directions.difference_of_means(x, label), real.to_tokens("My name is Marie and I")
    for strength in (0.0, 1.0, 2.0):
        with steering.steered(real, d, strength, [middle]):
            print(strength, steering.continuation(real, start, 12))

# %% [markdown]
# ## 9 · What do you know now?
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
answers = {1: "b", 2: "a", 3: "c", 4: "b", 5: "a", 6: "c"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)

# %% [markdown]
# ## What you found
#
# - A difference of means gives a direction, and one direction can separate sentences perfectly.
# - A probe's accuracy counts on examples it has not seen, and beside a control task.
# - A neuron can be polysemantic, and its strongest examples alone need not show it.
# - The attractor's number can be read without a mistake and does nothing: *readable* is not *used*.
# - Steering moves one decision where the network takes it, at a price that has to be measured.
# - Thousands of features fit into hundreds of dimensions, with an error rate that belongs to the
#   claim; and some features are circles.
#
# ## Sources
#
# - K. Park, Y. J. Choe, V. Veitch (2024), *The Linear Representation Hypothesis and the Geometry of
#   Large Language Models*.
# - J. Hewitt, P. Liang (2019), *Designing and Interpreting Probes with Control Tasks*.
# - Y. Belinkov (2022), *Probing Classifiers: Promises, Shortcomings, and Advances*; Y. Elazar et
#   al. (2021), *Amnesic Probing*.
# - C. Olah et al. (2020), *Zoom In: An Introduction to Circuits*; T. Bolukbasi et al. (2021), *An
#   Interpretability Illusion for BERT*.
# - A. Turner et al. (2023), *Steering Language Models With Activation Engineering*; A. Arditi et
#   al. (2024), *Refusal in Language Models Is Mediated by a Single Direction*.
# - B. Phipson, G. Smyth (2010), *Permutation P-values Should Never Be Zero*.
# - N. Elhage et al. (2022), *Toy Models of Superposition*; J. Engels et al. (2024), *Not All
#   Language Model Features Are One-Dimensionally Linear*.
# - W. B. Johnson, J. Lindenstrauss (1984), *Extensions of Lipschitz mappings into a Hilbert space*.
