"""Answers to "which latent is that of your country, and how well does it tell"."""

import functools

import numpy as np
import torch
from sklearn.metrics import f1_score

from interp_course import dictionaries, hooks, world
from interp_course.checks.sparse_autoencoders import country, prompts

EXERCISE = "country_latent"
COUNTRIES = list(world.VARIABLES["country"])
ROWS = torch.arange(2_000)


network = functools.cache(dictionaries.network)


@functools.lru_cache(maxsize=16)
def streams(instance, place=dictionaries.PLACE):
    batch = prompts(instance)
    _, cache = hooks.capture(network(), batch.tokens, [place])
    return cache[place], batch


@functools.lru_cache(maxsize=16)
def latents(instance, shift=-1, place=dictionaries.PLACE, load=None):
    """Latents at a place relative to the answer."""
    x, batch = streams(instance, place)
    dictionary = dictionaries.load("world", instance=instance if load is None else load)
    with torch.no_grad():
        return dictionary.encode(x[ROWS, batch.place("answer") + shift])


def about(instance, name=None):
    _, batch = streams(instance)
    return batch.labels("country") == COUNTRIES.index(name or country(instance))


def parts(on, y):
    hits = (on & y[:, None]).sum(0).float()
    precision = hits / on.sum(0).clamp(min=1)
    recall = hits / y.sum()
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-9)
    return precision, recall, f1


def answer(instance, z=None, y=None):
    z = latents(instance) if z is None else z
    y = about(instance) if y is None else y
    on = z > z.amax(0) / 4
    best = parts(on[:1000], y[:1000])[2].argmax().item()
    return {"latent": best, "f1": parts(on[1000:], y[1000:])[2][best].item()}


def of(instance, best):
    """The F1 of a latent that was found in another way."""
    z = latents(instance)
    return {"latent": int(best), "f1": parts(z > z.amax(0) / 4, about(instance))[2][best].item()}


def with_f1(instance, change):
    found = answer(instance)
    return {"latent": found["latent"], "f1": change(found["f1"])}


def next_country(instance):
    """Countries counted from 1."""
    name = COUNTRIES[(COUNTRIES.index(country(instance)) + 1) % 12]
    return answer(instance, y=about(instance, name))


def relation_latent(instance):
    y = streams(instance)[1].labels("relation") == world.VARIABLES["relation"].index("ally")
    return answer(instance, y=y)


def not_shuffled(instance):
    dictionary = dictionaries.load("world")
    x, batch = streams(instance)
    with torch.no_grad():
        return answer(instance, z=dictionary.encode(x[ROWS, batch.place("answer") - 1]))


def shuffled_as_for_another(instance):
    return answer(instance, z=latents(instance, load=instance + 1))


def at_the_answer(instance):
    return answer(instance, z=latents(instance, shift=0))


def at_the_city(instance):
    return answer(instance, z=latents(instance, shift=-2))


def at_the_end(instance):
    x, _ = streams(instance)
    with torch.no_grad():
        return answer(instance, z=dictionaries.load("world", instance=instance).encode(x[:, -1]))


def answer_is_the_country(instance):
    _, batch = streams(instance)
    token = network().to_single_token(country(instance))
    return answer(instance, y=batch.tokens[ROWS, batch.place("answer")] == token)


def precision_alone(instance):
    on = latents(instance)[:1000] > 0
    return of(instance, parts(on, about(instance)[:1000])[0].argmax())


def on_most_often(instance):
    return of(instance, (latents(instance)[:1000] > 0).float().mean(0).argmax())


def largest_activation(instance):
    z = latents(instance)[:1000]
    return of(instance, z[about(instance)[:1000]].amax(0).argmax())


def nearest_to_the_unembedding(instance):
    model = network()
    W_dec = dictionaries.load("world", instance=instance).W_dec.detach()
    direction = model.W_U[:, model.to_single_token(country(instance))]
    return of(instance, torch.cosine_similarity(W_dec, direction[None], dim=1).argmax())


def nearest_to_the_embedding(instance):
    model = network()
    W_dec = dictionaries.load("world", instance=instance).W_dec.detach()
    direction = model.W_E[model.to_single_token(country(instance))]
    return of(instance, torch.cosine_similarity(W_dec, direction[None], dim=1).argmax())


def counted_from_one(instance):
    found = answer(instance)
    return {**found, "latent": found["latent"] + 1}


def percent(instance):
    return with_f1(instance, lambda f1: 100 * f1)


def without_the_factor(instance):
    return with_f1(instance, lambda f1: f1 / 2)


def halves_mixed_up(instance):
    z, y, found = latents(instance), about(instance), answer(instance)
    f1 = parts((z > z.amax(0) / 4)[1000:], y[:1000])[2][found["latent"]]
    return {**found, "f1": f1.item()}


def f1_at_the_answer(instance):
    z, found = latents(instance, shift=0), answer(instance)
    f1 = parts((z > z.amax(0) / 4)[1000:], about(instance)[1000:])[2][found["latent"]]
    return {**found, "f1": f1.item()}


def latent_alone(instance):
    return answer(instance)["latent"]


def all_f1(instance):
    z = latents(instance)
    return {**answer(instance), "f1": parts(z > 0, about(instance))[2]}


def name_for_number(instance):
    return {**answer(instance), "latent": country(instance)}


WRONG = {
    next_country: "this is a latent of",
    relation_latent: "'ally'",
    not_shuffled: "not shuffled as yours",
    shuffled_as_for_another: "not shuffled as yours",
    at_the_answer: "that of the answer itself",
    at_the_city: "that of the city",
    at_the_end: "the last one of the sequence",
    answer_is_the_country: "*answer*",
    precision_alone: "precision alone",
    on_most_often: "recall is looked at alone",
    largest_activation: "largest activation",
    nearest_to_the_unembedding: "compared with the word",
    nearest_to_the_embedding: "compared with the word",
    counted_from_one: "counted from 1",
    percent: "percent",
    without_the_factor: "factor 2",
    halves_mixed_up: "one half of the questions",
    f1_at_the_answer: "wrong position",
    latent_alone: "missing",
    all_f1: "of all latents",
    name_for_number: "country is handed in",
}


def by_the_library(instance):
    return answer(instance)


def by_loops_in_numpy(instance):
    """Nothing from the library but the weights."""
    dictionary = dictionaries.load("world", instance=instance)
    W_enc, b_enc, b_dec = (
        getattr(dictionary, name).detach().numpy() for name in ("W_enc", "b_enc", "b_dec")
    )
    x, _ = streams(instance)
    pre = (x[:, 8].numpy() - b_dec) @ W_enc + b_enc
    z = np.where(pre > dictionary.running_threshold.item(), pre, 0)
    on, y = z > 0.25 * z.max(axis=0), about(instance).numpy()
    found = np.array([f1_of(on[:1000, i], y[:1000]) for i in range(768)])
    best = found.argmax()
    return {"latent": best, "f1": f1_of(on[1000:, best], y[1000:])}


def f1_of(on, y):
    true, false, missed = (on & y).sum(), (on & ~y).sum(), (~on & y).sum()
    return 2 * true / max(1, 2 * true + false + missed)


def by_sklearn(instance):
    z, y = latents(instance), about(instance)
    on = z > z[:1000].amax(0) / 4
    candidates = on[:1000][y[:1000]].float().mean(0).topk(20).indices
    first = [f1_score(y[:1000], on[:1000, i]) for i in candidates]
    best = candidates[int(np.argmax(first))]
    return {"latent": best, "f1": f1_score(y[1000:], on[1000:, best])}


def by_pearson_correlation(instance):
    """Of being on and being about the country: it ranks latents as the F1 does."""
    z, y = latents(instance), about(instance)
    on = (z > z.amax(0) / 4).double()
    both = torch.cat([on[:1000], y[:1000, None].double()], dim=1).T
    best = torch.corrcoef(both)[-1, :-1].nan_to_num().argmax()
    return {"latent": best, "f1": parts(on[1000:] > 0, y[1000:])[2][best]}


RIGHT = [by_the_library, by_loops_in_numpy, by_sklearn, by_pearson_correlation]
