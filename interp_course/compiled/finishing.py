"""The last step of writing a network: build it, and put the truth about it beside it."""

from collections.abc import Iterable, Mapping, Sequence

from interp_course.circuits import Circuit, Edge
from interp_course.compiled.building import build
from interp_course.compiled.language import Network
from interp_course.compiled.places import Settings
from interp_course.compiled.prompts import Compiled, Labels, Task
from interp_course.compiled.wiring import live, roles
from interp_course.compiled.words import tokenizer


def finish(
    network: Network,
    settings: Settings,
    words: Sequence[str],
    *,
    task: Task,
    features: Mapping[str, Labels],
    dormant: Iterable[Edge] = (),
) -> Compiled:
    """The compiled network: its circuit is every live edge that is not dormant."""
    model = build(
        network,
        rotate=settings.rotate,
        compress=settings.compress,
        seed=settings.instance,
        tokenizer=tokenizer(words),
    )
    asleep = Circuit.of(dormant)
    awake = Circuit(live(network) - asleep.edges)
    return Compiled(model, awake, asleep, roles(network), task, features, network)
