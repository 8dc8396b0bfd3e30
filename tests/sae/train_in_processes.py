"""Trains small autoencoders on one process or, run as a script, on several together."""

import os
import sys
from pathlib import Path

import torch
from sae_cases import PLANTED, config
from torch import distributed

from interp_course import collectives, runtime
from interp_course.activation_buffer import ActivationBuffer
from interp_course.sae import SparseAutoencoder
from interp_course.sae_training import TrainingConfig, train

SETTINGS = {"steps": 24, "warmup": 5, "dead_after": 1, "log_every": 4, "lr": 1e-3}
RUNS = {  # by name: the architecture, and what differs from the settings
    "topk": ("topk", {}),
    "batchtopk": ("batchtopk", {}),
    "matryoshka": ("matryoshka", {}),
    "jumprelu": ("jumprelu", {}),
    "resampling": ("topk", {"resample_at": (10,)}),
}


def trained(name: str) -> dict[str, torch.Tensor]:
    """Weights, thresholds and history after training on this process's rows."""
    architecture, changes = RUNS[name]
    sae = SparseAutoencoder(config(architecture, 32, 96), seed=collectives.rank())
    sae.initialise_from_data(PLANTED(300, runtime.generator("test start")))
    sae.double()
    batches = ActivationBuffer.from_function(PLANTED, batch_size=64)
    mine = (collectives.my_rows(x) for x in batches)
    history = train(sae, mine, TrainingConfig(**{**SETTINGS, **changes}))
    rows = {f"row {key}": history.column(key) for key in ("loss", "l0", "fvu", "dead")}
    numbers = {key: torch.tensor(values).double() for key, values in rows.items()}
    return {**sae.state_dict(), **numbers}


def main(folder: Path, rank: int, processes: int) -> None:
    """Train every run, check that all processes have the same, and let the first one save it."""
    store = f"file://{folder / 'store'}"
    distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=processes)
    found = {name: trained(name) for name in RUNS}
    for run in found.values():
        for values in run.values():
            everywhere = collectives.gathered(values.detach())
            assert torch.equal(everywhere[0], everywhere[-1]), "the processes have come apart"
    if rank == 0:
        torch.save(found, folder / "trained.pt")
    distributed.destroy_process_group()
    sys.stdout.flush()
    os._exit(0)  # torch's threads sometimes abort a process that ends the usual way


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
