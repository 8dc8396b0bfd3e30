"""Save sparse autoencoders and load them again: safetensors for weights, JSON for the rest."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from interp_course import runtime
from interp_course.sae.autoencoder import SparseAutoencoder
from interp_course.sae.config import SAEConfig

CONFIG_FILE, WEIGHTS_FILE = "sae.json", "sae.safetensors"
FORMAT = 1


class SAEFileError(ValueError):
    """A file of a sparse autoencoder cannot be used; the message says why."""


def save(sae: SparseAutoencoder, folder: str | Path) -> None:
    """Write an autoencoder so that `load` reads it from ``folder``, which is made if missing."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    content = {"format": FORMAT, "config": asdict(sae.config)}
    (folder / CONFIG_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    save_file(_stored(sae.state_dict()), folder / WEIGHTS_FILE)


def load(
    folder: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype = "float32",
) -> SparseAutoencoder:
    """Read what `save` wrote.

    Args:
        folder: Where it was saved.
        device: See `runtime.device`.
        dtype: float32, bfloat16 or float64.

    Raises:
        SAEFileError: If something is missing, damaged, or does not belong together.
    """
    folder, where = Path(folder), runtime.device(device)
    content = read_json(folder / CONFIG_FILE)
    if content.get("format") != FORMAT:
        raise SAEFileError(
            f"{folder / CONFIG_FILE} has the format {content.get('format')!r}, this version of "
            f"the course reads {FORMAT}; for files of SAELens use sae.load_saelens"
        )
    try:
        fields = content["config"]
        config = SAEConfig(**{**fields, "widths": tuple(fields["widths"])})
    except (TypeError, KeyError, ValueError) as error:
        raise SAEFileError(
            f"the settings in {folder / CONFIG_FILE} are damaged: {error}"
        ) from error
    sae = SparseAutoencoder(config)
    fill(sae, read_weights(folder / WEIGHTS_FILE), folder)
    return sae.to(device=where, dtype=runtime.dtype(dtype))


def fill(sae: SparseAutoencoder, weights: dict[str, Tensor], folder: Path) -> None:
    """Put stored weights into an autoencoder.

    Raises:
        SAEFileError: If names or shapes are not those of its architecture, or a value is not
            finite.
    """
    expected = {name: tuple(value.shape) for name, value in sae.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    if expected != found:
        wrong = sorted(n for n in expected | found if expected.get(n) != found.get(n))
        text = "; ".join(f"{n}: {_told(found, n)}, expected {_told(expected, n)}" for n in wrong)
        raise SAEFileError(
            f"the weights in {folder} are not those of a {sae.config.architecture} autoencoder "
            f"with d_in = {sae.config.d_in}, d_sae = {sae.config.d_sae}: {text}"
        )
    broken = [name for name, value in weights.items() if not value.isfinite().all()]
    if broken:
        raise SAEFileError(f"the weights in {folder} are not finite: {', '.join(sorted(broken))}")
    sae.load_state_dict(weights)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        SAEFileError: If it cannot be read or is something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SAEFileError(f"{path} is missing or damaged: {error}") from error
    if not isinstance(content, dict):
        raise SAEFileError(f"{path} must hold a JSON object, got {type(content).__name__}")
    return content


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors in a safetensors file.

    Raises:
        SAEFileError: If it cannot be read.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise SAEFileError(f"{path} is missing or damaged: {error}") from error


def _stored(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in state.items()}


def _told(shapes: dict[str, tuple[int, ...]], name: str) -> str:
    return f"shape {shapes[name]}" if name in shapes else "nothing"
