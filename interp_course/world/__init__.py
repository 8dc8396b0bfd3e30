"""A small artificial world in which every latent variable is known.

``sample`` draws sequences with their ground truth, ``pairs`` draws contrasts, ``entropy`` and
``surprisal`` say how well anything can predict. See ``docs/world.md``.
"""

from interp_course.world.contrasts import pairs
from interp_course.world.geography import words_about
from interp_course.world.grammar import TEMPLATES, entropy, predictive, surprisal
from interp_course.world.sampling import VARIABLES, sample
from interp_course.world.tokenizer import tokenizer

__all__ = [
    "TEMPLATES",
    "VARIABLES",
    "entropy",
    "pairs",
    "predictive",
    "sample",
    "surprisal",
    "tokenizer",
    "words_about",
]
