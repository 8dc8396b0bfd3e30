"""Judge where the number arrives: the stream that holds it, the head that brings it, how well."""

import math
from collections.abc import Mapping
from typing import Any

from interp_course.checking import Finding
from interp_course.checks.causal_scrubbing.arrivals import (
    ENOUGH,
    HEADS,
    LAYERS,
    TRAINING_RUNS,
    alone,
    truth,
)
from interp_course.checks.circuits.naming import Place, no_name, place

KEYS = ("layer", "head", "kept")
TOLERANCE, NEAR, WIDE = 0.05, 0.03, 0.1
Problem = tuple[str, str | None]


def _judge(answer: Any, instance: int) -> Problem | None:
    problem = _malformed(answer)
    if problem is not None:
        return problem
    layer, named, kept = int(answer["layer"]), place(answer["head"]), float(answer["kept"])
    assert named is not None  # or it would be malformed
    run = instance % TRAINING_RUNS
    right, best = truth(run, instance)
    share = alone(run, instance, best)
    wrong = {
        "layer": layer != right,
        "head": named != best,
        "kept": not math.isclose(kept, share, abs_tol=TOLERANCE),
    }
    if not any(wrong.values()):
        return None
    text = f"not right yet: {', '.join(repr(key) for key in KEYS if wrong[key])}"
    if wrong["layer"] or wrong["head"]:
        for other in range(TRAINING_RUNS):
            if other != run and _is_of(other, instance, layer, named, kept):
                return text, "another training run is taken: load the one of your instance"
    if (
        wrong["layer"]
        and wrong["head"]
        and (layer, named) == (right + 1, (best[0] + 1, best[1] + 1))
    ):
        return text, "layers and heads are counted from 1: the first ones are layer 0 and H0"
    if wrong["layer"]:
        return text, _wrong_layer(layer, right)
    if wrong["head"]:
        return text, _wrong_head(named, right, best)
    return text, _wrong_kept(kept, share, run, instance, best)


def _is_of(run: int, instance: int, layer: int, named: Place, kept: float) -> bool:
    """Whether the answer is that of a training run."""
    if (layer, named) != truth(run, instance):
        return False
    return math.isclose(kept, alone(run, instance, named), abs_tol=NEAR)


def _malformed(answer: Any) -> Problem | None:
    if not isinstance(answer, Mapping) or set(answer) != set(KEYS):
        return f"expected a dict with the keys {', '.join(map(repr, KEYS))}, got {answer!r}", None
    if place(answer["head"]) is None:
        return f"head: {answer['head']!r} is no head", no_name(answer["head"])
    numbers = []
    for key in ("layer", "kept"):
        try:
            numbers.append(float(answer[key]))
        except (TypeError, ValueError, RuntimeError):
            return f"{key}: expected one number, got {answer[key]!r}", None
    layer, kept = numbers
    if not (layer.is_integer() and layer >= 0):
        return f"layer: expected a whole number from 0 on, got {answer['layer']!r}", None
    if not 0 <= kept <= 1:
        percent = "the share is told in percent, or is a count" if kept > 1 else None
        return f"kept: expected a share from 0 to 1, got {answer['kept']!r}", percent
    return None


def _wrong_layer(layer: int, right: int) -> str:
    if layer == right - 1:
        return (
            "the layer is named in which the number comes, or into which a little of it comes: "
            f"asked is the first stream of which at least {ENOUGH:.0%} of the verbs keep their "
            "number"
        )
    if layer == 0:
        return (
            "the rest of the sentence stays in place: then the other positions still tell the "
            "number, and every layer passes"
        )
    if layer > LAYERS:
        return f"layers are counted from 1: the last stream, into layer {LAYERS}, is the end"
    if layer > right:
        return (
            "a stream is named that passes but is not the first: layers are counted from 1, or "
            "the parts above read other sentences instead of the stream under test"
        )
    return (
        "the number is looked for where the noun stands: asked is when it is at the last position"
    )


def _wrong_head(named: Place, right: int, best: Place) -> str:
    layer, number = named
    if named == (best[1], best[0]) or named == (best[0] + 1, best[1]):
        return "the layer of the head is wrong: L1.H3 is head 3 of layer 1, both counted from 0"
    if layer >= LAYERS or number >= HEADS:
        return "heads are counted from 1: the first one of a layer is H0"
    if layer == 0:
        return (
            "the exchange is at the noun's position, or changes nothing: what a head carries to "
            "the last position it writes there"
        )
    if layer >= right:
        return (
            "the head is above the stream that already holds the number: it can only read what "
            "another head has brought"
        )
    return (
        "a head is named that brings little or nothing: with its number alone fewer verbs keep "
        "theirs than with another head's"
    )


def _wrong_kept(kept: float, share: float, run: int, instance: int, best: Place) -> str | None:
    ways = {
        "only the head's direct way to the logits is kept: the parts above it at the last "
        "position read it too": alone(run, instance, best, "direct"),
        "the control is told: there the head's sentence may have either number": alone(
            run, instance, best, "control"
        ),
        "verbs that are lost are counted: asked are those that keep their number": 1 - share,
    }
    found = [text for text, value in ways.items() if math.isclose(kept, value, abs_tol=WIDE)]
    if kept < 0.25:
        found.append(
            "the report's accuracy is told: the label is one verb of ten that are equally likely, "
            "so count the verbs of the right number"
        )
    if kept > share:
        found.append(
            "more than this head is kept: other heads, the stream below, or with "
            'unimportant="exact" all that is not mentioned'
        )
    return ", or when ".join(found) if found else None


arrival = Finding(
    name="arrival",
    judge=_judge,
    reread="a stream passes if at the last position all that is above it reads it and nothing "
    "else, and the number is all that it keeps; then take the streams from the bottom up, and "
    "after them the heads one by one, in place of the stream",
)
