# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # Causal scrubbing
#
# *What may be exchanged if an explanation of a network is right?*
#
# About 120 minutes · 26 points · 9 exercises and a quiz · no GPU, no internet
#
# Patching asks what one activation does. An *explanation* says more: this head hands over that
# feature, and nothing else matters. Causal scrubbing (Chan et al. 2022) takes it at its word. It
# exchanges everything that the explanation says may be exchanged, all at once, and looks at what
# is left of the behaviour. At the end you can
#
# - write an explanation of a circuit so precisely that it can be tested,
# - run the recursive test, and say what each of its numbers means,
# - tell a confirmed hypothesis from one that was never tested,
# - find the flaw in an exchange that looks right.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor

from interp_course import attention, compiled, figures, hooks, models, runtime, sequences
from interp_course.checks import causal_scrubbing as check
from interp_course.circuits import EMBED, LOGITS, Part, head
from interp_course.scrubbing import ANY, SAME, Edge, Node, Scrubber, Stream, TokenAt, TokensBack
from interp_course.scrubbing import branches, induced

INSTANCE = runtime.instance()  # draws the networks of your findings exercises
torch.set_num_threads(1)  # these models are too small to gain from more

# %% [markdown]
# ## 1 · What may be exchanged
#
# Our first network is compiled: its weights were written by hand, to do induction. It reads *… dog
# A … dog* and answers *A*, the word that followed *dog* the time before. Layer 1 has an induction
# head. Here is a claim about it:
#
# > All that matters about the output of the induction head, at the last position, is **which word
# > it hands over**.
#
# What follows from that? A *feature* $f$ maps an input $x$ to a label, here the word that followed
# the last word before. If the claim is right, the head's output on $x$ can be exchanged for its
# output on any other input of the data $D$ with the same label, that is, of the *class*
#
# $$[x] = \{x' \in D : f(x') = f(x)\}$$
#
# and the network's answers stay what they were. To be fair, each member of the class must be
# equally likely to be drawn, and $x$ itself is a member, too.
#
# ### Exercise 1 · Partners
#
# *2 points · about 10 minutes · difficulty 2 of 5*
#
# Write `same_class(labels, references, generator)`. `labels` holds the label $f(x)$ of each row of
# the data, `references` the numbers of some rows. For each of them return a row that is drawn
# uniformly from its class, each draw on its own, with `generator` as the only source of chance.

# %% nbgrader={"grade_id": "same-class", "solution": true}
def same_class(
    labels: Int[Tensor, " row"], references: Int[Tensor, " sample"], generator: torch.Generator
) -> Int[Tensor, " sample"]:
    """For each reference a row with the same label, drawn uniformly."""
    ### BEGIN SOLUTION
    rows = torch.empty_like(references)
    for i, reference in enumerate(references):
        members = (labels == labels[reference]).nonzero()[:, 0]
        rows[i] = members[torch.randint(len(members), (), generator=generator)]
    return rows
    ### END SOLUTION


# %%
example = compiled.induction()
prompts = example.task.sample(1000, seed=1)
print(example.model.to_string(prompts.tokens[0]), "→", example.model.to_string(prompts.answers[:1]))
inductor = example.part("induction head")
place = hooks.z(inductor.layer)
cache = hooks.capture(example.model, prompts.tokens, [place])[1][place]
features = {
    "the word it hands over": induced(prompts.tokens),
    "the last word": prompts.tokens[:, -1],
    "nothing at all": torch.zeros_like(prompts.answers),
}
for what, labels in features.items():
    rows = same_class(labels, torch.arange(1000), torch.Generator().manual_seed(0))

    def edit(z, hook, rows=rows):
        new = z.clone()
        new[:, -1, inductor.head] = cache[rows, -1, inductor.head]
        return new

    with torch.no_grad(), hooks.editing(example.model, {place: edit}):
        accuracy = compiled.accuracy(example.model, prompts.tokens, prompts.answers)
    print(f"{inductor} exchanged between prompts that agree on {what}: accuracy {accuracy:.2f}")

# %% tags=["self-check"]
check.same_class(same_class)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# For each reference: who has the same label? Then draw one of them, by lot.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# A loop over the references is fine. The draw must know how large the class is; drawing until a
# row fits is right as well, and slow for rare labels.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `(labels == label).nonzero()[:, 0]` are the rows with a label; `torch.randint(n, (),
# generator=generator)` is a number from 0 to n - 1.
# </details>

# %% nbgrader={"grade_id": "same-class-test", "grade": true, "points": 2}
check.same_class(same_class)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.same_class(same_class, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# The first exchange leaves every answer as it was: nothing speaks against the claim. The second one
# shows that the test can fail. *Last word* is a feature of the head's query, not of its output.
#
# ## 2 · A test that must pass, and one that must fail
#
ARRIVAL
# ## 3 · What is left
#
# When the network has been scrubbed, what do we look at? Say the model gives the logits $m$ on a
# prompt, the scrubbed model $s$, and the right next token is $y$. Three numbers, each a mean over
# prompts:
#
# - the **loss** $-\log \mathrm{softmax}(s)_y$, in nats;
# - the **accuracy**: how often $y$ has the largest logit in $s$;
# - the **divergence** from the model, $\mathrm{KL}(m \,\|\, s) = \sum_v p_v\,(\log p_v - \log q_v)$
#   with $p = \mathrm{softmax}(m)$ and $q = \mathrm{softmax}(s)$. It is 0 only if the two agree on
#   every prompt.
#
# ### Exercise 3 · The score card
#
# *2 points · about 8 minutes · difficulty 2 of 5*
#
# Write `scorecard(scrubbed, model, labels)`. It returns a dict with `"loss"`, `"accuracy"` and
# `"kl"`.

# %% nbgrader={"grade_id": "scorecard", "solution": true}
def scorecard(
    scrubbed: Float[Tensor, "batch d_vocab"],
    model: Float[Tensor, "batch d_vocab"],
    labels: Int[Tensor, " batch"],
) -> dict[str, float]:
    """Loss, accuracy and divergence from the model of scrubbed logits."""
    ### BEGIN SOLUTION
    log_p, log_q = model.log_softmax(dim=-1), scrubbed.log_softmax(dim=-1)
    return {
        "loss": -log_q.gather(1, labels[:, None]).mean().item(),
        "accuracy": (scrubbed.argmax(dim=-1) == labels).float().mean().item(),
        "kl": (log_p.exp() * (log_p - log_q)).sum(dim=-1).mean().item(),
    }
    ### END SOLUTION


# %%
net = models.load("induction")  # trained, two layers
block = sequences.repeated_random(2000, 12, net.cfg.d_vocab, runtime.generator("unit 05"))
tokens, labels = block[:, :20], block[:, 20]  # twelve tokens and eight of them again
scores = attention.head_scores(net)
before = [head(*map(int, place)) for place in (scores.previous > 0.4).nonzero()]
inductors = [head(*map(int, place)) for place in (scores.induction > 0.4).nonzero()]
print("heads that look one back:", *before, "· heads that look behind a match:", *inductors)


def induction_claim(keys: list[Node]) -> Node:
    """Every induction head compares its own token with something about each position."""
    below = [Edge("q", Node(EMBED, TokenAt(-1))), *(Edge("k", node) for node in keys)]
    below.append(Edge("v", Node(EMBED, TokensBack(0), per_position=True)))
    return Node(LOGITS, SAME, [Edge("in", Node(part, SAME, below), -1) for part in inductors])


trained = Scrubber(net, tokens, labels)
claims = {
    "keys hold the token before": [Node(p, TokensBack(1), per_position=True) for p in before],
    "keys hold the token itself": [Node(EMBED, TokensBack(0), per_position=True)],
}
reports = {name: trained.test(induction_claim(keys), 1500) for name, keys in claims.items()}
for name, report in reports.items():
    card = scorecard(report.logits, report.clean_logits, report.labels)
    print(f"{name}: ", ", ".join(f"{key} {value:.2f}" for key, value in card.items()))

# %% tags=["self-check"]
check.scorecard(scorecard)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Loss and accuracy are about the right answer and know nothing of the model. The divergence is
# about the model and knows nothing of the right answer.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Take `log_softmax` of both once; everything is made from these two. A probability that is
# rounded to 0 has no logarithm.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `log_q.gather(1, labels[:, None])` picks the column of each row's label; `.sum(dim=-1).mean()`.
# </details>

# %% nbgrader={"grade_id": "scorecard-test", "grade": true, "points": 2}
check.scorecard(scorecard)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.scorecard(scorecard, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# A loss alone is hard to read. Papers therefore give the **loss recovered**: where the scrubbed
# loss lies on the way from a baseline, $L_0$, to the model's own loss $L_m$:
#
# $$\frac{L_0 - L_s}{L_0 - L_m}$$
#
# Everything hangs on the baseline. Chan et al. (2022) take the model with *shuffled inputs*, which
# answers some other prompt's question. Such a model is confidently wrong, so its loss is enormous.
# A milder judge is the *best constant prediction*: whoever knows how often each label occurs, and
# nothing of the prompt, predicts those shares.
#
# ### Exercise 4 · Two baselines
#
# *2 points · about 8 minutes · difficulty 2 of 5*
#
# Write `recovered(scrubbed, model, baseline)`, from three losses, and `constant_baseline(labels,
# d_vocab)`, the mean loss of the best constant prediction on these labels, in nats.

# %% nbgrader={"grade_id": "recovered", "solution": true}
def recovered(scrubbed: float, model: float, baseline: float) -> float:
    """1 for the model's loss, 0 for the baseline's."""
    ### BEGIN SOLUTION
    return (baseline - scrubbed) / (baseline - model)
    ### END SOLUTION


def constant_baseline(labels: Int[Tensor, " batch"], d_vocab: int) -> float:
    """The loss of predicting the labels' own shares, always."""
    ### BEGIN SOLUTION
    shares = torch.bincount(labels, minlength=d_vocab) / len(labels)
    return torch.special.entr(shares).sum().item()
    ### END SOLUTION


# %%
for name, report in reports.items():
    own = report.model_loss.mean
    shuffled = report.baselines["shuffled inputs"].losses.mean().item()
    constant = constant_baseline(labels, net.cfg.d_vocab)
    found = [recovered(report.loss.mean, own, base) for base in (shuffled, constant)]
    print(f"{name}: loss {report.loss.mean:.2f}, accuracy {report.accuracy.mean:.2f}")
    print(f"  of shuffled inputs' loss ({shuffled:.2f}) {found[0]:.0%} recovered")
    print(f"  of the best constant's loss ({constant:.2f}) {found[1]:.0%} recovered")

# %% tags=["self-check"]
check.recovered(recovered)
check.constant_baseline(constant_baseline)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Distance won, divided by the distance there was to win. It may be above 1 and below 0.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# The best constant prediction is the labels' own shares. Its mean loss is their entropy.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `torch.bincount(labels, minlength=d_vocab)`; `torch.special.entr(p)` is $-p \log p$, and 0 at 0.
# </details>

# %% nbgrader={"grade_id": "recovered-test", "grade": true, "points": 2}
check.recovered(recovered)
check.constant_baseline(constant_baseline)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.recovered(recovered, seed=seed)
    check.constant_baseline(constant_baseline, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Look at the wrong keys. Half of the loss is "recovered", and the answers are nearly all wrong.
# Nothing has been explained: a network that has become unsure simply pays less than one that is
# confidently wrong. Against the constant prediction the same claim stands where it belongs.
#
# ## 4 · All the way down
#
# A claim about a circuit has several steps: the logits read this head, whose keys come from that
# head, which reads the embeddings. The test follows them from the top. For a node $n$ of the
# hypothesis and a *reference* $x$, the input on whose feature the node's value must agree:
#
# 1. If $n$ is a leaf: run everything below it on $x$.
# 2. Otherwise draw one other input $x^{\circ}$ at random, for all that the hypothesis does not
#    mention. Every unimportant input of $n$ has its value on $x^{\circ}$.
# 3. For each important input $c$, with feature $f_c$, draw a new $x_c$ from the class $f_c(x_c) =
#    f_c(x)$, and scrub $c$ with $x_c$ as its reference.
# 4. Compute $n$ from these values.
#
# At the top the reference is the prompt whose label counts. This is the pseudocode of Chan et al.
# (2022). Note what becomes of the input: every path through the hypothesis has its own copy.
#
# ### Exercise 5 · The recursion
#
# *4 points · about 15 minutes · difficulty 4 of 5*
#
# Write `scrub(node, reference, draw)`. A `check.Node` has `compute`, `inputs` (nodes),
# `important` (a boolean for each input) and `feature`. A leaf has no inputs and computes its value
# from a data point; any other node from the list of its inputs' values. `draw(feature, reference)`
# gives a data point with the same feature, `draw(None, reference)` any at all.
# `check.run(node, x)` is the plain value of a node.

# %% nbgrader={"grade_id": "scrub", "solution": true}
def scrub(node: check.Node, reference, draw):
    """A node's value when everything is exchanged that the hypothesis lets be exchanged."""
    ### BEGIN SOLUTION
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, is_important in zip(node.inputs, node.important, strict=True):
        if is_important:
            values.append(scrub(child, draw(child.feature, reference), draw))
        else:
            values.append(check.run(child, other))
    return node.compute(values)
    ### END SOLUTION


# %%
def parity(x):
    return x[0] % 2


def both(x):
    return x[:2]


first = check.Node(lambda x: x[0] % 2, feature=parity)
second = check.Node(lambda x: x[1], feature=both)
points = [(a, b) for a in range(6) for b in range(6)]


def any_point(feature, reference, rng=torch.Generator().manual_seed(0)):
    agree = [p for p in points if feature is None or feature(p) == feature(reference)]
    return agree[torch.randint(len(agree), (), generator=rng)]


for important in [(True, True), (True, False), (False, False)]:
    total = check.Node(sum, (first, second), important)
    values = sorted({scrub(total, (3, 4), any_point) for _ in range(200)})
    print(f"x = (3, 4), parity of the first + second, important {important}: {values}")

# %% tags=["self-check"]
check.scrub(scrub)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# An important input agrees with the reference on its own feature. Then *it* is the reference for
# what lies below.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Leaf first. Then one draw for all unimportant inputs together, and a draw of its own for each
# important one. Collect the values in order.
# </details>
# <details><summary>Hint 3: where it goes wrong</summary>
#
# The feature is that of the child, not of the node. An unimportant input is not scrubbed further:
# `check.run`.
# </details>

# %% nbgrader={"grade_id": "scrub-test", "grade": true, "points": 4}
check.scrub(scrub)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.scrub(scrub, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# If every input is important and every feature is exact, nothing is exchanged, and the value is the
# plain one. If nothing is important, the value is that of some other input. Hypotheses live
# between the two.
#
# ## 5 · A hypothesis about a network
#
# `interp_course.scrubbing` runs this recursion on real networks. A hypothesis is a tree of
# `Node(site, feature, edges)` and `Edge(slots, node, positions)`; the root is `LOGITS`, whose
# feature is `SAME`: its reference is kept. The claim of section 1:

# %%
coarse = Node(LOGITS, SAME, [Edge("in", Node(inductor, induced), -1)])
scrubber = Scrubber(example.model, prompts.tokens, prompts.answers)
print(coarse)
print(scrubber.test(coarse))

# %% [markdown]
# The head is a leaf, so it is run as a whole on another prompt with the same next word. The claim
# says *what* the head hands over, not *how* it finds it. For that, give it edges. A head has three
# inputs, the slots `"q"`, `"k"` and `"v"`. Queries count at the last position only; keys and values
# count at every position, and there each position is exchanged for itself: `per_position=True`,
# with a feature that has a label for every position. `TokenAt(-1)` is the last token,
# `TokensBack(1)` for each position the token one back.
#
# ### Exercise 6 · The induction circuit
#
# *4 points · about 15 minutes · difficulty 3 of 5*
#
# Write `hypothesis(previous, induction)`: the textbook circuit of these two heads, as a tree. The
# logits read the induction head at the last position. Its queries hold the last token, its keys
# hold at each position the token before, which the previous-token head has brought there, and its
# values hold the token itself.

# %% nbgrader={"grade_id": "hypothesis", "solution": true}
def hypothesis(previous: Part, induction: Part) -> Node:
    """The induction circuit of two heads."""
    ### BEGIN SOLUTION
    query = Node(EMBED, TokenAt(-1))
    keys = Node(previous, TokensBack(1), per_position=True)
    values = Node(EMBED, TokensBack(0), per_position=True)
    below = [Edge("q", query), Edge("k", keys), Edge("v", values)]
    return Node(LOGITS, SAME, [Edge("in", Node(induction, SAME, below), -1)])
    ### END SOLUTION


# %%
claim = hypothesis(example.part("previous-token head"), inductor)
print(scrubber.test(claim))
print()
print(scrubber.plan(claim, 5))  # what was drawn: `reference <- row`

# %% tags=["nbval-ignore-output"]
figures.tree(
    branches(coarse),
    title="A coarse claim: the logits read one head, and its word is all that matters",
    alt="A box for the head L1.H3, whose feature is the induced word, points to a box for the "
    "logits, at the last position.",
)

# %% tags=["self-check"]
check.hypothesis(hypothesis)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Three things go into the induction head. Each is a node of its own with its own feature.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Below the induction head: `EMBED` for the query, the previous-token head for the keys, `EMBED`
# again for the values. The last two are per position.
# </details>
# <details><summary>Hint 3: how a part of it looks</summary>
#
# `Edge("k", Node(previous, TokensBack(1), per_position=True))`. The induction head itself keeps
# its reference: its feature is `SAME`, and its edges say what may be exchanged.
# </details>

# %% nbgrader={"grade_id": "hypothesis-test", "grade": true, "points": 4}
check.hypothesis(hypothesis)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.hypothesis(hypothesis, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Nearly every input has been exchanged, and nothing has changed: 100 %, at a divergence of 0. It is
# rare to see that. The network was written to be what the hypothesis says.
#
TRAINED
PITFALLS
FLAW
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
answers = {1: "b", 2: "c", 3: "a", 4: "b", 5: "c"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)
