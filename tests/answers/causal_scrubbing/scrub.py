"""Answers to "the recursion of causal scrubbing" as students write them."""

from interp_course.checks.causal_scrubbing import run

EXERCISE = "scrub"


def separate_draws(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(separate_draws(child, draw(child.feature, reference), draw))
        else:
            values.append(run(child, draw(None, reference)))
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


def feature_of_the_parent(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(feature_of_the_parent(child, draw(node.feature, reference), draw))
        else:
            values.append(run(child, other))
    return node.compute(values)


def one_level_deep(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        values.append(run(child, draw(child.feature, reference) if important else other))
    return node.compute(values)


def unimportant_with_feature(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        new = draw(child.feature, reference)
        values.append(unimportant_with_feature(child, new, draw) if important else run(child, new))
    return node.compute(values)


def flags_ignored(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    new = [draw(child.feature, reference) for child in node.inputs]
    pairs = zip(node.inputs, new, strict=True)
    return node.compute([flags_ignored(child, x, draw) for child, x in pairs])


def fresh_leaf(node, reference, draw):
    if not node.inputs:
        return node.compute(draw(node.feature, reference))
    other = None if all(node.important) else draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(fresh_leaf(child, draw(child.feature, reference), draw))
        else:
            values.append(run(child, other))
    return node.compute(values)


def random_leaf(node, reference, draw):
    other = draw(None, reference)
    if not node.inputs:
        return node.compute(other)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            values.append(random_leaf(child, draw(child.feature, reference), draw))
        else:
            values.append(run(child, other))
    return node.compute(values)


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


def cached_by_feature(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other, cache, values = draw(None, reference), {}, []
    for child, important in zip(node.inputs, node.important, strict=True):
        if not important:
            values.append(run(child, other))
            continue
        if child.feature not in cache:
            cache[child.feature] = draw(child.feature, reference)
        values.append(cached_by_feature(child, cache[child.feature], draw))
    return node.compute(values)


def reference_overwritten(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    other = draw(None, reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        if important:
            reference = draw(child.feature, reference)
            values.append(reference_overwritten(child, reference, draw))
        else:
            values.append(run(child, other))
    return node.compute(values)


def other_for_the_whole_tree(node, reference, draw):
    other = draw(None, reference)

    def value(node, x):
        if not node.inputs:
            return node.compute(x)
        return node.compute(
            [
                value(child, draw(child.feature, x)) if important else run(child, other)
                for child, important in zip(node.inputs, node.important, strict=True)
            ]
        )

    return value(node, reference)


def drawn_by_the_node(node, reference, draw):
    x = draw(node.feature, reference)
    if not node.inputs:
        return node.compute(x)
    other = draw(None, x)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        values.append(drawn_by_the_node(child, x, draw) if important else run(child, other))
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


def all_random(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    return node.compute([all_random(child, draw(None, reference), draw) for child in node.inputs])


def one_for_all_important(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    pairs = list(zip(node.inputs, node.important, strict=True))
    other = draw(None, reference)
    new = draw(node.feature, reference)
    return node.compute(
        [
            one_for_all_important(child, new, draw) if flag else run(child, other)
            for child, flag in pairs
        ]
    )


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


WRONG = {
    separate_draws: "they share one",
    unimportant_kept: "unimportant inputs keep",
    important_kept: "important inputs keep the reference",
    old_reference_passed_on: "the old reference",
    root_closed_over: "reference of the root",
    feature_of_the_parent: "feature of the node itself",
    one_level_deep: "one level deep",
    unimportant_with_feature: "unimportant inputs are drawn with a feature",
    flags_ignored: "all inputs are treated as important",
    fresh_leaf: "a leaf draws once more",
    random_leaf: "a leaf draws once more",
    important_first: "another order",
    unimportant_scrubbed: "unimportant inputs are scrubbed in turn",
    cached_by_feature: "inputs with the same feature share",
    reference_overwritten: "overwritten",
    other_for_the_whole_tree: "for the whole tree",
    drawn_by_the_node: "for itself",
    swapped_flags: "swapped",
    ablated: "set to zero",
    all_random: "all inputs are treated as unimportant",
    one_for_all_important: "share one data point",
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
