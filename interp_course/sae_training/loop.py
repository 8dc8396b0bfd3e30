"""The training loop of sparse autoencoders, on one process or several.

With several processes (``torchrun --nproc-per-node 2 script.py``, after
``torch.distributed.init_process_group``) each gets its own rows of every batch, equally many;
gradients are averaged, and what a batch decides is decided over the rows of all: the
selection and threshold of batchtopk, and which latents are dead. The result is that of one
process with the whole batch, up to rounding.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from interp_course import collectives, runtime
from interp_course.sae import Loss, SparseAutoencoder, check_activations
from interp_course.sae_training import checkpoints
from interp_course.sae_training.config import TrainingConfig
from interp_course.sae_training.resampling import resample
from interp_course.training import History

Measure = Callable[[SparseAutoencoder], Mapping[str, float]]


def train(
    sae: SparseAutoencoder,
    batches: Iterator[Tensor],
    config: TrainingConfig | None = None,
    *,
    folder: str | Path | None = None,
    resume: bool = False,
    measure: Measure | None = None,
    on_log: Callable[[History], None] | None = None,
    progress: bool = False,
) -> History:
    """Minimise the loss of a sparse autoencoder with Adam, in place.

    Args:
        sae: Trained in place, on the device it is on.
        batches: Yields activations ``[batch d_in]``: an `ActivationBuffer` or any iterator. With
            several processes it yields this process's rows; see `collectives.my_rows`.
        config: How to train.
        folder: Where checkpoints go; None keeps none.
        resume: Go on from the last checkpoint in ``folder`` if there is one. A buffer goes on
            where it stopped; any other iterator must be a fresh one, and the batches that were
            used are drawn again and dropped. The result is that of a run without a break.
        measure: Its numbers join each row of the history.
        on_log: Called after each row, with the history so far.
        progress: Show a progress bar.

    Returns:
        A row for step 0, each ``log_every``-th and the last: step, lr, loss, reconstruction,
        sparsity, auxiliary, l0, fvu (reconstruction as a share of the batch's variance) and
        dead (share of latents). All are means over the processes' batches before the step.

    Raises:
        FloatingPointError: If the loss is no longer finite. Weights and checkpoint are those
            before that step.
        CheckpointError: If the checkpoint does not fit.
        ValueError: If a batch has another width or is not finite, or batches run out.
    """
    run = _Run(sae, batches, config or TrainingConfig(), Path(folder) if folder else None)
    run.start(resume)
    steps = run.config.steps
    bar = tqdm(total=steps, initial=run.step, disable=not progress, unit="step")
    while run.step < steps:
        logged = run.step % run.config.log_every == 0 or run.step == steps - 1
        row = run.advance(measured=logged)
        if logged:
            with torch.no_grad():
                extra = measure(sae) if measure is not None else {}
            run.history.rows.append({**row, **{k: float(v) for k, v in extra.items()}})
            if on_log is not None:
                on_log(run.history)
        run.save_if_due()
        bar.update()
        bar.set_postfix_str(f"loss {row['loss']:.3g}", refresh=False)
    bar.close()
    return run.history


class _Run:
    """A run: the autoencoder, its optimiser, and how far they are."""

    def __init__(
        self,
        sae: SparseAutoencoder,
        batches: Iterator[Tensor],
        config: TrainingConfig,
        folder: Path | None,
    ) -> None:
        if config.checkpoint_every is not None and folder is None:
            raise ValueError("checkpoint_every needs a folder to write to: pass folder=...")
        self.sae, self.batches, self.config, self.folder = sae, batches, config, folder
        self.device, self.dtype = sae.W_dec.device, sae.W_dec.dtype
        fused = self.device.type in ("cpu", "cuda")
        self.optimizer = torch.optim.Adam(sae.parameters(), config.lr, config.betas, fused=fused)
        self.idle = torch.zeros(sae.config.d_sae, dtype=torch.long, device=self.device)
        self.step, self.history, self.rows = 0, History(), 0
        self.loss: Callable[..., Loss] = sae.loss
        if config.compile is not None:
            self.loss = torch.compile(sae.loss, backend=config.compile)

    def start(self, resume: bool) -> None:
        """From the checkpoint, or from the weights of process 0."""
        if resume and self.folder is None:
            raise ValueError("resume needs the folder of the checkpoint: pass folder=...")
        state = None
        if resume and self.folder is not None:
            state = checkpoints.read(self.folder, self.sae.config, self.config)
        begun = torch.tensor(-1 if state is None else state["step"], device=self.device)
        if collectives.gathered(begun).unique().numel() > 1:
            raise checkpoints.CheckpointError(
                f"the processes' checkpoints in {self.folder} are of different steps: start anew"
            )
        if state is not None:
            self._restore(state)
        for values in self.sae.state_dict().values():
            collectives.share_first(values)

    def advance(self, *, measured: bool) -> dict[str, float]:
        """One step; returns the loss before it, and more if measured."""
        x = self._draw()
        dead, lr = self.idle > self.config.dead_after, self.config.lr_at(self.step)
        loss = self._evaluated(x, dead)
        row = {"step": float(self.step), "loss": collectives.mean(loss.total.detach()).item()}
        if not math.isfinite(row["loss"]):
            raise FloatingPointError(self._explained(row["loss"], lr))
        if measured:
            row |= {"lr": lr, **self._measured(x, loss, dead)}
        self._update(loss, lr)
        self.idle = torch.where(collectives.anywhere(loss.fired), 0, self.idle + 1)
        self.step += 1
        if self.step in self.config.resample_at:
            dead = self.idle > self.config.dead_after
            rng = runtime.generator(f"resampling {self.step}", self.config.seed)
            resample(self.sae, x, dead, self.optimizer, rng)
            self.idle[dead] = 0
        return row

    def save_if_due(self) -> None:
        """Write the checkpoint if it is time to."""
        every = self.config.checkpoint_every or self.config.steps
        if self.folder is None or (self.step % every and self.step < self.config.steps):
            return
        stream = getattr(self.batches, "state_dict", None)
        state = {
            "sae": self.sae.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "idle": self.idle,
            "rows": self.history.rows,
            "batches": stream() if stream is not None else None,
        }
        checkpoints.write(self.folder, self.sae.config, self.config, state)

    def _restore(self, state: dict[str, Any]) -> None:
        self.sae.load_state_dict(state["sae"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.idle = state["step"], state["idle"].to(self.device)
        self.history.rows = state["rows"]
        load = getattr(self.batches, "load_state_dict", None)
        if load is not None and state["batches"] is not None:
            load(state["batches"])
        else:
            for _ in range(self.step):
                next(self.batches)

    def _draw(self) -> Tensor:
        try:
            x = next(self.batches)
        except StopIteration:
            raise ValueError(
                f"the batches ran out at step {self.step} of {self.config.steps}: "
                "lower steps, or use an ActivationBuffer, which starts over"
            ) from None
        if collectives.processes() > 1 and len(x) != self.rows:
            rows = collectives.gathered(torch.tensor(len(x), device=self.device))
            if self.rows or rows.unique().numel() > 1:
                raise ValueError(
                    f"all batches of all processes must have the same number of rows, got "
                    f"{rows.tolist()} at step {self.step}"
                )
            self.rows = len(x)
        return x.to(device=self.device, dtype=self.dtype)

    def _evaluated(self, x: Tensor, dead: Tensor) -> Loss:
        try:
            check_activations(x, self.sae.config.d_in)
        except ValueError as error:
            raise ValueError(f"the batch of step {self.step}: {error}") from error
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.autocast):
            return self.loss(
                x,
                dead,
                sparsity_scale=self.config.sparsity_at(self.step),
                computation=self.config.computation,
            )

    def _update(self, loss: Loss, lr: float) -> None:
        loss.total.backward()
        for parameter in self.sae.parameters():
            if collectives.processes() > 1 and parameter.grad is not None:
                parameter.grad.copy_(collectives.mean(parameter.grad))
        self.sae.project_gradients()
        nn.utils.clip_grad_norm_(self.sae.parameters(), self.config.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.sae.finish_step(loss)

    def _measured(self, x: Tensor, loss: Loss, dead: Tensor) -> dict[str, float]:
        scaled = x * self.sae.scale
        centred = scaled - collectives.mean(scaled.mean(dim=0))
        variance = collectives.mean(centred.square().sum(dim=1).mean())
        parts = {
            name: collectives.mean(getattr(loss, name).detach()).item()
            for name in ("reconstruction", "sparsity", "auxiliary", "l0")
        }
        fvu = parts["reconstruction"] / max(variance.item(), 1e-30)
        return {**parts, "fvu": fvu, "dead": dead.float().mean().item()}

    def _explained(self, value: float, lr: float) -> str:
        stays = ""
        if self.folder is not None and checkpoints.path(self.folder).exists():
            stays = f"; the last good checkpoint is {checkpoints.path(self.folder)}"
        return (
            f"the loss became {value} at step {self.step}, with a learning rate of {lr:.3g}; the "
            f"weights are those before that step{stays}. Lower lr (now {self.config.lr}), or "
            "scale the activations with measure_scale if they are large"
        )
