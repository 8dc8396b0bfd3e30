"""Checkpoints of a training run: enough to go on with the identical result."""

import os
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from interp_course import collectives
from interp_course.sae import SAEConfig
from interp_course.sae_training.config import TrainingConfig

FREE = {"log_every", "checkpoint_every"}
"""Settings that may change between two parts of a run."""


class CheckpointError(ValueError):
    """A run cannot go on from its checkpoint; the message says why."""


def path(folder: Path) -> Path:
    """The checkpoint of this process; with several processes each has its own."""
    return folder / f"checkpoint-{collectives.rank()}.pt"


def write(folder: Path, sae: SAEConfig, config: TrainingConfig, state: dict[str, Any]) -> None:
    """Replace the checkpoint; if writing fails, the old one stays."""
    folder.mkdir(parents=True, exist_ok=True)
    where = path(folder)
    draft = where.with_suffix(".part")
    torch.save({"sae_config": asdict(sae), "config": asdict(config), **state}, draft)
    os.replace(draft, where)


def read(folder: Path, sae: SAEConfig, config: TrainingConfig) -> dict[str, Any] | None:
    """The last checkpoint of a run with these settings; None if there is none.

    Raises:
        CheckpointError: If it is damaged or of a run with other settings.
    """
    where = path(folder)
    if not where.exists():
        return None
    try:
        state = torch.load(where, map_location="cpu", weights_only=True)
        stored = {**state.pop("sae_config"), **state.pop("config")}
    except (OSError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"the checkpoint {where} is damaged: {error}") from error
    asked = {**asdict(sae), **asdict(config)}
    changed = sorted(k for k in asked if k not in FREE and stored.get(k) != asked[k])
    if changed:
        told = "; ".join(f"{k}: {stored.get(k)}, now {asked[k]}" for k in changed)
        raise CheckpointError(
            f"the checkpoint {where} is of a run with other settings ({told}): "
            "use another folder, or resume=False to start anew"
        )
    return state
