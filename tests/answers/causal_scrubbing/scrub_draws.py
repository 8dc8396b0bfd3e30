"""Answers to "the recursion of causal scrubbing" that draw in the wrong way."""

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


def unimportant_with_feature(node, reference, draw):
    if not node.inputs:
        return node.compute(reference)
    values = []
    for child, important in zip(node.inputs, node.important, strict=True):
        new = draw(child.feature, reference)
        values.append(unimportant_with_feature(child, new, draw) if important else run(child, new))
    return node.compute(values)


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


WRONG = {
    separate_draws: "they share one",
    feature_of_the_parent: "feature of the node itself",
    unimportant_with_feature: "unimportant inputs are drawn with a feature",
    fresh_leaf: "a leaf draws once more",
    random_leaf: "a leaf draws once more",
    cached_by_feature: "inputs with the same feature share",
    reference_overwritten: "overwritten",
    other_for_the_whole_tree: "for the whole tree",
    drawn_by_the_node: "for itself",
    all_random: "all inputs are treated as unimportant",
    one_for_all_important: "share one data point",
}

RIGHT = []
