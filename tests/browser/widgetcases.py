"""One small widget of every kind, for tests that hold for all of them."""

from pathlib import Path

READING = (Path(__file__).parents[1] / "reading_cases.py").read_text()
SETUP = f"""{READING}
import torch
from interp_course.circuits import EMBED, LOGITS
from interp_course.quizzes import Option, Prediction, Question, Quiz
from interp_course.scrubbing import SAME, Edge, Node, TokenAt
from interp_course.widgets import *

tokens = ["<bos>", " Tom", "gave", "Tom"]
patterns = torch.tensor([[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.2, 0.6, 0.2, 0], [1.0, 0, 0, 0]])
effects = torch.tensor([[0.0, 0.5, -0.25, 0.1], [-0.6, -1.0, 0.0, -0.7], [0.0, 0.0, 0.66, 1.0]])
plane = torch.tensor([[1.0, 0.0, 0.3], [0.0, 1.0, 0.3]])
claim = Node(LOGITS, SAME, [Edge("in", Node(EMBED, TokenAt(-1)), -1)])
sky = Question(
    "What colour is *the sky*, in `</b>`?",
    {{"a": Option("Green.", "Grass."), "b": Option("Blue.", "It scatters.", right=True)}},
)
"""
SHOWN = {
    "explorer": "AttentionExplorer(tokens, patterns[None, None])",
    "slider": 'SteeringSlider("It was", [-1.0, 0.0], [" bad", " good"], {"a": [0.5, 0.25]})',
    "viewer": "SuperpositionViewer(torch.stack([plane, plane / 2]), [0.1, 0.2])",
    "dashboard": "FeatureDashboard(small_reading())",
    "tree": "HypothesisTree(claim)",
    "map": "PatchingMap(effects, tokens)",
    "quiz": "Quiz([sky])",
    "prediction": "Prediction(sky)",
    "tokens": "colored_tokens(tokens, torch.tensor([0.1, -0.5, 0.2, 0.9]))",
    "heads": "attention_heads(tokens, patterns[None])",
}
"""What each kind is shown by, in the order of the cells below the first one with code."""
SAID = {
    "explorer": "Attention from token 3 “Tom”. Run the cell to explore the others.",
    "slider": "“It was” is continued at 2 strengths",
    "viewer": "3 features share a plane, at 2 steps",
    "dashboard": "Run the cell to move between the 30 latents.",
    "tree": "Run the cell to walk through the tree.",
    "map": "Run the cell to walk the map.",
    "quiz": "1. What colour is the sky, in </b>?",
    "prediction": "Predict first. What colour is the sky, in </b>?",
    "tokens": "4 tokens coloured by value",
    "heads": "Attention patterns of 1 heads over 4 tokens",
}
"""What is to be read of each kind where no widget lives."""


def cell(page, kind: str):
    """The cell that shows a widget of this kind."""
    return page.locator(".jp-CodeCell").nth(1 + list(SHOWN).index(kind))
