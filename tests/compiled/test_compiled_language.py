"""The weights compute what a written network says, for random networks too."""

import pytest
import torch
from torch import Tensor

from interp_course import runtime
from interp_course.circuits import Circuit
from interp_course.compiled.building import build
from interp_course.compiled.language import POSITION, TOKEN, Gates, Head, Match, Network, Read
from interp_course.compiled.places import decoy, junk, unread
from interp_course.compiled.wiring import live, roles, wired

SPACES = {TOKEN: 7, POSITION: 6, "a": 3, "b": 5, "c": 4}


def random_network(seed: int) -> Network:
    """Two layers of two heads and of gates, all of them random."""
    rng = runtime.generator("test language", seed)

    def matrix(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng) / 2

    def head(sources: str, target: str) -> Head:
        query, key, value = ({"t": TOKEN, "p": POSITION}.get(s, s) for s in sources)
        same = Match(Read(query, matrix(SPACES[query], 2)), Read(key, matrix(SPACES[key], 2)), 0.7)
        fixed = Match(None, Read(key, matrix(SPACES[key], 1)), -0.5)
        write, read = matrix(3, SPACES[target]), Read(value, matrix(SPACES[value], 3))
        return Head("head", (same, fixed), read, target, 1.5, write)

    def gates(sources: tuple[str, ...], target: str) -> Gates:
        reads = {s: matrix(SPACES[s], 4) for s in sources}
        return Gates("gates", reads, target, matrix(4, SPACES[target]), matrix(4))

    heads = {(0, 0): head("tpt", "a"), (0, 1): head("pta", "b"), (1, 0): head("abc", "c")}
    mlps = {0: (gates((TOKEN, "a"), "c"),), 1: (gates(("b", "c"), "a"), gates(("a",), "b"))}
    return Network(SPACES, 2, 2, (Read("a", matrix(3, 7)), Read("c", matrix(4, 7))), heads, mlps)


def by_hand(network: Network, tokens: list[int]) -> Tensor:
    """What the network says, position by position, in double precision."""
    zero = {s: torch.zeros(len(tokens), n, dtype=torch.float64) for s, n in SPACES.items()}
    x = zero | {
        TOKEN: torch.eye(7)[tokens].double(),
        POSITION: torch.eye(6)[: len(tokens)].double(),
    }
    for layer in range(network.n_layers):
        heads = [h for (where, _), h in network.heads.items() if where == layer]
        written = [(h.target, attend(h, x) @ h.write.double()) for h in heads]
        x = added(x, written)
        x = added(x, [(g.target, fire(g, x)) for g in network.mlps[layer]])
    return sum(x[r.space] @ r.matrix.double() for r in network.logits)


def attend(head: Head, x: dict[str, Tensor]) -> Tensor:
    n, found = len(x[TOKEN]), []
    value = x[head.value.space] @ head.value.matrix.double()
    for i in range(n):
        scores = torch.zeros(i + 1, dtype=torch.float64)
        for match in head.matches:
            keys = x[match.key.space][: i + 1] @ match.key.matrix.double()
            query = torch.ones(1).double()
            if match.query is not None:
                query = x[match.query.space][i] @ match.query.matrix.double()
            scores += head.beta * match.weight * keys @ query
        found.append(scores.softmax(dim=0) @ value[: i + 1])
    return torch.stack(found)


def fire(gates: Gates, x: dict[str, Tensor]) -> Tensor:
    total = sum(x[space] @ matrix.double() for space, matrix in gates.reads.items())
    return (total - gates.threshold.double()).clamp(min=0) @ gates.write.double()


def added(x: dict[str, Tensor], written: list[tuple[str, Tensor]]) -> dict[str, Tensor]:
    return {s: v + sum(w for target, w in written if target == s) for s, v in x.items()}


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_a_random_network_computes_what_is_written(seed, rotate):
    network, tokens = random_network(seed), [3, 0, 3, 6, 1]
    model = build(network, rotate=rotate, seed=seed)
    with torch.no_grad():
        found = model(torch.tensor([tokens]))[0].double()
    torch.testing.assert_close(found, by_hand(network, tokens), rtol=0, atol=1e-5)


def test_a_compressed_stream_keeps_directions_that_are_nearly_orthogonal():
    """As near as a frame of this size can be on average (Welch 1974)."""
    model = build(random_network(0), compress=20)
    directions = torch.cat([model.W_E, model.W_pos])
    overlaps = (directions @ directions.T).fill_diagonal_(0)
    bound = ((25 - 20) / (20 * 24)) ** 0.5
    assert overlaps.square().mean().sqrt() < 1.5 * bound


def test_the_wiring_by_hand():
    network = random_network(0)
    from_tokens = ["embed -> L0.H0.q", "embed -> L0.H0.v", "embed -> L0.H1.k", "embed -> L0.MLP"]
    from_positions = ["positions -> L0.H0.k", "positions -> L0.H1.q"]
    first = ["L0.H0 -> L0.MLP", "L0.H0 -> L1.H0.q", "L0.H1 -> L1.H0.k", "L0.MLP -> L1.H0.v"]
    second = ["L0.H0 -> L1.MLP", "L0.H1 -> L1.MLP", "L0.MLP -> L1.MLP", "L1.H0 -> L1.MLP"]
    last = ["L0.H0 -> logits", "L0.MLP -> logits", "L1.H0 -> logits", "L1.MLP -> logits"]
    expected = Circuit.of([*from_tokens, *from_positions, *first, *second, *last])
    assert wired(network) == live(network) == expected.edges


def test_what_only_a_dead_end_reads_is_not_live():
    heads = {(0, 0): decoy("itself", 7, 6, 30.0)}
    network = Network({**SPACES, "junk": 8}, 1, 1, (Read(TOKEN),), heads)
    assert len(wired(network)) == 4
    assert live(network) == Circuit.of(["embed -> logits"]).edges
    assert set(roles(network).values()) >= {"decoy: attends to itself", "idle"}


def test_a_space_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="there is no space 'd': use token, position, a"):
        Network(SPACES, 1, 1, (Read("d"),))


def test_a_matrix_that_does_not_fit_its_space_is_refused():
    with pytest.raises(ValueError, match=r"space 'a' of size 3 has the shape \(4, 7\): axis 0"):
        Network(SPACES, 1, 1, (Read("a", torch.zeros(4, 7)),))


def test_a_query_and_a_key_of_different_widths_are_refused():
    head = Head("finder", (Match(Read("a"), Read("b")),), Read("a"), "a", 30.0)
    with pytest.raises(ValueError, match="query and key of the finder must have one width, got 3"):
        Network(SPACES, 1, 1, (Read(TOKEN),), {(0, 0): head})


def test_gates_of_different_widths_are_refused():
    message = "'lookup' must have one width, got 3, 3, 5|Type-check error"
    with pytest.raises((ValueError, TypeError), match=message):
        Network(SPACES, 1, 1, (Read(TOKEN),), mlps={0: (lookup_of_different_widths(),)})


def lookup_of_different_widths() -> Gates:
    return Gates("lookup", {"a": torch.eye(3)}, "b", torch.eye(5), torch.zeros(3))


def test_a_network_without_positions_is_refused():
    with pytest.raises(ValueError, match="needs the space 'position'"):
        Network({TOKEN: 7}, 1, 1, (Read(TOKEN),))


def test_an_unknown_decoy_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="a decoy attends to the token before, two back"):
        decoy("nowhere", 7, 6, 30.0)


def test_a_head_whose_width_is_not_said_cannot_be_mimicked():
    with pytest.raises(ValueError, match="the value of the copier needs a matrix"):
        unread(Head("copier", (), Read(TOKEN), "a", 30.0), seed=0)


def test_junk_has_length_1():
    torch.testing.assert_close(junk(9, "test").norm(dim=1), torch.ones(9))
