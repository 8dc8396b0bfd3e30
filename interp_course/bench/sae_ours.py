"""The worker for the course's own training step, and for the matrix products alone.

``ours`` is `sae_training.train` itself. ``products`` are the dense matrix products that a step
cannot do without: of a TopK step that uses what is sparse only the encoder's, ``x @ W_enc``; of a
dense step five, also the decoder's and those for the gradients of the latents and of both matrices.
"""

from typing import Any

import torch
from torch import Tensor

from interp_course import sae_training
from interp_course.bench.sae_worker import L1, LR, STEPS, Implementation, Job, serve
from interp_course.sae import Computation, SAEConfig, SparseAutoencoder
from interp_course.sae_training import TrainingConfig


def load(name: str) -> Implementation:
    """The implementation with this name."""
    return {"ours": ours, "products": products}[name]


def ours(job: Job, made: dict[str, Tensor], batches: Any) -> dict[str, Tensor] | None:
    """`sae_training.train`. bf16 is the encoder's product where that can be, else all products."""
    path, device = job.path, torch.device(job.device)
    quick = job.bf16 and job.architecture == "topk" and job.device == "cpu"
    computation = Computation(path, bf16_encoder=quick)  # type: ignore[arg-type]
    architecture: Any = job.architecture
    config = SAEConfig(job.d_in, job.d_sae, architecture, k=job.k, l1_coefficient=L1)
    sae = SparseAutoencoder(config).to(device)
    sae.load_state_dict({k: v for k, v in made.items() if k != "x"}, strict=False)
    if batches is None:
        with torch.autocast(device.type, torch.bfloat16, enabled=job.bf16 and not quick):
            loss = sae.loss(made["x"], computation=computation).total
        loss.backward()
        found = {name: values.grad for name, values in sae.named_parameters()}
        return {"loss": loss.detach(), **{k: v for k, v in found.items() if v is not None}}
    settings = TrainingConfig(
        steps=STEPS,
        lr=LR,
        warmup=0,
        decay=0.0,
        sparsity_warmup=0.0,
        log_every=STEPS,
        computation=computation,
        autocast=job.bf16 and not quick,
    )
    made.clear()
    sae_training.train(sae, batches, settings)
    return None


def products(job: Job, made: dict[str, Tensor], batches: Any) -> None:
    """The bare matrix products, into memory that is there already."""
    dtype = torch.bfloat16 if job.bf16 else torch.float32
    W_enc, W_dec = made["W_enc"].T.to(dtype).contiguous().T, made["W_dec"].to(dtype)
    made.clear()
    like = {"dtype": dtype, "device": W_dec.device}
    latents, to_latents = (torch.empty(job.batch, job.d_sae, **like) for _ in range(2))
    decoded, to_W_dec = torch.empty(job.batch, job.d_in, **like), torch.empty_like(W_dec)
    to_W_enc = torch.empty_like(W_dec)
    for x in batches:
        x = x.to(dtype)
        torch.mm(x, W_enc, out=latents)
        if job.path == "encoder":
            continue
        torch.mm(latents, W_dec, out=decoded)
        torch.mm(decoded, W_dec.T, out=to_latents)
        torch.mm(latents.T, decoded, out=to_W_dec)
        torch.mm(to_latents.T, x, out=to_W_enc)


if __name__ == "__main__":
    serve(load)
