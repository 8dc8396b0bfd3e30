"""Answers to "the recursion of causal scrubbing" as students write them."""

from interp_course.checks.causal_scrubbing import run

EXERCISE = "scrub"


def right(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    if not all(node.important):
        other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(right(child, draw(child.feature, reference), draw))
        else:
            values.append(run(child, other))
    return node.compute(values)


def unimportant_kept(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(unimportant_kept(child, draw(child.feature, reference), draw))
        else:
            values.append(run(child, reference))
    return node.compute(values)


def important_kept(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        values.append(important_kept(child, reference, draw) if important else run(child, other))
    return node.compute(values)


def old_reference_passed_on(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if not important:
            values.append(run(child, other))
            continue
        new = draw(child.feature, reference)
        if child.inputs:
            values.append(old_reference_passed_on(child, reference, draw))
        else:
            values.append(child.compute(new))
    return node.compute(values)


def root_closed_over(node, reference, draw):
    def value(node, x):
        if not node.inputs:
            return node.compute(x)
        other = draw(None, x) if not all(node.important) else None
        return node.compute(
            [
                value(child, draw(child.feature, reference)) if important else run(child, other)
                for child, important in zip(node.inputs, node.important, strict=True)
            ]
        )

    return value(node, reference)


def one_level_deep(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        values.append(run(child, draw(child.feature, reference) if important else other))
    return node.compute(values)


def flags_ignored(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    new = [draw(child.feature, reference) for child in node.inputs]
    pairs = zip(node.inputs, new, strict=True)
    return node.compute([flags_ignored(child, x, draw) for child, x in pairs])


def important_first(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    pairs = list(zip(node.inputs, node.important, strict=True))
    values = [
        important_first(child, draw(child.feature, reference), draw)
        for child, flag in pairs
        if flag
    ]
    other = draw(None, reference)
    values += [run(child, other) for child, flag in pairs if not flag]
    return node.compute(values)


def unimportant_scrubbed(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        x = draw(child.feature, reference) if important else other
        values.append(unimportant_scrubbed(child, x, draw))
    return node.compute(values)


def swapped_flags(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(run(child, other))
        else:
            values.append(swapped_flags(child, draw(child.feature, reference), draw))
    return node.compute(values)


def ablated(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(ablated(child, draw(child.feature, reference), draw))
        else:
            values.append(0.0 * run(child, reference))
    return node.compute(values)


def values_only(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    return [
        right(child, draw(child.feature, reference), draw) if flag else run(child, other)
        for child, flag in zip(node.inputs, node.important, strict=True)
    ]


def plain(node, reference, draw):
    return run(node, reference)


def left_out(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    return node.compute(
        [
            left_out(child, draw(child.feature, reference), draw)
            for child, flag in zip(node.inputs, node.important, strict=True)
            if flag
        ]
    )


WRONG = {
    unimportant_kept: "unimportant inputs keep",
    important_kept: "important inputs keep the reference",
    old_reference_passed_on: "the old reference",
    root_closed_over: "reference of the root",
    one_level_deep: "one level deep",
    flags_ignored: "all inputs are treated as important",
    important_first: "another order",
    unimportant_scrubbed: "unimportant inputs are scrubbed in turn",
    swapped_flags: "swapped",
    ablated: "set to zero",
    values_only: "the values of the inputs are returned",
    plain: "nothing is scrubbed",
    left_out: "",
}


def from_right_to_left(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    values = [None] * len(node.inputs)
    for i in reversed(range(len(node.inputs))):
        if node.important[i]:
            child = node.inputs[i]
            values[i] = from_right_to_left(child, draw(child.feature, reference), draw)
    other = draw(None, reference)
    pairs = zip(node.inputs, values, strict=True)
    return node.compute([run(child, other) if v is None else v for child, v in pairs])


def always_draws_another(node, reference, draw):
    random_x = draw(None, reference)
    if len(node.inputs) == 0:
        return node.compute(reference)
    return node.compute(
        [
            always_draws_another(child, draw(child.feature, reference), draw)
            if node.important[i]
            else run(child, random_x)
            for i, child in enumerate(node.inputs)
        ]
    )


def plan_first(node, reference, draw):
    # level by level: first all data points are drawn, then values are computed
    points, queue = {(): reference}, [((), node)]
    for path, here in queue:
        for i, child in enumerate(here.inputs):
            if here.important[i]:
                points[(*path, i)] = draw(child.feature, points[path])
                queue.append(((*path, i), child))
        if not all(here.important):
            points[(*path, None)] = draw(None, points[path])

    def value(path, here):
        if not here.inputs:
            return here.compute(points[path])
        return here.compute(
            [
                value((*path, i), child) if here.important[i] else run(child, points[(*path, None)])
                for i, child in enumerate(here.inputs)
            ]
        )

    return value((), node)


def with_lazy_other(node, reference, draw):
    other = None

    def unimportant(child):
        nonlocal other
        if other is None:
            other = draw(None, reference)
        return run(child, other)

    def important(child):
        return with_lazy_other(child, draw(child.feature, reference), draw)

    if not node.inputs:
        return node.compute(reference)
    kinds = {True: important, False: unimportant}
    return node.compute([kinds[f](c) for c, f in zip(node.inputs, node.important, strict=True)])


RIGHT = [right, from_right_to_left, always_draws_another, plan_first, with_lazy_other]
