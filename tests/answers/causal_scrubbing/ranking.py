"""Answers to "put six hypotheses into an order" as students find them."""

import functools

from interp_course.checks.causal_scrubbing import candidates

EXERCISE = "ranking"
N = 500


@functools.cache
def measured(instance):
    """What one notes down of each test."""
    scrubber, nodes = candidates(instance)
    found = {}
    for letter, node in nodes.items():
        report = scrubber.test(node, N)
        found[letter] = {
            "accuracy": report.accuracy.mean,
            "lost": report.model_accuracy.mean - report.accuracy.mean > 0.02
            or report.kl.mean > 0.01,
            "recovered": round(report.recovered["shuffled inputs"].mean, 3),
            "kl": round(report.kl.mean, 3),
            "resampled": report.resampled,
            "nodes": len(report.plan.draws),
        }
    return found


def ranked(instance, key):
    """The letters, the smallest key first; equal ones in the order of the letters."""
    notes = measured(instance)
    return "".join(sorted(notes, key=lambda letter: key(notes[letter])))


def rules(seen):
    if seen["lost"]:
        return (1, -seen["accuracy"])
    return (0, -round(seen["resampled"]), -seen["nodes"])


def by_the_rules(instance):
    return ranked(instance, rules)


def turned_round(instance):
    return by_the_rules(instance)[::-1]


def by_accuracy_alone(instance):
    return ranked(instance, lambda seen: -seen["accuracy"])


def by_accuracy_from_the_end(instance):
    return ranked(instance, lambda seen: seen["accuracy"])[::-1]


def by_loss_recovered(instance):
    return ranked(instance, lambda seen: -seen["recovered"])


def by_kl(instance):
    return ranked(instance, lambda seen: seen["kl"])


def by_loss_recovered_where_answers_are_lost(instance):
    def key(seen):
        return (1, -seen["recovered"]) if seen["lost"] else rules(seen)

    return ranked(instance, key)


def by_kl_where_answers_are_lost(instance):
    return ranked(instance, lambda seen: (1, seen["kl"]) if seen["lost"] else rules(seen))


def by_nodes_then_exchange(instance):
    def key(seen):
        return rules(seen) if seen["lost"] else (0, -seen["nodes"], -round(seen["resampled"]))

    return ranked(instance, key)


def without_nodes(instance):
    """Which of two hypotheses with nearly equal shares is first is read off the third digit."""

    def key(seen):
        return rules(seen) if seen["lost"] else (0, -round(seen["resampled"]), seen["nodes"])

    return ranked(instance, key)


def least_exchanged_first(instance):
    def key(seen):
        return rules(seen) if seen["lost"] else (0, seen["resampled"], seen["nodes"])

    return ranked(instance, key)


def empty_tests_last(instance):
    order = by_the_rules(instance)
    return order[:2] + order[3:] + order[2]


def by_exchange_alone(instance):
    return ranked(instance, lambda seen: -seen["resampled"])


def by_nodes_alone(instance):
    return ranked(instance, lambda seen: (-seen["nodes"], -seen["accuracy"], seen["kl"]))


def worst_of_the_lost_first(instance):
    order = by_the_rules(instance)
    return order[:3] + order[3:][::-1]


def fewest_nodes_of_the_lost_first(instance):
    def key(seen):
        return (1, seen["nodes"], -seen["accuracy"]) if seen["lost"] else rules(seen)

    return ranked(instance, key)


def only_those_that_pass(instance):
    return by_the_rules(instance)[:3]


def the_best_twice(instance):
    order = by_the_rules(instance)
    return order[0] + order[:5]


def numbered(instance):
    return {letter: place for place, letter in enumerate(by_the_rules(instance), start=1)}


def accuracies(instance):
    return [seen["accuracy"] for seen in measured(instance).values()]


WRONG = {
    turned_round: "turned round",
    by_accuracy_alone: "in the order of the letters",
    by_accuracy_from_the_end: "keep the behaviour",
    by_loss_recovered: "in the order of the letters",
    by_kl: "in the order of the letters",
    by_loss_recovered_where_answers_are_lost: "at chance accuracy",
    by_kl_where_answers_are_lost: "at chance accuracy",
    by_nodes_then_exchange: "could not fail",
    without_nodes: "says more about how",
    least_exchanged_first: "could not fail",
    empty_tests_last: "nothing speaks against it",
    by_exchange_alone: "answers are lost is put before",
    by_nodes_alone: "answers are lost is put before",
    worst_of_the_lost_first: "the highest comes first",
    fewest_nodes_of_the_lost_first: "the highest comes first",
    only_those_that_pass: "missing",
    the_best_twice: "twice",
    numbered: "write the letters",
    accuracies: "",
}


def as_a_list(instance):
    """Other draws, fewer samples, and groups that are sorted one by one."""
    scrubber, nodes = candidates(instance)
    reports = {letter: scrubber.test(node, 300, seed=7) for letter, node in nodes.items()}
    kept = [x for x, r in reports.items() if r.accuracy.mean > 0.98 and r.kl.mean < 0.01]
    lost = sorted(set(reports) - set(kept), key=lambda x: reports[x].accuracy.mean, reverse=True)
    exchanged = max(reports[x].resampled for x in kept)
    full = [x for x in kept if reports[x].resampled > exchanged - 0.1]
    full.sort(key=lambda x: sum(1 for _ in nodes[x].walk()), reverse=True)
    return [*full, *(x for x in kept if x not in full), *lost]


def better(one, other):
    """Whether one test is a point for its hypothesis, compared with another one."""
    if one["lost"] != other["lost"]:
        return other["lost"]
    if one["lost"]:
        return one["accuracy"] > other["accuracy"]
    if abs(one["resampled"] - other["resampled"]) > 0.1:
        return one["resampled"] > other["resampled"]
    return one["nodes"] > other["nodes"]


def by_duels(instance):
    """Each against each; the order is that of the numbers of duels won."""
    notes = measured(instance)
    won = {x: sum(better(notes[x], notes[y]) for y in notes if y != x) for x in notes}
    return " > ".join(sorted(won, key=lambda x: -won[x])).lower()


RIGHT = [by_the_rules, as_a_list, by_duels]
