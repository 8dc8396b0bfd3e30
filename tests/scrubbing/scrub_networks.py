"""Networks set by hand, on which the right answer of a scrub is known."""

import torch

from interp_course import compiled, runtime
from interp_course.compiled import Total

ADDER = compiled.adder(rotate=True)
"""Head A writes a + c, head B writes b - c, and the logits are best at their sum a + b."""
A, B = ADDER.part("a + c head"), ADDER.part("b - c head")
EVERY = ADDER.task.sample(27)

a, b, c, answer = Total(a=1), Total(b=1), Total(c=1), Total(a=1, b=1)


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
