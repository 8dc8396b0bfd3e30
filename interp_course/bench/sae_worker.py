"""One implementation of a sparse autoencoder in a process that takes steps when it is told to.

Run as a script this is a worker for other libraries. It then runs in an environment that the
course is not installed in, so it imports torch and the library, and nothing of the course.

The protocol: the process gets a job as JSON in its only argument, and says ``{"ready": ...}`` when
everything is made. For each line ``steps N`` on its standard input it takes N training steps and
answers with a line of JSON: seconds of CPU (all threads) and of the clock, bytes of memory. The
library's own training loop runs all the while: the batches it draws come from `Turns`, which lets
it wait between two commands. With ``"gradients"`` in the job it writes the loss and the gradients
of the first batch to that file instead, and ends.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

STEPS = 10**9
"""More than are ever taken."""
LR = 1e-4
L1 = 0.05
MARGIN = 1e-4


@dataclass(frozen=True)
class Job:
    """What a worker is to do."""

    implementation: str
    architecture: str
    """topk or relu."""
    d_in: int
    d_sae: int
    batch: int
    k: int
    threads: int = 2
    device: str = "cpu"
    bf16: bool = False
    path: str = "auto"
    """Another way of computing the same, where the implementation has one."""
    gradients: str | None = None
    """File for loss and gradients, instead of measuring."""


def draw(job: Job) -> dict[str, Tensor]:
    """The same weights and activations for all implementations: rows of W_dec have length 1.

    Where two latents nearly tie for the last place of a row, rounding decides and gradients
    differ. When gradients are to be compared, such rows give way to others.
    """
    rng = torch.Generator().manual_seed(0)
    W_dec = torch.randn(job.d_sae, job.d_in, generator=rng)
    W_dec /= W_dec.norm(dim=1, keepdim=True)
    W_enc = W_dec.T + 0.01 * torch.randn(job.d_in, job.d_sae, generator=rng)
    b_enc, b_dec = (0.1 * torch.randn(n, generator=rng) for n in (job.d_sae, job.d_in))
    x = torch.randn(2 * job.batch, job.d_in, generator=rng)
    if job.gradients and job.architecture == "topk" and job.k < job.d_sae:
        last = ((x - b_dec) @ W_enc + b_enc).topk(job.k + 1).values[:, -2:]
        x = x[last[:, 0] - last[:, 1] > MARGIN]
        x = x[torch.arange(2 * job.batch) % len(x)]
    made = {"W_enc": W_enc, "b_enc": b_enc, "W_dec": W_dec, "b_dec": b_dec, "x": x}
    return {name: values.to(job.device) for name, values in made.items()}


class Turns:
    """Endless batches; the loop that draws them waits here for its next turn."""

    def __init__(self, x: Tensor, batch: int, ask: Callable[[], str], tell: Callable[..., None]):
        self.batches, self.ask, self.tell = x.split(batch), ask, tell
        self.drawn = self.left = 0
        self.before = memory(x.device)
        self.start: tuple[float, float] | None = None

    def __iter__(self) -> "Turns":
        return self

    def __next__(self) -> Tensor:
        if self.left == 0:
            self._finish()
            self._wait()
        self.left -= 1
        self.drawn += 1
        return self.batches[self.drawn % len(self.batches)]

    def _finish(self) -> None:
        if self.start is not None:
            self._synchronise()
            cpu, wall = time.process_time(), time.perf_counter()
            peak = memory(self.batches[0].device)
            self.tell(cpu=cpu - self.start[0], wall=wall - self.start[1], peak=peak)

    def _wait(self) -> None:
        verb, _, count = self.ask().partition(" ")
        if verb != "steps":
            raise SystemExit(0)  # told to stop, or nobody is there any more
        self._synchronise()
        self.left, self.start = int(count), (time.process_time(), time.perf_counter())

    def _synchronise(self) -> None:
        if self.batches[0].is_cuda:
            torch.cuda.synchronize()


def memory(device: torch.device) -> int | None:
    """The most bytes so far: resident ones of this process, or those of the GPU's tensors."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status") as status:
            return next((int(s.split()[1]) * 1024 for s in status if s.startswith("VmHWM")), None)
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


Implementation = Callable[[Job, dict[str, Tensor], Any], dict[str, Tensor] | None]
"""Trains on batches for ever; without batches it returns loss and gradients on x."""


def serve(load: Callable[[str], Implementation]) -> None:
    """Do the job in the first argument; ``load`` finds the implementation by its name."""
    job = Job(**json.loads(sys.argv[1]))
    torch.set_num_threads(job.threads)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer

    def tell(**answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    implementation = load(job.implementation)
    base = memory(torch.device(job.device))
    made = draw(job)
    if job.gradients:
        made["x"] = made["x"][: job.batch]
        found = implementation(job, made, None)
        assert found is not None
        rows = made["W_dec"]  # what is along them is removed before a step, or undone after it
        found["W_dec"] = found["W_dec"] - (found["W_dec"] * rows).sum(1, keepdim=True) * rows
        torch.save(found, job.gradients)
        return
    tell(ready=True, base=base)
    implementation(job, made, Turns(made.pop("x"), job.batch, sys.stdin.readline, tell))


def load_peer(name: str) -> Implementation:
    """Import another library and return what trains with it."""
    importlib.import_module(name)
    return {f.__name__: f for f in (_sae_lens, _dictionary_learning, _sparsify)}[f"_{name}"]


def _sae_lens(job: Job, made: dict[str, Tensor], batches: Any) -> dict[str, Tensor] | None:
    """`SAETrainer.fit` of SAELens."""
    lens, config = (importlib.import_module(f"sae_lens{part}") for part in ("", ".config"))
    saes = importlib.import_module("sae_lens.saes.sae")
    trainers = importlib.import_module("sae_lens.training.sae_trainer")
    sizes = {"d_in": job.d_in, "d_sae": job.d_sae, "device": job.device}
    if job.architecture == "topk":
        options = {"k": job.k, "rescale_acts_by_decoder_norm": False}
        options |= {"use_sparse_activations": job.path == "sparse"}
        sae = lens.TopKTrainingSAE(lens.TopKTrainingSAEConfig(**sizes, **options))
    else:
        options = lens.StandardTrainingSAEConfig(**sizes, l1_coefficient=L1)
        sae = lens.StandardTrainingSAE(options)
    sae.load_state_dict({name: made[name] for name in ("W_enc", "b_enc", "W_dec", "b_dec")})
    if batches is None:
        coefficients = {"l1": L1} if job.architecture == "relu" else {}
        step = saes.TrainStepInput(made["x"], coefficients, None, 0, False)
        loss = sae.training_forward_pass(step).loss
        loss.backward()
        return _gradients(loss, sae.W_enc.grad, sae.b_enc.grad, sae.W_dec.grad, sae.b_dec.grad)
    settings = config.SAETrainerConfig(
        total_training_samples=STEPS * job.batch,
        train_batch_size_samples=job.batch,
        lr=LR,
        lr_end=LR,
        device=job.device,
        autocast=job.bf16,
    )
    made.clear()
    trainers.SAETrainer(settings, sae, batches).fit()
    return None


def _dictionary_learning(job: Job, made: dict[str, Tensor], batches: Any) -> Any:
    """`trainSAE` of dictionary_learning."""
    training = importlib.import_module("dictionary_learning.training")
    trainers = importlib.import_module("dictionary_learning.trainers")
    topk = job.architecture == "topk"
    config = {"steps": STEPS, "activation_dim": job.d_in, "dict_size": job.d_sae, "lr": LR}
    config |= {"layer": 0, "lm_name": "none", "device": job.device}
    config |= {"k": job.k} if topk else {"l1_penalty": L1, "sparsity_warmup_steps": None}

    def make(**config: Any) -> Any:
        trainer = (trainers.TopKTrainer if topk else trainers.StandardTrainer)(**config)
        sae = trainer.ae
        with torch.no_grad():
            sae.encoder.weight.copy_(made["W_enc"].T)
            sae.encoder.bias.copy_(made["b_enc"])
            sae.decoder.weight.copy_(made["W_dec"].T)
            (sae.b_dec if topk else sae.bias).copy_(made["b_dec"])
        return trainer

    def gradients() -> dict[str, Tensor]:
        trainer = make(**config)
        loss, sae = trainer.loss(made["x"], step=0), trainer.ae
        loss.backward()
        to_b_dec = (sae.b_dec if topk else sae.bias).grad
        encoder, to_W_dec = sae.encoder, sae.decoder.weight.grad.T
        return _gradients(loss, encoder.weight.grad.T, encoder.bias.grad, to_W_dec, to_b_dec)

    if batches is None:
        return gradients()
    dtype = torch.bfloat16 if job.bf16 else torch.float32
    device = {"device": job.device, "autocast_dtype": dtype}
    training.trainSAE(batches, [{"trainer": make, **config}], STEPS, **device)
    return None


def _sparsify(job: Job, made: dict[str, Tensor], batches: Any) -> dict[str, Tensor] | None:
    """`Trainer.fit` of sparsify, on a model that does nothing but hand out the batches."""
    sparsify = importlib.import_module("sparsify")
    config = sparsify.SparseCoderConfig(num_latents=job.d_sae, k=job.k)
    settings = sparsify.TrainConfig(
        config,
        batch_size=1,  # one sequence, of as many tokens as the batch has rows
        optimizer="adam",
        lr=LR,
        hookpoints=["place"],
        finetune="from the given weights",  # or b_dec would be replaced
        log_to_wandb=False,
        save_every=STEPS,
    )
    trainer = sparsify.Trainer(settings, _Tokens(job.batch), _Model(job, batches))
    sae = trainer.saes["place"]
    with torch.no_grad():
        sae.encoder.weight.copy_(made["W_enc"].T)
        for name in ("W_dec", "b_dec"):
            getattr(sae, name).copy_(made[name])
        sae.encoder.bias.copy_(made["b_enc"])
    if batches is None:
        x = made["x"]
        variance = (x - x.mean(0)).square().sum() / len(x)
        loss = sae(x).fvu * variance  # the loss of the others
        loss.backward()
        weight, bias = sae.encoder.weight.grad, sae.encoder.bias.grad
        return _gradients(loss, weight.T, bias, sae.W_dec.grad, sae.b_dec.grad)
    made.clear()
    trainer.fit()
    return None


class _Tokens(torch.utils.data.Dataset):
    def __init__(self, n: int) -> None:
        self.tokens = torch.zeros(n, dtype=torch.long)

    def __len__(self) -> int:
        return STEPS

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        return {"input_ids": self.tokens}


class _Model(torch.nn.Module):
    def __init__(self, job: Job, batches: Any) -> None:
        super().__init__()
        self.place = torch.nn.Identity()
        self.base_model, self.device = None, torch.device(job.device)
        object.__setattr__(self, "base_model", self)
        self.dummy_inputs = {"tokens": torch.zeros(0)}
        self.d_in, self.batches = job.d_in, batches

    def forward(self, tokens: Tensor) -> Tensor:
        if len(tokens) == 0:  # asked for its width
            return self.place(torch.zeros(1, 1, self.d_in))
        return self.place(next(self.batches)[None])


def _gradients(*values: Any) -> dict[str, Tensor]:
    names = ("loss", "W_enc", "b_enc", "W_dec", "b_dec")
    return {n: v.detach().contiguous() for n, v in zip(names, values, strict=True)}


if __name__ == "__main__":
    serve(load_peer)
