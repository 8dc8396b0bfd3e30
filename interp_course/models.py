"""The networks of the course: build them, load them, save them.

`load` takes a name of the zoo (weights ship with the package), a local folder, or the name of
a model on the Hugging Face hub, and returns a transformer-lens ``TransformerBridge``. Train
the raw module that `build` returns and `wrap` it afterwards: on inputs this small a bridge's
hooks cost more than the computation.
"""

import copy
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources._bridge_builder import build_bridge_from_module
from transformer_lens.model_bridge.sources.native import NativeModel, initialize_native_model

from interp_course import assets, disguise, runtime
from interp_course.world import tokenizer
from interp_course.world.vocabulary import VOCABULARY

CONFIG_FILE, WEIGHTS_FILE = "interp_course.json", "model.safetensors"


class ModelError(ValueError):
    """A model cannot be loaded; the message says why and what to do."""


@dataclass(frozen=True)
class Architecture:
    """The shape of a transformer with learned positions.

    Without ``d_mlp`` it has attention only and no norm. With it each layer also has an MLP
    (GELU), and LayerNorm stands before attention, MLP and unembedding, as in GPT-2; a
    ``plain`` one has ReLU in its MLPs and no norm, so that weights can be set by hand.
    """

    n_layers: int
    n_heads: int = 4
    d_model: int = 64
    d_head: int = 32
    d_vocab: int = 64
    n_ctx: int = 64
    d_mlp: int | None = None
    plain: bool = False


@dataclass(frozen=True)
class ZooModel:
    """A model whose weights ship with the package."""

    architecture: Architecture
    seeds: tuple[int, ...]
    """Training runs that differ in initialisation and data order. Seed 0 is the default."""
    steps: tuple[int, ...] = ()
    """Checkpoints of seed 0 taken during training, by step."""
    half: bool = False
    """Whether the weights are stored in half precision; they are loaded in full."""
    tokenizer: Callable[[], Any] | None = None
    """Makes the tokenizer of a model that reads words."""


ZOO = {
    "induction": ZooModel(
        Architecture(n_layers=2),
        seeds=(0, 1, 2, 3, 4, 5),
        steps=(0, 100, 200, 250, 300, 350, 400, 450, 500, 600, 800),
    ),
    "one_layer": ZooModel(Architecture(n_layers=1), seeds=(0,)),
    "world": ZooModel(
        Architecture(n_layers=3, d_model=96, d_vocab=len(VOCABULARY), n_ctx=32, d_mlp=384),
        seeds=(0, 1, 2, 3),
        half=True,
        tokenizer=tokenizer,
    ),
}


def build(architecture: Architecture, seed: int = 0) -> nn.Module:
    """A raw, freshly initialised module with this architecture (GPT-2 initialisation)."""
    config = _config(architecture)
    with torch.random.fork_rng(devices=[]):
        module = NativeModel(config)
        initialize_native_model(module, config, seed=seed)
    module.register_forward_pre_hook(_check_tokens, with_kwargs=True)
    return module


def wrap(module: nn.Module, tokenizer: Any = None) -> TransformerBridge:
    """A bridge around a copy of a raw module, in evaluation mode; the module stays as it is.

    Args:
        module: What `build` returns, trained or not.
        tokenizer: Lets the bridge read text, as `world.tokenizer` does for the model ``world``.
    """
    module = copy.deepcopy(module).eval()
    config: Any = module.cfg
    return build_bridge_from_module(
        module,
        "TransformerLensNative",
        tl_config=config,
        tokenizer=tokenizer,
        model_name="interp_course",
    )


def load(
    name: str,
    *,
    seed: int = 0,
    step: int | None = None,
    instance: int | None = None,
    device: str | torch.device | None = None,
    dtype: str | torch.dtype = "float32",
) -> TransformerBridge:
    """Load a model, ready for hooks and caches.

    Args:
        name: A zoo name (``"induction"``, ``"world"``), a folder written by `save` or by
            Hugging Face's ``save_pretrained``, or a hub name such as ``"gpt2"``.
        seed: Which training run of a zoo model.
        step: A checkpoint taken during training (see ``ZOO[name].steps``); None is the end.
        instance: Draws a training run and hides it: the heads of each layer are shuffled and
            the residual stream is rotated, which changes no output. Answers to *which head*
            differ between instances. Only attention-only models without norms have instances.
        device: See `runtime.device`.
        dtype: float32, bfloat16 or float64.

    Raises:
        ModelError: If there is no such model, or a hub model cannot be reached.
        AssetError: If bundled weights are missing or damaged.
    """
    where, number_format = runtime.device(device), runtime.dtype(dtype)
    if name in ZOO:
        module, make = _from_zoo(name, seed, step, instance), ZOO[name].tokenizer
        return wrap(module.to(device=where, dtype=number_format), make() if make else None)
    if seed or step is not None or instance is not None:
        raise ModelError(f"seed, step and instance belong to the zoo; {name!r} is not in it")
    if Path(name).is_dir():
        return _from_folder(Path(name), where, number_format)
    return _from_hub(name, where, number_format)


def save(module: nn.Module, folder: str | Path, architecture: Architecture) -> None:
    """Write a raw module of this architecture so that `load` reads it from ``folder``."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG_FILE).write_text(json.dumps(asdict(architecture), indent=1) + "\n")
    save_file(weights(module), folder / WEIGHTS_FILE)


def weights(module: nn.Module) -> dict[str, Tensor]:
    """A copy of the parameters of a raw module, on the CPU, as stored in the zoo."""
    return {k: v.detach().cpu().clone() for k, v in module.named_parameters()}


def _config(a: Architecture) -> TransformerBridgeConfig:
    shape = asdict(a)
    plain = shape.pop("plain")
    if a.d_mlp is None:
        return TransformerBridgeConfig(**shape, attn_only=True, normalization_type=None)
    if plain:
        return TransformerBridgeConfig(**shape, act_fn="relu", normalization_type=None)
    return TransformerBridgeConfig(**shape, act_fn="gelu", normalization_type="LN")


def _from_zoo(name: str, seed: int, step: int | None, instance: int | None) -> nn.Module:
    entry = ZOO[name]
    if instance is not None:
        if entry.architecture.d_mlp is not None:
            raise ModelError(f"{name} has no instances, only the seeds {entry.seeds}")
        if seed or step is not None:
            raise ModelError("instance draws the training run itself: leave out seed and step")
        rng = runtime.generator(f"instance of {name}", instance)
        seed = entry.seeds[int(torch.randint(len(entry.seeds), (), generator=rng))]
    if seed not in entry.seeds:
        raise ModelError(f"{name} has the seeds {entry.seeds}, got {seed}")
    state = _stored(name, seed, step)
    if instance is not None:
        state = disguise.disguised(state, entry.architecture.n_heads, instance)
    module = build(entry.architecture)
    module.load_state_dict(state)
    return module


def _stored(name: str, seed: int, step: int | None) -> dict[str, Tensor]:
    if step is None:
        return load_file(assets.path(f"{name}-seed{seed}.safetensors"))
    steps = ZOO[name].steps
    if not steps:
        raise ModelError(f"no checkpoints of {name} are kept, only its end: leave out step")
    if seed != 0 or step not in steps:
        raise ModelError(f"checkpoints of {name} exist for seed 0 at the steps {steps}, got {step}")
    stored, prefix = load_file(assets.path(f"{name}-history.safetensors")), f"{step:04d}."
    return {k.removeprefix(prefix): v.float() for k, v in stored.items() if k.startswith(prefix)}


def _from_folder(folder: Path, device: torch.device, dtype: torch.dtype) -> TransformerBridge:
    if not (folder / CONFIG_FILE).is_file():
        return _from_transformers(str(folder), device, dtype)
    try:
        text = (folder / CONFIG_FILE).read_text(encoding="utf-8")
        module = build(Architecture(**json.loads(text)))
        module.load_state_dict(load_file(folder / WEIGHTS_FILE))
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"the model in {folder} is incomplete or damaged: {error}") from error
    return wrap(module.to(device=device, dtype=dtype))


def _from_hub(name: str, device: torch.device, dtype: torch.dtype) -> TransformerBridge:
    from huggingface_hub import HfApi, errors, try_to_load_from_cache

    near = get_close_matches(name, ZOO, n=1, cutoff=0.7)
    zoo = f"did you mean {near[0]!r}?" if near else f"models that need no network: {', '.join(ZOO)}"
    if near or name != name.strip("/. "):
        raise ModelError(f"there is no model {name!r} in the zoo and no such folder; {zoo}")
    try:
        if not isinstance(try_to_load_from_cache(name, "config.json"), str):
            # One quick question, because a download of a missing name is retried for long.
            HfApi().model_info(name, timeout=5)
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise ModelError(f"the hub has no model {name!r}, nor has the zoo; {zoo}") from error
    except Exception as error:
        raise ModelError(
            f"{name!r} is a hub model that is not on this computer yet, and the hub cannot be "
            f"reached ({type(error).__name__}). Connect to the internet once, then it is kept; "
            f"or use a zoo model: {', '.join(ZOO)}"
        ) from error
    return _from_transformers(name, device, dtype)


def _from_transformers(name: str, device: torch.device, dtype: torch.dtype) -> TransformerBridge:
    try:
        return TransformerBridge.boot_transformers(name, device=str(device), dtype=dtype)
    except (OSError, ValueError) as error:
        raise ModelError(f"transformer-lens cannot load {name!r}: {error}") from error


def _check_tokens(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse tokens that the model cannot read, before an embedding fails obscurely."""
    tokens = args[0] if args else kwargs.get("input_ids")
    embeddings = kwargs.get("inputs_embeds")  # where a bridge passes anything made of floats
    if embeddings is not None and embeddings.ndim != 3:
        tokens = embeddings
    if not isinstance(tokens, Tensor) or tokens.numel() == 0:
        return
    config = module.cfg
    if tokens.is_floating_point():
        raise ValueError(f"tokens must be integers, got {tokens.dtype}: use tokens.long()")
    if tokens.ndim != 2:
        raise ValueError(f"tokens must have the shape [batch, pos], got {tuple(tokens.shape)}")
    if tokens.shape[1] > config.n_ctx:
        raise ValueError(
            f"the sequences have {tokens.shape[1]} tokens, but the model's context is "
            f"n_ctx = {config.n_ctx}: use shorter ones, for example tokens[:, :{config.n_ctx}]"
        )
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= config.d_vocab:
        raise ValueError(
            f"token {high if high >= config.d_vocab else low} is outside the vocabulary: "
            f"this model knows 0 .. {config.d_vocab - 1}"
        )
