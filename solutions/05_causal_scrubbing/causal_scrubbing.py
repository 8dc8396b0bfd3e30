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
# About 130 minutes · 28 points · 10 exercises and a quiz · no GPU, no internet
#
# Patching asks what one activation does. An *explanation* says more: this head hands over that
# feature, and nothing else matters. [Causal scrubbing](../../docs/glossary.md#causal-scrubbing)
# (Chan et al. 2022) takes it at its word. It exchanges everything that the explanation says may be
# exchanged, all at once, and looks at what is left of the behaviour. At the end you can
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
from interp_course.circuits import EMBED, LOGITS, Part, head, mlp
from interp_course.scrubbing import ANY, SAME, Edge, Node, Scrubber, Stream, TokenAt, TokensBack
from interp_course.scrubbing import branches, induced, match_position
from interp_course.widgets import HypothesisTree

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
# A [*feature*](../../docs/glossary.md#feature) $f$ maps an input $x$ to a label, here the word that
# followed the last word before. If the claim is right, the head's output on $x$ can be exchanged
# for its output on any other input of the data $D$ with the same label, that is, of the *class*
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
# A hypothesis is tested twice: where it must pass, and where it must fail. Take subject and verb.
# The world's network reads *the dog near the cats* and must continue with a singular verb. The
# verb's number depends on a noun that stands before; so the number must travel to the last
# position. The claim to test, for a stream of the last position:
#
# > Of this stream, nothing matters but the subject's **number**.
#
# Everything above it at the last position reads this stream and what was computed from it, and
# whatever it finds at other positions comes from other sentences.

# %%
asked = check.agreement(INSTANCE)  # sentences whose verb is still to come
world_net = models.load("world", seed=INSTANCE % 4)
world_scrubber = Scrubber(world_net, asked.tokens, asked.labels)


def only(site, feature) -> Node:
    """All that the last position knows comes from this site, of which only a feature counts."""
    nodes = [Node(site, feature)]
    for layer in range(site.layer, 3):
        if isinstance(site, Stream) or layer > site.layer:
            edges = [Edge("qkv", node, -1) for node in nodes]
            nodes += [Node(head(layer, h), SAME, edges) for h in range(4)]
        nodes += [Node(mlp(layer), SAME, [Edge("in", node, -1) for node in nodes])]
    return Node(LOGITS, SAME, [Edge("in", node, -1) for node in nodes])


def share_kept(claim: Node) -> float:
    """Share of sentences after which verbs of the right number are together more probable."""
    report = world_scrubber.test(claim, 1000)
    return asked.kept(report.logits, report.plan.references).double().mean().item()


print("end of the stream, exchanged for one of the same number:", end=" ")
print(f"{share_kept(only(Stream(3), asked.number)):.0%} of the verbs keep their number")
print("end of the stream, exchanged for any other one:", end=" ")
print(f"{share_kept(only(Stream(3), ANY)):.0%}")

# %% [markdown]
# The first test passes and the control does not: what the last position holds at the end is the
# number, as far as the number of the verb goes. How did it get there?
#
# ### Exercise 2 · Arrival
#
# *2 points · about 12 minutes · difficulty 3 of 5*
#
# Find, in your network, `"layer"`: the first layer such that of the stream *into* it the number is
# enough, for at least 95 % of the verbs; `"head"`: the head which, alone in the place of the
# stream, keeps the most verbs right; and `"kept"`: the share that it keeps. The functions above
# are all you need: `Stream(1)` is the stream into layer 1, `head(1, 3)` is L1.H3.

# %% nbgrader={"grade_id": "arrival", "solution": true}
arrival = {"layer": None, "head": None, "kept": None}
### BEGIN SOLUTION
layers = [at for at in range(4) if share_kept(only(Stream(at), asked.number)) >= 0.95]
heads = [head(layer, h) for layer in range(3) for h in range(4)]
kept = {part: share_kept(only(part, asked.number)) for part in heads}
best = max(kept, key=kept.get)
arrival = {"layer": layers[0], "head": str(best), "kept": kept[best]}
### END SOLUTION

# %% tags=["nbval-ignore-output"]
print(arrival)

# %% tags=["self-check"]
check.arrival(arrival, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Before the number has arrived, the stream of the last position cannot tell it. Afterwards it is
# there, and one head has brought most of it.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Four streams from the bottom up; then twelve heads, each in the place of the stream.
# </details>
# <details><summary>Hint 3: how one test looks</summary>
#
# `share_kept(only(Stream(1), asked.number))`; `share_kept(only(head(1, 3), asked.number))`.
# </details>

# %% nbgrader={"grade_id": "arrival-test", "grade": true, "points": 2}
check.arrival(arrival, INSTANCE)

# %% [markdown]
# One head alone may not keep every verb: in some training runs several of them share the work.
#
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


def induction_claim(keys: list[Node], more: tuple = (), direct: tuple = ()) -> Node:
    """Every induction head compares its own token with something about each position."""
    below = [Edge("q", Node(EMBED, TokenAt(-1))), *(Edge("k", node) for node in keys)]
    below.append(Edge("v", Node(EMBED, TokensBack(0), per_position=True)))
    heads = [Edge("in", Node(part, SAME, [*below, *more]), -1) for part in inductors]
    return Node(LOGITS, SAME, [*heads, *direct])


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
# A loss alone is hard to read. Papers therefore give the [**loss
# recovered**](../../docs/glossary.md#loss-recovered): where the scrubbed loss $L_s$ lies on the way
# from a baseline, $L_0$, to the model's own loss $L_m$:
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

# %% [markdown]
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
rng = torch.Generator().manual_seed(0)


def any_point(feature, reference):
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
figures.tree(
    branches(coarse),
    title="A coarse claim: the logits read one head, and its word is all that matters",
    alt="A box for the head L1.H3, whose feature is the induced word, points to a box for the "
    "logits, at the last position.",
)

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
# Your claim as a tree to walk through, with a bar at each node: the share that was exchanged there.
HypothesisTree(claim, scrubber.test(claim))

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
# How do trained networks fare? Take the claim of section 3 about a network that was trained on
# repeated random tokens. It is *naive*: it says nothing of what else the induction heads read. So
# all that comes from one other text $x^{\circ}$, the same for a head's query and its keys. The
# engine can also draw a text for each of these inputs (`unimportant="each"`). If they really do
# not matter, that makes no difference.
#
# A *refined* claim adds what is left out. Query and keys carry something about the rest of the
# text, and it has to be the **same** text's in both (`share`); values also come by way of the
# heads of layer 0; and the logits read the last token directly.

# %% tags=["demonstration"]
keys = claims["keys hold the token before"]
others = [head(0, h) for h in range(4) if head(0, h) not in before]
context = (
    *(Edge("q", Node(part, ANY, share="context")) for part in before),
    *(Edge("k", Node(part, ANY, share="context")) for part in others),
)
values = tuple(Edge("v", Node(part, TokensBack(0), per_position=True)) for part in others)
direct = (Edge("in", Node(Stream(1), TokenAt(-1)), -1),)
accounts = {
    "naive": induction_claim(keys),
    "with context": induction_claim(keys, context),
    "refined": induction_claim(keys, (*context, *values), direct),
}
for name, account in accounts.items():
    for unimportant in ("shared", "each"):
        report = trained.test(account, 1500, unimportant=unimportant)
        print(f"{name:>12}, {unimportant:>6}:", end="  ")
        for baseline, share in report.recovered.items():
            if baseline in ("shuffled inputs", "best constant"):
                print(f"{baseline} {share.mean:.1%} ± {share.error:.1%}", end="  ")
        print(f"accuracy {report.accuracy.mean:.2f}  KL {report.kl.mean:.2f} nats")

# %% [markdown]
# Look at the first two rows. With one text for everything unnamed, the naive claim recovers 99 %
# of the loss. With a text for each it gives half of the answers. So what it calls unimportant is
# not: a head's score adds up query-key products of *all* that both carry, and in one text these
# fit together. With the context named, it no longer matters how the rest is drawn. The refined
# claim is nearest to the network: its divergence is the smallest.
#
# Chan et al. (2022) report 35 % for a naive hypothesis about induction and 86 % for a refined
# one. Theirs was a network trained on web text, whose heads do other things as well, on inputs
# that are correlated; ours has seen nothing but repeats. So do not expect their figures here, nor
# ours there. The order is theirs, but only the second row and the divergence show it. And some
# tenths of a nat remain: a claim with 99 % of the loss is still not the whole network.

# %% [markdown]
# ## 6 · Pitfalls
#
# A number that comes out well can mean many things. The next network is compiled again. It reads
# three numbers and answers with a sum, $a + b$. One head writes $a + c$, another one $b - c$, and
# $c$ cancels. Six tests of claims about it have been run for you. What is to be said of each?
#
# - `"left out"`: something that both heads carry, and that cancels, is in neither claim;
# - `"swapped"`: each head is said to carry what the other one carries;
# - `"correlated data"`: the claim is false, and these data cannot show it;
# - `"vacuous"`: the features say so much that hardly anything is exchanged at the heads;
# - `"separate samples"`: the claim is about both heads together, and each gets its own sample;
# - `"sound"`: true, and tested.

# %% [markdown]
# ### Exercise 7 · Six tests
#
# *3 points · about 15 minutes · difficulty 4 of 5*
#
# `check.trials(INSTANCE)` is a dict from letter to test, each with a `.scrubber` and a
# `.hypothesis`. `verdicts` is a dict from letter to verdict; each verdict occurs once. You can
# print the hypothesis, look at `trial.scrubber.tokens`, test it, print the plan, and change it.

# %% nbgrader={"grade_id": "pitfalls", "solution": true}
trials = check.trials(INSTANCE)
verdicts = {letter: None for letter in trials}
### BEGIN SOLUTION
for letter, trial in trials.items():
    report = trial.scrubber.test(trial.hypothesis, 500)
    nodes = [edge.node for edge in trial.hypothesis.edges]
    exchanged = [report.plan.share_resampled(draw) for draw in report.plan.draws[1:]]
    together = [Edge("in", Node(n.site, nodes[0].feature, share="one"), -1) for n in nodes]
    joint = trial.scrubber.test(Node(LOGITS, SAME, together), 500)
    if report.accuracy.mean > 0.98:
        varied = len(trial.scrubber.tokens.unique(dim=0)) == 27
        verdicts[letter] = "sound" if max(exchanged) > 0.1 else "vacuous"
        verdicts[letter] = verdicts[letter] if varied else "correlated data"
    elif joint.accuracy.mean > 0.98:
        verdicts[letter] = "separate samples"
    else:
        says_c = any("c" in str(node.feature) for node in nodes)
        verdicts[letter] = "swapped" if says_c else "left out"
### END SOLUTION

# %% tags=["nbval-ignore-output"]
for letter, trial in trials.items():
    report = trial.scrubber.test(trial.hypothesis, 500)
    print(f"{letter}: accuracy {report.accuracy}, verdict: {verdicts[letter]}")
    print(trial.hypothesis)

# %% tags=["self-check"]
check.pitfalls(verdicts, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Three of the six pass. Of these, one was tested on too little, one was hardly tested at all.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# For those that pass: how many different prompts are there, and what does the plan say is
# resampled at each head? For those that fail: which change of the claim mends it?
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `print(trial.scrubber.plan(trial.hypothesis, 100))`; two nodes with the same feature and the same
# word in `share=` get one sample.
# </details>

# %% nbgrader={"grade_id": "pitfalls-test", "grade": true, "points": 3}
check.pitfalls(verdicts, INSTANCE)

# %% [markdown]
# > **Common mistake.** "It passed, so it is true." The test answers the question that it is asked:
# > do inputs with equal features, *among these inputs*, do the same? Whether that was a question
# > worth asking is for you to see.
#
# ## 7 · The best explanation
#
# Which of several hypotheses should you prefer? Here are three rules:
#
# 1. Those that keep the behaviour (accuracy within 0.02 of the model's, divergence below 0.01) come
#    before those that do not.
# 2. Of those that keep it, the one under which more is exchanged (`report.resampled`; less than 0.1
#    counts as equal) comes first; of equals, the one with more nodes (`report.plan.draws`).
# 3. Of those that do not keep it, the one with the higher accuracy comes first.
#
# ### Exercise 8 · Six hypotheses
#
# *2 points · about 8 minutes · difficulty 2 of 5*
#
# `check.candidates(INSTANCE)` gives a scrubber and six hypotheses about one induction network, by
# letter. `ranking` is a string of the six letters, the best one first.

# %% nbgrader={"grade_id": "ranking", "solution": true}
ranking = None
ranked, candidates = check.candidates(INSTANCE)
### BEGIN SOLUTION
tested = {letter: ranked.test(node, 1000) for letter, node in candidates.items()}
keeping = [x for x, r in tested.items() if r.accuracy.mean > 0.98 and r.kl.mean < 0.01]
losing = [x for x in tested if x not in keeping]
most = max(tested[x].resampled for x in keeping)
keeping.sort(key=lambda x: (tested[x].resampled < most - 0.1, -len(tested[x].plan.draws)))
losing.sort(key=lambda x: -tested[x].accuracy.mean)
ranking = "".join(keeping + losing)
### END SOLUTION

# %% tags=["nbval-ignore-output"]
print(ranking)
for letter, node in candidates.items():
    report = ranked.test(node, 1000)
    share = report.recovered["shuffled inputs"].mean
    print(f"{letter}: accuracy {report.accuracy.mean:.2f}, KL {report.kl.mean:5.2f}", end="")
    print(f", {share:4.0%} of the loss, {report.resampled:.0%} exchanged")

# %% tags=["self-check"]
check.ranking(ranking, INSTANCE)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# First: is the behaviour still there? Only then: how hard was the test?
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# Two groups. Sort each by its own rule, and put one behind the other.
# </details>
# <details><summary>Hint 3: what is not asked</summary>
#
# The share of the loss is in none of the three rules. Look at what it would have done.
# </details>

# %% nbgrader={"grade_id": "ranking-test", "grade": true, "points": 2}
check.ranking(ranking, INSTANCE)

# %% [markdown]
# By the share of the loss alone, the claim with the wrong keys would stand before one that gets far
# more answers right than it, and a test in which nothing was exchanged among the best.
#
# ## 8 · Find the flaw
#
# One example turns up in lessons on this method. It says: the feature of an induction head is
# *where the match is*. In *The cat sat on the mat . The cat* and in *A dog ran in the park . The
# dog* the match is at the same place. So take the head's output on the second sentence while the
# network reads the first one. If the hypothesis is right, the network still says *sat*. Does it?

# %%
check.predictions["flaw"]

# %%
my_prediction = None  # "a", "b" or "c"
check.predictions["flaw"](my_prediction)

# %%
CAT, DOG = "The cat sat on the mat . The cat", "A dog ran in the park . The dog"


def says(names=(), source=DOG):
    """What the network says on CAT while its induction head gets these things from another text."""
    cache = hooks.capture(example.model, example.model.to_tokens(source), list(names))[1]
    edits = {}
    for name in names:

        def swap(x, hook, other=cache[name], axis=1 if "pattern" in name else 2):
            new = x.clone()
            new.select(axis, inductor.head).copy_(other.select(axis, inductor.head))
            return new

        edits[name] = swap
    with torch.no_grad(), hooks.editing(example.model, edits):
        probabilities = example.model(example.model.to_tokens(CAT))[0, -1].softmax(dim=-1)
    best = probabilities.argmax()
    return f"{example.model.to_string(best[None])}, with probability {probabilities[best]:.2f}"


print("nothing exchanged:", says())
print("output from the other sentence:", says([hooks.z(inductor.layer)]))

# %% [markdown]
# It says *ran*.
#
# > **Correction to a common source.** The head's output is $\sum_j A_{ij}\, x_j W_V W_O$. The
# > pattern $A$ knows the place; what is carried away from there is the word. Under the right
# > hypothesis, whose feature is the next word, this exchange was never allowed, and a lesson that
# > expects *sat* would reject it. The *pattern* is another matter: its feature is the place.
#
# ### Exercise 9 · What fits whom
#
# *3 points · about 12 minutes · difficulty 3 of 5*
#
# Write `exchangeable(site, ours, theirs)`: may the induction head's `site` come from the sentence
# `theirs` while the network reads `ours`? Both are token tensors of one length, and the network
# answers at the last position. Compare the feature that the induction hypothesis gives to the site:
# for `"output"` the next word; for `"pattern"` the place of the match; for `"query"` the last
# token; for `"keys"` all tokens before the last, since the key at each place holds the token
# before it; for `"values"` all tokens.

# %% nbgrader={"grade_id": "exchangeable", "solution": true}
def exchangeable(site: str, ours: Int[Tensor, " pos"], theirs: Int[Tensor, " pos"]) -> bool:
    """Whether two sentences agree on the feature of this site of the induction head."""
    ### BEGIN SOLUTION
    def match(tokens):
        earlier = (tokens[:-1] == tokens[-1]).nonzero()
        return -1 if len(earlier) == 0 else int(earlier[-1])

    if site == "output":
        a, b = match(ours), match(theirs)
        return (a < 0) == (b < 0) and (a < 0 or int(ours[a + 1]) == int(theirs[b + 1]))
    if site == "pattern":
        return match(ours) == match(theirs)
    if site == "query":
        return int(ours[-1]) == int(theirs[-1])
    if site == "keys":
        return torch.equal(ours[:-1], theirs[:-1])
    return torch.equal(ours, theirs)
    ### END SOLUTION


# %%
sites = {
    "output": hooks.z(inductor.layer),
    "pattern": hooks.pattern(inductor.layer),
    "query": hooks.head_vectors(inductor.layer, "q"),
    "keys": hooks.head_vectors(inductor.layer, "k"),
    "values": hooks.head_vectors(inductor.layer, "v"),
}
others = [DOG, "A dog sat by the park . The dog", "The cat ran in the park . A cat"]
others.append("The cat sat on the mat . The mat")
ours = example.model.to_tokens(CAT)[0]
for source in others:
    theirs = example.model.to_tokens(source)[0]
    print(source)
    for site, name in sites.items():
        allowed = "allowed" if exchangeable(site, ours, theirs) else "not allowed"
        print(f"   {site:8} {allowed:12} the network says {says([name], source)}")

# %% tags=["self-check"]
check.exchangeable(exchangeable)

# %% [markdown]
# <details><summary>Hint 1: what it means</summary>
#
# Each site has one feature. Compute it for both sentences and compare.
# </details>
# <details><summary>Hint 2: a plan</summary>
#
# A helper that finds the match: the place where the last token stood before. From it the place and
# the next word follow.
# </details>
# <details><summary>Hint 3: the calls you may not know</summary>
#
# `(tokens[:-1] == tokens[-1]).nonzero()`; `torch.equal(a, b)` is a plain `bool`.
# </details>

# %% nbgrader={"grade_id": "exchangeable-test", "grade": true, "points": 3}
check.exchangeable(exchangeable)
### BEGIN HIDDEN TESTS
for seed in (11, 12, 13):
    check.exchangeable(exchangeable, seed=seed)
### END HIDDEN TESTS

# %% [markdown]
# Wherever the exchange is allowed, the network says *sat*. The reverse does not hold: what is not
# allowed may happen to do no harm, for features of whole slots are strict. Query and keys
# *together* make the pattern, and so they may be exchanged together, if the place is the same:

# %%
together = [sites["query"], sites["keys"]]
print("query and keys from", DOG, "→", says(together))
values = Edge("v", Node(EMBED, TokensBack(0), per_position=True))
for name, slots in {"one sample for both": ["qk"], "a sample for each": ["q", "k"]}.items():
    below = [Edge(slot, Node(Stream(1), match_position)) for slot in slots]
    claim = Node(LOGITS, SAME, [Edge("in", Node(inductor, SAME, [*below, values]), -1)])
    report = scrubber.test(claim)
    print(f"{name}: accuracy {report.accuracy}, of the loss {report.recovered['shuffled inputs']}")

# %% [markdown]
# One sample for both keeps every answer; a sample for each keeps hardly any, at half of the loss.
#
# ## 9 · In your own words

# %% [markdown] nbgrader={"grade_id": "colleague-task", "locked": true}
# ### Exercise 10 · What a colleague may say
#
# *2 points · about 10 minutes · difficulty 3 of 5 · graded by a person*
#
# A colleague says: *"I scrubbed my hypothesis about a head of this network, and 97 % of the loss
# was recovered. So the hypothesis is true, and we know what the head does."* What do you answer?
# Write three to five sentences into the cell below (double-click it).
#
# **What is looked for**: what the 97 % do say; one way, with the reason, in which a claim can get
# them and still be wrong; a test whose outcome could speak against the claim.
#
# <!-- BEGIN MARK SCHEME -->
# **For those who grade.** Half points may be given; clumsy English costs nothing.
#
# - **What the number says (½).** Inputs with equal features were exchanged, and the loss stayed
#   near the model's, on a scale that a baseline sets. ("97 % of the model is explained": 0.)
# - **A way to be misled, with its reason (1).** One of: the features say so much that hardly
#   anything is exchanged; the data do not separate the claim from another one; a mean loss hides
#   wrong answers; parts that cancel are in nobody's claim. Named without the reason: ½.
# - **A test that can fail (½).** The share exchanged, accuracy or KL beside the loss, data on which
#   two claims differ, a rival claim. ("More of the same data", "another seed": 0.)
# <!-- END MARK SCHEME -->

# %% [markdown] nbgrader={"grade_id": "colleague", "points": 2, "manual": true}
# <!-- BEGIN SOLUTION -->
# The 97 % say that, among these inputs, what the head reads could be exchanged wherever the
# hypothesis calls it equal, and that the loss came out close to the model's and far from that of
# shuffled inputs. They do not say that the hypothesis is true. If its features are so fine that
# hardly two inputs agree on them, nothing much was exchanged, and any claim would have passed. So
# look at the share that was exchanged, and at the accuracy and the divergence beside the loss. Then
# test a coarser claim, or a rival one, on inputs on which the two predict different things.
# <!-- END SOLUTION -->

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
answers = {1: "b", 2: "c", 3: "a", 4: "b", 5: "c"}
### END SOLUTION

# %% nbgrader={"grade_id": "quiz-test", "grade": true, "points": 2}
check.quiz(answers)

# %% [markdown]
# ## What you found
#
# - A claim about a feature says which inputs may be exchanged; scrubbing exchanges all of them.
# - No single number will do: accuracy, divergence, baselines, and how much was exchanged.
# - Half of the loss can be recovered with hardly an answer right.
# - Parts that cancel, correlated data and separate samples each mislead in a way of their own.
# - An output carries what its values bring; a pattern carries the place.
#
# ## Sources
#
# - L. Chan et al. (2022), *Causal Scrubbing: a method for rigorously testing interpretability
#   hypotheses*, with its results on induction heads; J. Scheurer et al. (2023), *Practical Pitfalls
#   of Causal Scrubbing*.
# - A. Geiger et al. (2021), *Causal Abstractions of Neural Networks*, on exchanges that should
#   change the answer.
