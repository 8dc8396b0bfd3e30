"""Hypotheses that cannot even be tested: what the engine says of them, and what is behind it."""

_NO_INPUT = (
    "an edge enters through an input that there is not: a head reads through q, k and v, the "
    "logits through 'in'"
)
FOREIGN = (
    "heads are written into the answer: each network has them elsewhere, so take those that are "
    "handed in"
)
_TO_BUILD = {
    "is not upstream": "the tree is upside down, or two heads are swapped: what is read hangs "
    "below what reads it, and was written before it",
    "to enter through": _NO_INPUT,
    "slots must name": _NO_INPUT,
    "leave out its edges": "embeddings are given inputs: they read nothing but the tokens",
}
_TO_TEST = {
    "the root of a hypothesis": "the tree does not begin at the top: what is tested is what the "
    "logits say, so they are its root",
    "must return labels [n] or": "per_position is forgotten where the feature has labels for each "
    "position",
    "must return labels [n pos]": "per_position is asked for where the feature has one label for "
    "the whole prompt",
    "this model has no": FOREIGN,
    "would be replaced twice": "an input is named twice, so that it would be exchanged twice",
    "must return a tensor": "a feature returns no tensor: it is called once, with the tokens of "
    "all prompts",
}


def why_not_written(error: str) -> str | None:
    """What is wrong with a tree that its own nodes refuse."""
    return _first(_TO_BUILD, error)


def why_untestable(error: str) -> str | None:
    """What is wrong with a tree that the engine refuses."""
    return _first(_TO_TEST, error)


def _first(sentences: dict[str, str], error: str) -> str | None:
    return next((text for part, text in sentences.items() if part in error), None)
