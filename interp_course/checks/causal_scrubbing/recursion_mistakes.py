"""How the recursion of causal scrubbing goes wrong, and what each way of it means."""

from collections.abc import Callable, Mapping
from typing import Any

from interp_course.checks.causal_scrubbing.computations import Draws, Node, Point, run

Way = Callable[[Node, Point, Draws], Any]
Kind = Callable[[Way, Node, Node, Point, Draws], Any]
"""The value of one input: from the recursion, the node, the input, the reference and draw."""
All = Callable[[Way, Node, Point, Draws], list[Any]]
"""The values of all inputs."""


def _all(values: All) -> Way:
    """The recursion in which one function gives the values of all inputs."""

    def scrubbed(node: Node, x: Point, draw: Draws) -> Any:
        return node.compute(values(scrubbed, node, x, draw) if node.inputs else x)

    return scrubbed


def _drawn(scrubbed: Way, node: Node, child: Node, x: Point, draw: Draws) -> Any:
    """As it should be for an important input."""
    return scrubbed(child, draw(child.feature, x), draw)


def _plain(feature: Callable[[Node, Node], Any]) -> Kind:
    """Not scrubbed, on a data point with this feature of the node or the input."""
    return lambda s, node, child, x, draw: run(child, draw(feature(node, child), x))


def _kept(scrubbed: Way, node: Node, child: Node, x: Point, draw: Draws) -> Any:
    return run(child, x)


def _by(
    important: Kind = _drawn,
    unimportant: Kind | None = None,
    kept: Callable[[Node], Any] = lambda node: None,
) -> Way:
    """The recursion in which each input is looked at alone.

    Where nothing else is said the unimportant ones have, as they should, their plain values on
    one other data point, of which nothing is kept.
    """

    def values(scrubbed: Way, node: Node, x: Point, draw: Draws) -> list[Any]:
        other = draw.point(kept(node), x, 0)
        found = []
        for child, named in _named(node):
            kind = important if named else unimportant
            found.append(kind(scrubbed, node, child, x, draw) if kind else run(child, other))
        return found

    return _all(values)


def _named(node: Node) -> list[tuple[Node, bool]]:
    return list(zip(node.inputs, node.important, strict=True))


def _own(node: Node, child: Node) -> Any:
    return child.feature


def _parent(node: Node, child: Node) -> Any:
    return node.feature


def _any(node: Node, child: Node) -> Any:
    return None


def _scrubbed_on(feature: Callable[[Node, Node], Any]) -> Kind:
    return lambda scrubbed, node, child, x, draw: scrubbed(
        child, draw(feature(node, child), x), draw
    )


def _one_side_first(which: bool) -> All:
    """First the values of the important inputs, then those of the others, or in turn."""

    def values(scrubbed: Way, node: Node, x: Point, draw: Draws) -> list[Any]:
        other = draw(None, x)
        found: dict[bool, list[Any]] = {True: [], False: []}
        for child, named in _named(node):
            new = _drawn(scrubbed, node, child, x, draw) if named else run(child, other)
            found[named].append(new)
        return found[which] + found[not which]

    return values


def _shared(of: Callable[[Node, Node], Any], number: int = 0) -> Kind:
    """All important inputs with this feature share one data point."""
    return lambda scrubbed, node, child, x, draw: scrubbed(
        child, draw.point(of(node, child), x, number), draw
    )


def _first_important(node: Node, child: Node) -> Any:
    return next(child.feature for child, named in _named(node) if named)


def _overwritten(other_first: bool) -> Way:
    """The reference of an input is the data point that was drawn for the one before."""

    def values(scrubbed: Way, node: Node, x: Point, draw: Draws) -> list[Any]:
        other, found = draw(None, x) if other_first else None, []
        for child, named in _named(node):
            if named:
                x = draw(child.feature, x)
                found.append(scrubbed(child, x, draw))
            else:
                other = other or draw(None, x)
                found.append(run(child, other))
        return found

    return _all(values)


def _around_other(scrubbed: Way, node: Node, x: Point, draw: Draws) -> list[Any]:
    """The other data point takes the place of the reference."""
    other = x if all(node.important) else draw(None, x)
    return [
        scrubbed(child, draw(child.feature, other), draw) if named else run(child, other)
        for child, named in _named(node)
    ]


def _closed_over(important: bool, unimportant: bool) -> Way:
    """Nodes further down draw for the root's reference instead of their own."""

    def way(root: Node, reference: Point, draw: Draws) -> Any:
        def values(scrubbed: Way, node: Node, x: Point, draw: Draws) -> list[Any]:
            other = None
            if not all(node.important):
                other = draw(None, reference if unimportant else x)
            here = reference if important else x
            return [
                _drawn(scrubbed, node, child, here, draw) if named else run(child, other)
                for child, named in _named(node)
            ]

        return _all(values)(root, reference, draw)

    return way


def _one_other(root: Node, reference: Point, draw: Draws) -> Any:
    """One other data point for all nodes of the tree."""
    other = draw.point(None, reference, 0)
    way = _by(unimportant=lambda scrubbed, node, child, x, draw: run(child, other))
    return way(root, reference, draw)


def _leaf_on(feature: Callable[[Node], Any]) -> Way:
    """A leaf draws once more, for itself."""

    def scrubbed(node: Node, x: Point, draw: Draws) -> Any:
        if not node.inputs:
            return node.compute(draw(feature(node), x))
        other = None if all(node.important) else draw(None, x)
        return node.compute(
            [
                _drawn(scrubbed, node, child, x, draw) if named else run(child, other)
                for child, named in _named(node)
            ]
        )

    return scrubbed


def _draws_for_itself(node: Node, x: Point, draw: Draws) -> Any:
    """Each node, and the root too, draws its reference itself."""
    x = draw(node.feature, x)
    if not node.inputs:
        return node.compute(x)
    other = None if all(node.important) else draw(None, x)
    return node.compute(
        [
            _draws_for_itself(child, x, draw) if named else run(child, other)
            for child, named in _named(node)
        ]
    )


def _not_computed(node: Node, x: Point, draw: Draws) -> Any:
    other = draw(None, x)
    return [
        _by()(child, draw(child.feature, x), draw) if named else run(child, other)
        for child, named in _named(node)
    ] or node.compute(x)


def _kept_reference(scrubbed: Way, node: Node, child: Node, x: Point, draw: Draws) -> Any:
    return scrubbed(child, x, draw)


def _leaves_drawn(scrubbed: Way, node: Node, child: Node, x: Point, draw: Draws) -> Any:
    new = draw(child.feature, x)
    return scrubbed(child, x, draw) if child.inputs else child.compute(new)


def _zero(scrubbed: Way, node: Node, child: Node, x: Point, draw: Draws) -> Any:
    return 0 * run(child, x)


MISTAKES: Mapping[str, tuple[Way, ...]] = {
    "nothing is scrubbed: it is the plain value on the reference": (
        lambda node, x, draw: run(node, x),
    ),
    "everything is random: it is the plain value on another data point": (
        lambda node, x, draw: run(node, draw(None, x)),
        lambda node, x, draw: run(node, draw(node.feature, x)),
    ),
    "each unimportant input has a data point of its own: they share one": (
        _by(unimportant=_plain(_any)),
    ),
    "unimportant inputs keep their value on the reference: they are resampled": (
        _by(unimportant=_kept),
    ),
    "important inputs keep the reference: each has a new data point drawn for it": (
        _by(_kept_reference),
        _by(_kept),
    ),
    "the hypothesis is followed one level deep: important inputs are scrubbed in turn": (
        _by(_plain(_own)),
    ),
    "the recursion goes on with the old reference instead of the data point that was drawn": (
        _by(_leaves_drawn),
        _closed_over(important=True, unimportant=True),
    ),
    "some draws are made for the reference of the root: each node has one of its own": (
        _closed_over(important=True, unimportant=False),
        _closed_over(important=False, unimportant=True),
    ),
    "the feature of the node itself is kept: for an input it is the feature of the input": (
        _by(_scrubbed_on(_parent)),
        _by(_plain(_parent)),
    ),
    "unimportant inputs are drawn with a feature: nothing about them is to be kept": (
        _by(unimportant=_plain(_own)),
        _by(unimportant=_plain(_parent)),
        _by(kept=lambda node: node.feature),
    ),
    "all inputs are treated as important": (_by(_drawn, _drawn),),
    "all inputs are treated as unimportant: their features are not kept": (
        _by(_plain(_any), _plain(_any)),
        _by(_scrubbed_on(_any)),
    ),
    "important and unimportant inputs are swapped": (
        _by(lambda s, node, child, x, draw: run(child, draw.point(None, x, 0)), _drawn),
    ),
    "unimportant inputs are scrubbed in turn: they have their plain value": (
        _by(unimportant=_shared(_any)),
        _by(unimportant=_scrubbed_on(_any)),
    ),
    "unimportant inputs are set to zero: they are resampled": (_by(unimportant=_zero),),
    "the values are in another order than the inputs": (
        _all(_one_side_first(True)),
        _all(_one_side_first(False)),
        _all(lambda s, node, x, draw: _one_side_first(True)(s, node, x, draw)[::-1]),
    ),
    "the important inputs share one data point: each has its own": (
        _by(_shared(_first_important)),
        _by(_shared(_parent)),
        _by(_shared(_any, 1)),
    ),
    "inputs with the same feature share a data point: each important one has its own": (
        _by(_shared(_own)),
    ),
    "the reference is overwritten: the next input is drawn for what was drawn for the last one": (
        _overwritten(other_first=True),
        _overwritten(other_first=False),
    ),
    "important inputs are drawn for the other data point: their feature is the reference's": (
        _all(_around_other),
    ),
    "one other data point is drawn for the whole tree: each node draws its own": (_one_other,),
    "a leaf draws once more: its value on the reference it was given is asked for": (
        _leaf_on(lambda node: None),
        _leaf_on(lambda node: node.feature),
    ),
    "the node draws a data point for itself: the reference of the root would be lost": (
        _draws_for_itself,
    ),
    "the values of the inputs are returned: the node computes something from them": (
        _not_computed,
    ),
}
