"""Networks set by hand, on which the right answer of a scrub is known."""

import itertools

import torch

from interp_course import compiled, models, runtime

VALUES = 3


def sums():
    """Head A writes x0 + x2, head B writes x1 - x2, and the logits are best at their sum x0 + x1.

    The tokens at positions 0, 1, 2 are x0, 3 + x1, 6 + x2; token 9 stands at the end.
    """
    architecture = models.Architecture(1, 2, d_model=12, d_head=1, d_vocab=10, n_ctx=4)
    module = models.build(architecture)
    state = {k: torch.zeros_like(v) for k, v in module.state_dict().items()}
    state["tok_embed.weight"][:, :10] = torch.eye(10)
    state["pos.weight"][:, 11] = 1.0  # a constant
    values = torch.arange(VALUES).float()
    state["layers.0.attn.v.weight"][0, 0:3] = state["layers.0.attn.v.weight"][0, 6:9] = values
    state["layers.0.attn.v.weight"][1, 3:6], state["layers.0.attn.v.weight"][1, 6:9] = (
        values,
        -values,
    )
    state["layers.0.attn.o.weight"][10] = 4.0  # attention is uniform over four positions
    classes = torch.arange(5).float()
    state["head.weight"][:, 11] = -1000.0
    state["head.weight"][:5, 10], state["head.weight"][:5, 11] = 20 * classes, -10 * classes**2
    module.load_state_dict(state)
    return models.wrap(module)


def all_sums():
    """Every input of `sums`, and the label x0 + x1."""
    inputs = torch.tensor(list(itertools.product(range(VALUES), repeat=3)))
    tokens = torch.cat([inputs + torch.tensor([0, 3, 6]), torch.full((27, 1), 9)], dim=1)
    return tokens, inputs[:, 0] + inputs[:, 1]


def x0(tokens):
    return tokens[:, 0]


def x1(tokens):
    return tokens[:, 1] - 3


def x2(tokens):
    return tokens[:, 2] - 6


def answer(tokens):
    return x0(tokens) + x1(tokens)


def induction():
    """A previous-token head and an induction head, the textbook circuit, nothing else."""
    layout = compiled.SlotLayout(d_vocab=12, n_ctx=7)

    def reads(slot, scale=1.0):
        matrix = torch.zeros(layout.d_model, layout.d_head)
        width = layout.slot(slot).stop - layout.slot(slot).start
        matrix[layout.slot(slot), :width] = scale * torch.eye(width)
        return matrix

    weights = {"W_K_0": reads("position"), "W_V_0": reads("token"), "W_O_0": reads("previous").T}
    weights["W_Q_0"] = 100.0 * reads("position").roll(-1, dims=1)
    weights |= {"W_Q_1": reads("token", 100.0), "W_K_1": reads("previous")}
    weights |= {"W_V_1": reads("token"), "W_O_1": 20.0 * reads("output").T}
    return compiled.assemble(layout, weights)


def repeats(n=400):
    """BOS, five distinct tokens, then the first or second again; the label is what followed it."""
    rng = runtime.generator("scrubbing repeats")
    tokens = torch.rand(n, 11, generator=rng).argsort(dim=1)[:, :5] + 1
    place = torch.randint(2, (n, 1), generator=rng)
    labels = tokens.gather(1, place + 1).squeeze(1)
    bos = torch.zeros_like(place)  # a previous-token head takes the first token for its own past
    return torch.cat([bos, tokens, tokens.gather(1, place)], dim=1), labels
