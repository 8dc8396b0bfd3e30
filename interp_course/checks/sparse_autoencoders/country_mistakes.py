"""What students do wrong who look for the latent of a country, and what comes out then."""

from torch import Tensor

from interp_course.checks.sparse_autoencoders.detecting import (
    drawn,
    latents,
    network,
    order,
    weights,
)
from interp_course.checks.sparse_autoencoders.scoring import (
    COUNTRIES,
    FIRST,
    SECOND,
    Scores,
    present,
    scores,
    table,
)

SAME = 0.004
"""A wrong F1 is recognised if it is this close to what a mistake gives."""
Way = tuple[str, Tensor]
"""A mistake, and the values ``[latent]`` whose largest one it chooses."""
WRONG_POSITION = "the latents are read at the wrong position{}: it is the word *is*"
PRECISION = "the latent is chosen by precision alone: it misses questions about your country"
ABOVE_0 = "a latent counts as on wherever it is above 0, and not above a quarter of its maximum"


def always_wrong(instance: int, k: int) -> list[Way]:
    """Ways to choose a latent; the country is drawn so that none gives a right one."""
    z = latents(instance)[FIRST]
    return [
        *_by_words(instance, k),
        *(
            (
                WRONG_POSITION.format(f", {what}"),
                table(instance, "first", where=where).f1[:, k],
            )
            for where, what in (
                ("answer", "that of the answer itself"),
                ("last", "the last one of the sequence"),
                ("city", "that of the city"),
            )
        ),
        (PRECISION, table(instance, "first", rule="above 0").precision[:, k]),
        (
            "the latent is chosen by its largest activation: it is as large at other questions",
            z[present(instance)[FIRST, k]].amax(dim=0),
        ),
    ]


def _by_words(instance: int, k: int) -> list[Way]:
    """The word of the country, among the weights and among the answers."""
    model, batch = network(), drawn(instance)
    token = model.to_single_token(COUNTRIES[k])
    W_dec = weights()["W_dec"][order(instance)]
    answers = batch.tokens[FIRST].gather(1, batch.place("answer")[FIRST, None])
    return [
        *(
            (
                "the latent is compared with the word of the country in the unembedding or the "
                "embedding: that is not what its activity depends on",
                (W_dec @ values.detach()).float(),
            )
            for values in (model.W_U[:, token], model.W_E[token])
        ),
        (
            "the questions whose *answer* is the country are looked at, and not those about it",
            scores(on(instance)[FIRST], answers == token).f1[:, 0],
        ),
    ]


def sometimes_wrong(instance: int, k: int) -> list[Way]:
    """Ways to choose a latent that give a right one for some countries."""
    z, about = latents(instance)[FIRST], present(instance)[FIRST, k]
    means = (
        "the latent is chosen by its mean activation, or by the difference of means: latents have "
        "scales of their own"
    )
    return [
        (means, z[about].mean(dim=0) - z[~about].mean(dim=0)),
        (means, z[about].mean(dim=0)),
        (PRECISION, table(instance, "first").precision[:, k]),
        (ABOVE_0, table(instance, "first", rule="above 0").f1[:, k]),
        (
            "the latents are read at another place of the network: the dictionary is of the "
            "stream after the first layer",
            table(instance, "first", where="after the second layer").f1[:, k],
        ),
    ]


def on(instance: int) -> Tensor:
    """Which latents are on, ``[question latent]``."""
    z = latents(instance)
    return z > 0.25 * z.amax(dim=0)


def wrong_f1(latent: int, f1: float, instance: int, k: int) -> str | None:
    """The first mistake that gives this F1."""
    second = table(instance, "second")
    crossed = scores(on(instance)[SECOND], present(instance)[FIRST])

    def of(one: Scores) -> float:
        return one.f1[latent, k].item()

    ways = [
        ("the F1 is told in percent: it lies between 0 and 1", 100 * of(second)),
        (
            "the factor 2 is missing: F1 = 2 · precision · recall / (precision + recall)",
            of(second) / 2,
        ),
        (
            "the F1 is measured on the questions that the latent was chosen on: it was chosen "
            "because it does well there",
            of(table(instance, "first")),
        ),
        ("the F1 is measured on all 2,000 questions", of(table(instance, "all"))),
        ("the precision is told instead of the F1", second.precision[latent, k].item()),
        ("the recall is told instead of the F1", second.recall[latent, k].item()),
        (
            "the accuracy is told instead of the F1: most questions are about other countries, "
            "where it is easy to be right",
            second.accuracy[latent, k].item(),
        ),
        (
            ABOVE_0,
            of(table(instance, "second", rule="above 0")),
        ),
        (
            "latents of one half of the questions are compared with the countries of the other "
            "half",
            of(crossed),
        ),
        (
            WRONG_POSITION.format(""),
            of(table(instance, "second", where="answer")),
        ),
    ]
    near = [sentence for sentence, value in ways if abs(f1 - value) <= SAME * max(1.0, value)]
    return near[0] if near else None
