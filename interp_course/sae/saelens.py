"""Exchange sparse autoencoders with the SAELens library through its files.

A folder holds ``cfg.json`` and ``sae_weights.safetensors`` with W_enc, b_enc, W_dec, b_dec and,
for jumprelu, threshold. The names and shapes are ours; what differs is translated:

* standard is our relu; batchtopk and matryoshka are stored as jumprelu with one threshold, which
  is what they compute after training;
* ``rescale_acts_by_decoder_norm``: the norms are folded into the encoder;
* ``apply_b_dec_to_input = false``: b_dec is folded into b_enc.

Format: SAELens 6, https://decoderesearch.github.io/SAELens.
"""

import copy
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from interp_course import runtime
from interp_course.sae.autoencoder import SparseAutoencoder
from interp_course.sae.config import Architecture, SAEConfig
from interp_course.sae.files import SAEFileError, fill, read_json, read_weights

CONFIG_FILE, WEIGHTS_FILE = "cfg.json", "sae_weights.safetensors"
OURS: dict[str, Architecture] = {"standard": "relu", "topk": "topk", "jumprelu": "jumprelu"}


def export_saelens(
    sae: SparseAutoencoder, folder: str | Path, metadata: dict[str, Any] | None = None
) -> None:
    """Write an autoencoder in the format of SAELens.

    A scale of the activations is folded first (`SparseAutoencoder.fold_scale`), in a copy.

    Args:
        sae: A trained autoencoder.
        folder: Made if missing.
        metadata: What the file should say about its origin; SAELens looks for the model's name and
            the place in it.

    Raises:
        ValueError: If a batchtopk or matryoshka autoencoder has no threshold yet.
    """
    sae, folder = copy.deepcopy(sae), Path(folder)
    sae.fold_scale()
    weights = {name: getattr(sae, name) for name in ("W_enc", "b_enc", "W_dec", "b_dec")}
    config: dict[str, Any] = {"d_in": sae.config.d_in, "d_sae": sae.config.d_sae}
    if sae.config.architecture == "relu":
        config["architecture"] = "standard"
    elif sae.config.architecture == "topk":
        config |= {"architecture": "topk", "k": sae.config.k, "rescale_acts_by_decoder_norm": False}
    else:
        config["architecture"] = "jumprelu"
        weights["threshold"] = _thresholds(sae)
    config |= {"dtype": "float32", "device": "cpu", "apply_b_dec_to_input": True}
    config |= {"normalize_activations": "none", "reshape_activations": "none"}
    config["metadata"] = metadata or {}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    stored = {name: value.detach().float().cpu().contiguous() for name, value in weights.items()}
    save_file(stored, folder / WEIGHTS_FILE)


def load_saelens(
    folder: str | Path, *, device: str | torch.device | None = None
) -> SparseAutoencoder:
    """Read a folder that SAELens or `export_saelens` wrote, as float32.

    Args:
        folder: With cfg.json and sae_weights.safetensors.
        device: See `runtime.device`.

    Raises:
        SAEFileError: If something is missing or damaged, or the file needs what this library
            does not compute: another architecture, or activations normalised one by one.
    """
    folder, where = Path(folder), runtime.device(device)
    content, weights = read_json(folder / CONFIG_FILE), read_weights(folder / WEIGHTS_FILE)
    weights = {name: value.float() for name, value in weights.items()}
    config = _config(content, folder)
    sae = SparseAutoencoder(config)
    if config.architecture == "jumprelu":
        if "log_threshold" in weights:
            weights["threshold"] = weights.pop("log_threshold").exp()
        if "threshold" in weights:
            weights["threshold"] = weights["threshold"].relu()
    weights |= {name: getattr(sae, name) for name in ("scale", "running_threshold")}
    fill(sae, weights, folder)
    with torch.no_grad():
        if content.get("rescale_acts_by_decoder_norm"):
            norms = sae.W_dec.norm(dim=1).clamp(min=1e-8)
            for values in (sae.W_enc, sae.b_enc):
                values.mul_(norms)
            sae.W_dec.div_(norms[:, None])
        if not content.get("apply_b_dec_to_input", True):
            sae.b_enc.add_(sae.b_dec @ sae.W_enc)
    return sae.to(where)


def _thresholds(sae: SparseAutoencoder) -> Tensor:
    """One threshold for each latent."""
    if sae.config.architecture == "jumprelu":
        return sae.threshold
    if sae.running_threshold < 0:
        raise ValueError(
            f"this {sae.config.architecture} autoencoder has no threshold yet: train it first"
        )
    return sae.running_threshold.expand(sae.config.d_sae)


def _config(content: dict[str, Any], folder: Path) -> SAEConfig:
    name = content.get("architecture", "standard")
    kind, k = OURS.get(name), content.get("k")
    if content.get("activation_fn_str") == "topk":  # written so until SAELens 5
        kind, k = "topk", (content.get("activation_fn_kwargs") or {}).get("k")
    normalised = content.get("normalize_activations") or "none"
    if kind is None:
        raise SAEFileError(
            f"{folder} holds an autoencoder of the architecture {name!r}; "
            f"this library reads {', '.join(OURS)}"
        )
    if normalised != "none" or content.get("finetuning_scaling_factor"):
        raise SAEFileError(
            f"the autoencoder in {folder} rescales its activations ({normalised}): "
            "fold the scale into the weights with SAELens before saving"
        )
    try:
        d_in, d_sae = int(content["d_in"]), int(content["d_sae"])
        k = int(k) if kind == "topk" else 1  # pyright: ignore[reportArgumentType]
        return SAEConfig(d_in, d_sae, architecture=kind, k=k, unit_norm=False)
    except (KeyError, TypeError, ValueError) as error:
        raise SAEFileError(
            f"{folder / CONFIG_FILE} lacks a size or has a wrong one: {error}"
        ) from (error)
