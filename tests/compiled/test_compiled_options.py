"""Sharpness, compression, decoys; and options that are refused."""

import pytest
import torch
from compiled_cases import MAKERS, accuracy_of, make
from transformer_lens import patching

from interp_course import attention, circuits, compiled

NETWORK = pytest.mark.parametrize("name", MAKERS)
WIDTH = {"induction": 126, "inhibition": 86, "two_hop": 146}
LAST = {"induction": "induction head", "inhibition": "name mover", "two_hop": "country mover"}


@NETWORK
def test_the_width_is_the_sum_of_all_spaces(name):
    assert make(name).model.cfg.d_model == WIDTH[name]
    assert sum(make(name).network.spaces.values()) == WIDTH[name]


@NETWORK
def test_nothing_is_lost_when_there_is_room_for_every_space(name):
    assert accuracy_of(make(name, compress=WIDTH[name])) == 1.0


@NETWORK
def test_accuracy_falls_as_the_stream_is_compressed(name):
    shares = (1.0, 0.9, 0.7, 0.35)
    found = []
    for share in shares:
        builds = [make(name, i, compress=int(share * WIDTH[name])) for i in range(5)]
        found.append(sum(accuracy_of(built, n=100) for built in builds) / len(builds))
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert found[-1] < 0.35


@NETWORK
def test_a_compressed_network_has_that_width_and_directions_of_length_1(name):
    model = make(name, compress=50).model
    assert model.cfg.d_model == 50
    torch.testing.assert_close(model.W_E.norm(dim=-1), torch.ones(model.cfg.d_vocab))


def gradient_of_query(built) -> float:
    """Largest derivative of the answer's lead by a query of the last head of the circuit."""
    part, prompts = built.part(LAST[name_of(built)]), built.task.sample(32)
    seen = {}

    def remember(x, hook):
        seen["x"] = x.detach().clone().requires_grad_(True)
        return seen["x"]

    hook = f"blocks.{part.layer}.attn.hook_q"
    logits = built.model.run_with_hooks(prompts.tokens, fwd_hooks=[(hook, remember)])[:, -1]
    right, wrong = (logits.gather(1, t[:, None]) for t in (prompts.answers, prompts.distractors))
    (right - wrong).sum().backward()
    return seen["x"].grad[:, -1, part.head].abs().max().item()


def name_of(built) -> str:
    return next(name for name, role in LAST.items() if role in built.roles.values())


@pytest.mark.parametrize("name", ["induction", "inhibition"])
def test_sharp_attention_has_no_gradient_and_softer_attention_has_some(name):
    sharp, soft = (gradient_of_query(make(name, beta=beta)) for beta in (30.0, 8.0))
    assert sharp < 1e-4
    assert soft > 100 * sharp


@NETWORK
@pytest.mark.parametrize("beta", [5.0, 8.0, 30.0])
def test_the_task_is_solved_at_every_sharpness_from_5_on(name, beta):
    assert accuracy_of(make(name, beta=beta)) == 1.0


@NETWORK
def test_attention_that_is_too_soft_breaks_the_task(name):
    assert accuracy_of(make(name, beta=1.5)) < 0.7


def test_the_mimic_attends_like_the_induction_head_and_writes_junk():
    built = make("induction", instance=2, rotate=True)
    mimic, real = (built.part(p + "induction head") for p in ("decoy: mimics the ", ""))
    scores = attention.head_scores(built.model, periods=(4, 7), batch=16).induction
    assert scores[mimic.layer, mimic.head] == pytest.approx(scores[real.layer, real.head].item())
    assert mimic not in built.circuit.parts


def test_decoys_really_attend_somewhere_and_write_something():
    built = make("induction", instance=1)
    tokens = built.task.sample(8).tokens
    _, cache = built.model.run_with_cache(tokens)
    for part, role in built.roles.items():
        if role.startswith("decoy"):
            z = cache[f"blocks.{part.layer}.attn.hook_z"][:, :, part.head]
            written = z @ built.model.W_O[part.layer, part.head]
            assert written[:, -1].norm(dim=-1).min() > 0.1, role


@pytest.mark.parametrize("kind", ["the token before", "two back", "itself", "<bos>"])
def test_a_decoy_attends_to_what_its_role_says(kind):
    distance = {"the token before": 1, "two back": 2, "itself": 0, "<bos>": 99}[kind]
    for instance in range(20):
        built = make("induction", instance)
        for part, role in built.roles.items():
            if role == f"decoy: attends to {kind}":
                _, cache = built.model.run_with_cache(built.task.sample(1).tokens)
                pattern = cache[f"blocks.{part.layer}.attn.hook_pattern"][0, part.head]
                expected = (torch.arange(16) - distance).clamp(min=0)
                assert pattern.argmax(dim=-1).equal(expected)
                return
    raise AssertionError(f"no instance has a decoy that attends to {kind}")


@NETWORK
def test_patching_tools_find_an_mlp_in_every_layer(name):
    model = make(name).model
    assert not model.cfg.attn_only
    assert all(circuits.mlp(layer) in circuits.parts(model) for layer in range(model.cfg.n_layers))


@NETWORK
def test_every_layer_can_be_patched_with_the_tools_of_transformer_lens(name):
    """As they stand they fail on models without MLPs; the effects are those of the truth."""
    built = make(name, instance=1)
    prompts = built.task.sample(4)
    with torch.no_grad():
        _, cache = built.model.run_with_cache(prompts.tokens)
        right = prompts.answers[:, None]

        def metric(logits):
            return logits[:, -1].softmax(dim=-1).gather(1, right).mean()

        found = patching.get_act_patch_block_every(built.model, prompts.corrupted, cache, metric)
    assert found.shape == (3, built.model.cfg.n_layers, prompts.tokens.shape[1])
    assert found.max() > 0.99


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": 0.0}, "beta must be positive"),
        ({"beta": -8.0}, "beta must be positive"),
        ({"compress": 7}, "compress must be between 8 and"),
        ({"compress": 1000}, "compress must be between 8 and"),
        ({"n_layers": 1}, "n_layers must be at least"),
        ({"n_heads": 0}, "n_heads must be at least 1, got 0"),
        ({"instance": -1}, "instance must be 0 or more"),
        ({"depth": 3}, "there is no option 'depth': use n_layers, n_heads, instance"),
    ],
)
@NETWORK
def test_an_impossible_option_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        MAKERS[name](**options)


def test_too_few_heads_are_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"more than n_heads = 1 .* or for mimics=False"):
        compiled.induction(n_heads=1)


@pytest.mark.parametrize("n_ctx", [7, 34, 100])
def test_an_impossible_length_of_prompts_is_refused(n_ctx):
    with pytest.raises(ValueError, match=f"n_ctx must be between 8 and 33.*got {n_ctx}"):
        compiled.induction(n_ctx=n_ctx)


@NETWORK
def test_a_sequence_that_is_too_long_is_refused(name):
    model = make(name).model
    with pytest.raises(ValueError, match="the model's context is n_ctx"):
        model(torch.zeros(1, model.cfg.n_ctx + 1, dtype=torch.long))


def test_an_unknown_corruption_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="corrupt must be one of city, relation, same country"):
        make("two_hop").task.sample(3, corrupt="country")


def test_no_prompts_at_all_are_refused():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        make("two_hop").task.sample(0)
