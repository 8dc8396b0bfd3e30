"""A reading of thirty latents on two sequences, small enough to check by eye."""

import torch

from interp_course.sae_reading import Reading

SEQUENCES = (
    ("<bos>", "nantes", "is", "in", "france", ".", "<eos>"),
    ("<bos>", "</script>", "is", "in", "<b>spain</b>", ".", "<eos>"),
)
FEATURES = (
    ("country", "france"),
    ("sense", "bank: river"),
    ("word", "france"),
    ("word", "</script>"),
    ("previous word", "in"),
)


def small_reading() -> Reading:
    """Latent 0 is active on nantes (2) and france (1), 1 on the script (4), 2 never, others thrice.

    Country = france is present on six tokens, the river on the other six.
    """
    rest = 27
    activations = torch.zeros(30, 2, 7)
    activations[0, 0, 1], activations[0, 0, 4], activations[1, 0, 1] = 2.0, 1.0, 4.0
    activations[3:, 0, 2], activations[3:, 0, 5], activations[3:, 1, 5] = 1.0, 1.0, 0.5
    effects = torch.zeros(30, 5)
    effects[0] = torch.tensor([0.1, 0.5, -0.5, 2.0, -2.0])  # <bos> <pad> <eos> the of
    return Reading(
        n=12,
        sequences=SEQUENCES,
        active=torch.tensor([2, 1, 0] + [3] * rest),
        maximum=torch.tensor([2.0, 4.0, 0.0] + [1.0] * rest),
        histogram=torch.tensor([[0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]] + [[0, 0, 1, 2]] * rest),
        n_top=1,
        shown=torch.tensor([[0, -1], [1, -1], [-1, -1]] + [[0, 1]] * rest),
        activations=activations,
        effects=effects,
        features=FEATURES,
        present=torch.tensor([6, 6, 1, 1, 2]),
        both=torch.tensor(
            [[2, 0, 1, 0, 1], [0, 1, 0, 1, 0], [0, 0, 0, 0, 0]] + [[2, 1, 0, 0, 0]] * rest
        ),
    )
