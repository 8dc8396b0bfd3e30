"""Autoencoders are saved and loaded unchanged, also in the format of SAELens."""

import json

import pytest
import torch
from sae_cases import ALL, activations, random_sae
from safetensors.torch import load_file, save_file

from interp_course.sae import SAEFileError, export_saelens, load, load_saelens, save

X = activations().float()


def sae_of(architecture, **changes):
    return random_sae(architecture, **changes).float()


@pytest.mark.parametrize("architecture", ALL)
def test_saving_and_loading_gives_the_same_autoencoder(architecture, tmp_path):
    sae = sae_of(architecture)
    sae.scale.fill_(0.7)
    save(sae, tmp_path / "new" / "folder")
    found = load(tmp_path / "new" / "folder")
    assert found.config == sae.config
    assert torch.equal(found(X), sae(X))
    assert torch.equal(found.loss(X).total, sae.loss(X).total)
    assert found.W_enc.stride() == sae.W_enc.stride()


def test_loading_takes_another_number_format(tmp_path):
    save(sae_of("topk"), tmp_path)
    assert load(tmp_path, dtype="float64").W_dec.dtype == torch.float64


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SAEFileError, match=r"sae\.json is missing or damaged"):
        load(tmp_path / "nowhere")
    save(sae_of("topk"), tmp_path)
    (tmp_path / "sae.safetensors").unlink()
    with pytest.raises(SAEFileError, match=r"sae\.safetensors is missing or damaged"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["sae.json", "sae.safetensors"])
def test_a_file_that_was_cut_off_is_named(name, tmp_path):
    save(sae_of("topk"), tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SAEFileError, match=rf"{name.replace('.', '[.]')} is missing or damaged"):
        load(tmp_path)


def test_weights_of_another_architecture_are_refused(tmp_path):
    save(sae_of("jumprelu"), tmp_path)
    other = tmp_path / "other"
    save(sae_of("topk"), other)
    (tmp_path / "sae.safetensors").replace(other / "sae.safetensors")
    message = r"not those of a topk.*d_in = 6.*threshold: shape \(16,\), expected nothing"
    with pytest.raises(SAEFileError, match=message):
        load(other)


def test_weights_of_another_size_are_refused(tmp_path):
    save(sae_of("topk"), tmp_path)
    save(sae_of("topk", d_sae=8), tmp_path / "small")
    (tmp_path / "small" / "sae.safetensors").replace(tmp_path / "sae.safetensors")
    with pytest.raises(SAEFileError, match=r"W_dec: shape \(8, 6\), expected shape \(16, 6\)"):
        load(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path):
    sae = sae_of("topk")
    with torch.no_grad():
        sae.b_enc[3] = torch.nan
    save(sae, tmp_path)
    with pytest.raises(SAEFileError, match="not finite: b_enc"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 9}, "format 9, this version of the course reads 1"),
        ({"config": {"d_in": 6}}, "damaged: 'widths'"),
        ({"config": {"d_in": 6, "d_sae": 16, "k": 99, "widths": []}}, "k must lie between"),
        ({"config": {"d_in": 6, "d_sae": 16, "wings": 2, "widths": []}}, "wings"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, message, tmp_path):
    save(sae_of("topk"), tmp_path)
    content = json.loads((tmp_path / "sae.json").read_text())
    (tmp_path / "sae.json").write_text(json.dumps(content | change))
    with pytest.raises(SAEFileError, match=message):
        load(tmp_path)


def test_a_list_instead_of_settings_is_refused(tmp_path):
    save(sae_of("topk"), tmp_path)
    (tmp_path / "sae.json").write_text("[]")
    with pytest.raises(SAEFileError, match="must hold a JSON object, got list"):
        load(tmp_path)


@pytest.mark.parametrize("architecture", ALL)
def test_an_export_for_saelens_comes_back_with_the_same_reconstruction(architecture, tmp_path):
    sae = sae_of(architecture)
    sae.scale.fill_(0.7)
    export_saelens(sae, tmp_path, {"model_name": "gpt2"})
    found = load_saelens(tmp_path)
    torch.testing.assert_close(found(X), sae(X))
    torch.testing.assert_close(found.encode(X), sae.encode(X) / 0.7)
    assert sae.scale == torch.tensor(0.7), "the autoencoder itself is not folded"


@pytest.mark.parametrize(
    ("architecture", "theirs"),
    [("relu", "standard"), ("topk", "topk"), ("jumprelu", "jumprelu"), ("batchtopk", "jumprelu")],
)
def test_an_export_has_the_fields_and_tensors_of_saelens(architecture, theirs, tmp_path):
    export_saelens(sae_of(architecture), tmp_path, {"model_name": "gpt2"})
    content = json.loads((tmp_path / "cfg.json").read_text())
    fields = {"d_in": 6, "d_sae": 16, "dtype": "float32", "architecture": theirs}
    fields |= {"apply_b_dec_to_input": True, "normalize_activations": "none"}
    assert content.items() >= fields.items()
    assert content["metadata"] == {"model_name": "gpt2"}
    shapes = {n: tuple(v.shape) for n, v in load_file(tmp_path / "sae_weights.safetensors").items()}
    expected = {"W_enc": (6, 16), "b_enc": (16,), "W_dec": (16, 6), "b_dec": (6,)}
    assert shapes == expected | ({"threshold": (16,)} if theirs == "jumprelu" else {})


RNG = torch.Generator().manual_seed(3)
THEIRS = {
    "W_enc": torch.randn(6, 16, generator=RNG),
    "b_enc": 0.1 * torch.randn(16, generator=RNG),
    "W_dec": torch.randn(16, 6, generator=RNG),
    "b_dec": torch.randn(6, generator=RNG),
}
FIELDS = {"d_in": 6, "d_sae": 16, "dtype": "float32", "device": "cpu"}
FIELDS |= {"normalize_activations": "none", "reshape_activations": "none", "metadata": {}}
LIMITS = torch.linspace(-0.5, 1.5, 16)


def write_theirs(folder, weights, **fields):
    (folder / "cfg.json").write_text(json.dumps(FIELDS | fields))
    save_file(weights, folder / "sae_weights.safetensors")


def their_pre_activations(centred: bool):
    return (X - THEIRS["b_dec"] * centred) @ THEIRS["W_enc"] + THEIRS["b_enc"]


@pytest.mark.parametrize("centred", [True, False])
def test_a_standard_file_computes_what_saelens_does(centred, tmp_path):
    write_theirs(tmp_path, THEIRS, architecture="standard", apply_b_dec_to_input=centred)
    expected = their_pre_activations(centred).relu()
    torch.testing.assert_close(load_saelens(tmp_path).encode(X), expected)


@pytest.mark.parametrize("logarithm", [False, True])
def test_a_jumprelu_file_computes_what_saelens_does(logarithm, tmp_path):
    limits = LIMITS.abs() if logarithm else LIMITS
    stored = {"log_threshold": limits.log()} if logarithm else {"threshold": limits}
    write_theirs(tmp_path, THEIRS | stored, architecture="jumprelu", apply_b_dec_to_input=True)
    pre = their_pre_activations(True)
    torch.testing.assert_close(
        load_saelens(tmp_path).encode(X), pre.relu() * (pre > limits.relu()), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("rescaled", [False, True])
def test_a_topk_file_computes_what_saelens_does(rescaled, tmp_path):
    write_theirs(tmp_path, THEIRS, architecture="topk", k=3, rescale_acts_by_decoder_norm=rescaled)
    norms = THEIRS["W_dec"].norm(dim=1) if rescaled else torch.ones(16)
    pre = their_pre_activations(True) * norms
    latents = pre.relu() * (pre >= pre.sort(dim=1).values[:, -3:-2])
    expected = (latents / norms) @ THEIRS["W_dec"] + THEIRS["b_dec"]
    torch.testing.assert_close(load_saelens(tmp_path)(X), expected, atol=1e-5, rtol=1e-5)


def test_a_topk_file_of_an_old_version_is_read(tmp_path):
    old = {"activation_fn_str": "topk", "activation_fn_kwargs": {"k": 3}}
    write_theirs(tmp_path, THEIRS, architecture="standard", **old)
    assert load_saelens(tmp_path).config.k == 3


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"architecture": "gated"}, "architecture 'gated'; this library reads standard, topk"),
        ({"architecture": "standard", "normalize_activations": "layer_norm"}, "layer_norm"),
        ({"architecture": "topk"}, r"cfg\.json lacks a size"),
        ({"architecture": "topk", "k": 40}, "k must lie between"),
        ({"architecture": "jumprelu"}, r"threshold: nothing, expected shape \(16,\)"),
        ({"architecture": "standard", "d_in": 7}, r"b_dec: shape \(6,\), expected shape \(7,\)"),
    ],
)
def test_what_cannot_be_translated_is_refused(fields, message, tmp_path):
    write_theirs(tmp_path, THEIRS, **fields)
    with pytest.raises(SAEFileError, match=message):
        load_saelens(tmp_path)


def test_exporting_before_there_is_a_threshold_is_refused(tmp_path):
    sae = sae_of("batchtopk")
    sae.running_threshold.fill_(-1)
    with pytest.raises(ValueError, match="no threshold yet"):
        export_saelens(sae, tmp_path)
