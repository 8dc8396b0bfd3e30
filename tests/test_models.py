"""Models load from the zoo, a folder or the hub, or say in one sentence why not."""

import socket

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional
from transformers import GPT2Config, GPT2LMHeadModel

from interp_course import attention, models
from interp_course.models import Architecture, ModelError

TINY = Architecture(n_layers=2, n_heads=2, d_model=8, d_head=4, d_vocab=9, n_ctx=6)
TOKENS = torch.tensor([[0, 3, 1, 4, 1], [0, 8, 7, 6, 5]])


@pytest.fixture
def cut_off(monkeypatch):
    """No name can be looked up; the list collects the attempts."""
    attempts = []

    def refuse(host, *args, **kwargs):
        attempts.append(host)
        raise socket.gaierror("Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return attempts


@pytest.fixture
def hub_that_raises(monkeypatch):
    def install(error):
        calls = []

        def ask(self, name, **options):
            calls.append(name)
            raise error

        monkeypatch.setattr("huggingface_hub.HfApi.model_info", ask)
        return calls

    return install


@pytest.fixture(scope="module")
def gpt2_folder(tmp_path_factory):
    """A random GPT-2 of two layers, written by transformers, without a tokenizer."""
    folder = tmp_path_factory.mktemp("a tiny gpt2")
    config = GPT2Config(
        vocab_size=40,
        n_positions=32,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def tiny_bridge():
    return models.wrap(models.build(TINY))


def test_a_misspelt_name_gets_the_near_one_without_asking_the_hub(hub_that_raises):
    calls = hub_that_raises(AssertionError)
    with pytest.raises(ModelError, match=r"'inducton'.*did you mean 'induction'"):
        models.load("inducton")
    assert calls == []


def test_a_hub_name_while_offline_gives_one_clear_error_at_once(cut_off):
    with pytest.raises(ModelError, match=r"cannot be reached.*Connect to the internet once.*zoo"):
        models.load("nobody/no-such-model")
    assert len(cut_off) <= 2  # the question itself, and one that huggingface_hub adds on its own


def test_the_hub_is_asked_once_and_nothing_is_tried_again(hub_that_raises, monkeypatch):
    calls = hub_that_raises(ConnectionError("unreachable"))
    monkeypatch.delattr(models.TransformerBridge, "boot_transformers")
    with pytest.raises(ModelError, match=r"\(ConnectionError\)"):
        models.load("nobody/no-such-model")
    assert calls == ["nobody/no-such-model"]


def test_a_name_that_the_hub_does_not_know_is_not_blamed_on_the_network(hub_that_raises):
    from huggingface_hub import errors

    hub_that_raises(errors.RepositoryNotFoundError.__new__(errors.RepositoryNotFoundError))
    with pytest.raises(ModelError, match=r"the hub has no model 'nobody/nothing'.*induction"):
        models.load("nobody/nothing")


@pytest.mark.parametrize("name", ["my model", "a/b/c", "~/model", "./model", "x" * 200])
def test_a_name_that_no_hub_model_can_have_is_refused_offline(cut_off, name):
    with pytest.raises(ModelError, match=r"(the hub has no model|no such folder).*one_layer"):
        models.load(name)
    assert cut_off == []


def test_what_is_saved_can_be_loaded(tmp_path):
    module = models.build(TINY, seed=3)
    models.save(module, tmp_path / "my model", TINY)
    loaded = models.load(str(tmp_path / "my model"))
    assert torch.equal(loaded(TOKENS), module(TOKENS))


@pytest.mark.parametrize("file", [models.CONFIG_FILE, models.WEIGHTS_FILE])
def test_a_damaged_folder_is_named(tmp_path, file):
    models.save(models.build(TINY), tmp_path, TINY)
    (tmp_path / file).write_text("{")
    with pytest.raises(ModelError, match=r"the model in .* is incomplete or damaged"):
        models.load(str(tmp_path))


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="transformer-lens cannot load"):
        models.load(str(tmp_path))


def test_a_hugging_face_folder_loads_without_a_network(gpt2_folder, cut_off):
    expected = GPT2LMHeadModel.from_pretrained(gpt2_folder).eval()
    with torch.no_grad():
        found, wanted = models.load(str(gpt2_folder))(TOKENS), expected(TOKENS).logits
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    assert cut_off == []


def test_the_methods_run_on_a_hugging_face_model(gpt2_folder):
    scores = attention.head_scores(models.load(str(gpt2_folder)), periods=(5, 8), batch=2)
    assert scores.induction.shape == (2, 2)


@pytest.mark.parametrize("options", [{"seed": 1}, {"step": 0}, {"instance": 0}])
def test_options_of_the_zoo_are_refused_elsewhere(tmp_path, options):
    with pytest.raises(ModelError, match="seed, step and instance belong to the zoo"):
        models.load(str(tmp_path), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 9}, r"has the seeds \(0, 1, 2, 3, 4, 5\), got 9"),
        ({"step": 123}, r"at the steps \(0, 100, .*, got 123"),
        ({"step": 400, "seed": 1}, "exist for seed 0"),
        ({"instance": 1, "seed": 1}, "leave out seed and step"),
        ({"instance": 1, "step": 400}, "leave out seed and step"),
    ],
)
def test_a_zoo_model_that_does_not_exist_is_refused_with_those_that_do(options, message):
    with pytest.raises(ModelError, match=message):
        models.load("induction", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"instance": 0}, r"world has no instances, only the seeds \(0, 1, 2, 3\)"),
        ({"step": 100}, "no checkpoints of world are kept"),
    ],
)
def test_what_the_world_model_does_not_have_is_refused(options, message):
    with pytest.raises(ModelError, match=message):
        models.load("world", **options)


def test_an_architecture_without_mlp_has_attention_only_and_no_norm():
    names = {name for name, _ in models.build(TINY).named_parameters()}
    assert not any("mlp" in name or "ln" in name for name in names)


def test_an_architecture_with_mlp_computes_what_is_written_out_by_hand():
    """Layer norm, attention, layer norm, MLP with GELU, layer norm, unembedding; one layer."""
    architecture = Architecture(n_layers=1, n_heads=1, d_model=8, d_head=8, d_vocab=9, d_mlp=16)
    module = models.build(architecture, seed=2)
    p = dict(module.named_parameters())
    x = p["tok_embed.weight"][TOKENS] + p["pos.weight"][: TOKENS.shape[1]]
    y = functional.layer_norm(x, (8,))
    q, k, v = (functional.linear(y, p[f"layers.0.attn.{part}.weight"]) for part in "qkv")
    z = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + functional.linear(z, p["layers.0.attn.o.weight"])
    hidden = functional.linear(functional.layer_norm(x, (8,)), p["layers.0.mlp.fc_in.weight"])
    x = x + functional.linear(functional.gelu(hidden), p["layers.0.mlp.fc_out.weight"])
    logits = functional.linear(functional.layer_norm(x, (8,)), p["head.weight"])
    torch.testing.assert_close(module(TOKENS), logits, rtol=1e-4, atol=1e-5)


def test_a_saved_model_with_mlps_can_be_loaded(tmp_path):
    architecture = Architecture(n_layers=1, n_heads=1, d_model=8, d_head=8, d_vocab=9, d_mlp=16)
    module = models.build(architecture)
    models.save(module, tmp_path, architecture)
    torch.testing.assert_close(
        models.load(str(tmp_path))(TOKENS), module(TOKENS), rtol=0, atol=1e-5
    )


BAD_TOKENS = {
    "too long": (torch.zeros(1, 7).long(), r"have 7 tokens.*n_ctx = 6.*tokens\[:, :6\]"),
    "above the vocabulary": (torch.tensor([[0, 9]]), r"token 9 is outside.*0 \.\. 8"),
    "negative": (torch.tensor([[0, -1]]), "token -1 is outside"),
    "floats": (torch.tensor([[0.0, 1.0]]), r"must be integers, got torch.float32.*long\(\)"),
    "three axes": (torch.zeros(1, 2, 3).long(), r"shape \[batch, pos\], got \(1, 2, 3\)"),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
@pytest.mark.parametrize("make", [models.build, lambda a: models.wrap(models.build(a))])
def test_tokens_that_the_model_cannot_read_are_refused(kind, make):
    tokens, message = BAD_TOKENS[kind]
    with pytest.raises(ValueError, match=message):
        make(TINY)(tokens)


def test_the_same_seed_builds_the_same_weights_and_another_seed_others():
    first, again, other = (models.weights(models.build(TINY, seed)) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["tok_embed.weight"], other["tok_embed.weight"])


def test_building_leaves_the_global_seed_alone():
    before = torch.random.get_rng_state()
    models.build(TINY)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_wrapping_copies_the_module():
    module = models.build(TINY)
    bridge = models.wrap(module)
    before = bridge(TOKENS)
    with torch.no_grad():
        module.get_parameter("head.weight").zero_()
    assert torch.equal(bridge(TOKENS), before)
    assert module.training


def test_a_loaded_model_is_in_evaluation_mode():
    assert not models.load("one_layer").training


@pytest.mark.parametrize("name", models.ZOO)
def test_the_last_checkpoint_is_the_bundled_file(name):
    state = load_file(models.assets.path(f"{name}-seed0.safetensors"))
    module = models.build(models.ZOO[name].architecture)
    module.load_state_dict(state)
    exact = models.ZOO[name].architecture.d_mlp is None  # with norms sums come in another order
    with torch.no_grad():
        found, expected = models.load(name)(TOKENS), module(TOKENS)
    torch.testing.assert_close(found, expected, rtol=0, atol=0.0 if exact else 1e-4)


@pytest.mark.parametrize("step", models.ZOO["induction"].steps)
def test_every_checkpoint_runs_and_none_equals_the_end(step):
    with torch.no_grad():
        logits = models.load("induction", step=step)(TOKENS)
        assert logits.isfinite().all()
        assert (logits - models.load("induction")(TOKENS)).abs().max() > 0.1


def test_the_checkpoint_of_step_0_is_the_fresh_network_of_seed_0():
    """Checkpoints are stored in half precision, hence the tolerance."""
    fresh = models.weights(models.build(models.ZOO["induction"].architecture, seed=0))
    stored = dict(models.load("induction", step=0).original_model.named_parameters())
    for name, weight in stored.items():
        expected = fresh[name.replace("._original_component", "")]
        torch.testing.assert_close(weight.data, expected, rtol=1e-3, atol=1e-5)


def test_a_bfloat16_model_runs_and_has_the_same_heads():
    narrow = attention.head_scores(models.load("induction", dtype="bfloat16"), batch=8)
    wide = attention.head_scores(models.load("induction"), batch=8)
    torch.testing.assert_close(narrow.induction.float(), wide.induction, rtol=0, atol=0.03)
    assert narrow.previous.argmax() == wide.previous.argmax()


def test_a_model_can_be_loaded_in_double_precision():
    assert models.load("one_layer", dtype="float64")(TOKENS).dtype is torch.float64


def test_a_device_that_is_not_there_is_refused_before_anything_is_loaded(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="device 'cuda' was asked for"):
        models.load("nobody/no-such-model", device="cuda")


def test_a_plain_model_has_relu_and_no_norm_and_survives_saving(tmp_path):
    architecture = Architecture(2, 2, 8, 4, 9, 6, d_mlp=5, plain=True)
    module = models.build(architecture, seed=3)
    models.save(module, tmp_path, architecture)
    loaded, tokens = models.load(str(tmp_path)), torch.tensor([[0, 3, 8]])
    assert (loaded.cfg.act_fn, loaded.cfg.normalization_type) == ("relu", None)
    assert not any("ln" in name for name in models.weights(module))
    torch.testing.assert_close(loaded(tokens), module(tokens))
