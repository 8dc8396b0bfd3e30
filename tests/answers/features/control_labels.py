"""Answers to "labels without meaning" as students write them."""

import random

import numpy as np
import torch

EXERCISE = "control_labels"


def _rng(seed):
    return torch.Generator().manual_seed(seed)


def _drawn(n, seed):
    return torch.rand(n, generator=_rng(seed)) < 0.5


def one_label_per_occurrence(words, seed):
    return _drawn(len(words), seed)


def shuffled_labels(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    labels = _drawn(len(kinds), seed)[kind]
    return labels[torch.randperm(len(words), generator=_rng(seed))]


def tensors_as_keys(words, seed):
    rng, listed = random.Random(seed), list(words)
    table = {word: rng.random() < 0.5 for word in listed}
    return torch.tensor([table[word] for word in listed])


def draws_again_for_each_word(words, seed):
    generator = random.Random(seed)
    return [generator.random() < 0.5 for _ in words.tolist()]


def sorted_words(words, seed):
    kinds, counts = words.unique(return_counts=True)
    return _drawn(len(kinds), seed).repeat_interleave(counts)


def odd_numbers(words, seed):
    return words % 2 == 1


def odd_numbers_shifted_by_the_seed(words, seed):
    return (words + seed) % 2 == 0


def odd_ranks(words, seed):
    _, rank = words.unique(return_inverse=True)
    return rank % 2 == 0


def above_the_median(words, seed):
    return words > words.median()


def random_threshold(words, seed):
    kinds = words.unique()
    place = torch.randint(20, len(kinds) - 20, (), generator=_rng(seed))
    return words > kinds[place]


def every_other_new_word(words, seed):
    table = {}
    for word in words.tolist():
        table.setdefault(word, len(table) % 2 == 0)
    return torch.tensor([table[word] for word in words.tolist()])


def every_other_place(words, seed):
    return torch.arange(len(words)) % 2 == seed % 2


def first_half_of_the_text(words, seed):
    return torch.arange(len(words)) < len(words) // 2


def all_true(words, seed):
    return torch.ones(len(words), dtype=torch.bool)


def starts_anew_for_each_word(words, seed):
    table = {}
    for word in words.tolist():
        table[word] = bool(torch.rand((), generator=_rng(seed)) < 0.5)
    return torch.tensor([table[word] for word in words.tolist()])


def seed_not_used(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return (torch.rand(len(kinds)) < 0.5)[kind]


def always_seed_zero(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return _drawn(len(kinds), 0)[kind]


def seed_by_word_only(words, seed):
    labels = {word: random.Random(word).random() < 0.5 for word in set(words.tolist())}
    return [labels[word] for word in words.tolist()]


def one_label_per_kind(words, seed):
    return _drawn(len(words.unique()), seed)


def the_table(words, seed):
    rng = random.Random(seed)
    return {word: rng.random() < 0.5 for word in set(words.tolist())}


def not_yet_looked_up(words, seed):
    return _drawn(int(words.max()) + 1, seed)


def still_random_numbers(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return torch.rand(len(kinds), generator=_rng(seed))[kind]


def the_words(words, seed):
    return words


def permuted_numbers(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return torch.randperm(len(kinds), generator=_rng(seed))[kind]


def plus_and_minus_one(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return (2 * _drawn(len(kinds), seed).int() - 1)[kind]


def hardly_ever_true(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return (torch.rand(len(kinds), generator=_rng(seed)) < 0.1)[kind]


def labels_and_words(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return kinds, _drawn(len(kinds), seed)[kind]


WRONG = {
    one_label_per_occurrence: "each occurrence",
    shuffled_labels: "each occurrence",
    tensors_as_keys: "each occurrence",
    draws_again_for_each_word: "each occurrence",
    sorted_words: "sorted words",
    odd_numbers: "odd and even",
    odd_numbers_shifted_by_the_seed: "odd and even",
    odd_ranks: "odd and even",
    above_the_median: "threshold",
    random_threshold: "threshold",
    every_other_new_word: "order in which the words occur first",
    every_other_place: "place in the text",
    first_half_of_the_text: "place in the text",
    all_true: "same label",
    starts_anew_for_each_word: "same label",
    seed_not_used: "does not start from the seed",
    always_seed_zero: "seed is ignored",
    seed_by_word_only: "seed is ignored",
    one_label_per_kind: "each *kind* of word",
    the_table: "table from word to label",
    not_yet_looked_up: "before it is looked up",
    still_random_numbers: "comparison with 0.5",
    the_words: "words themselves",
    permuted_numbers: "numbers of words or places",
    plus_and_minus_one: "1 and -1",
    hardly_ever_true: "same probability",
    labels_and_words: "together with something else",
}


def with_unique(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    return _drawn(len(kinds), seed)[kind]


def with_a_dict(words, seed):
    rng, table = random.Random(seed), {}
    for word in words.tolist():
        if word not in table:
            table[word] = rng.random() < 0.5
    return torch.tensor([table[word] for word in words.tolist()])


def table_of_all_words(words, seed):
    return torch.randint(2, (int(words.max()) + 1,), generator=_rng(seed)).bool()[words]


def exactly_half(words, seed):
    kinds, kind = words.unique(return_inverse=True)
    chosen = torch.randperm(len(kinds), generator=_rng(seed)) < len(kinds) // 2
    return chosen[kind]


def with_numpy(words, seed):
    kinds, kind = np.unique(words.numpy(), return_inverse=True)
    return np.random.default_rng(seed).integers(0, 2, size=len(kinds))[kind] == 1


def chosen_words(words, seed):
    kinds = words.unique()
    order = torch.randperm(len(kinds), generator=_rng(seed))
    return torch.isin(words, kinds[order[: len(kinds) // 2]])


def global_seed(words, seed):
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    table = torch.bernoulli(torch.full((int(words.max()) + 1,), 0.5))
    torch.set_rng_state(state)
    return table[words]


RIGHT = [
    with_unique,
    with_a_dict,
    table_of_all_words,
    exactly_half,
    with_numpy,
    chosen_words,
    global_seed,
]
