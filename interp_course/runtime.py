"""Where and how computations run: device, number format, seeds, determinism.

Nothing here touches torch's global random state. Every random draw of the course comes from
a generator with a name, ``generator("induction data", 3)``, so that adding one draw somewhere
does not change all the others.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator

import torch

DEVICE_VARIABLE = "INTERP_COURSE_DEVICE"
INSTANCE_VARIABLE = "INTERP_COURSE_INSTANCE"
STUDENT_VARIABLE = "INTERP_COURSE_STUDENT"
INSTANCES = 1_000_000
WORKSPACE_VARIABLE = "CUBLAS_WORKSPACE_CONFIG"
"""Read by CUDA's matrix products, which are deterministic only if it is set."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}


def device(name: str | torch.device | None = None) -> torch.device:
    """The device to compute on.

    The argument wins, then the environment variable ``INTERP_COURSE_DEVICE``, then ``"cpu"``:
    the course's models are so small that a CPU is the fastest choice for most of them. The
    name ``"auto"`` takes CUDA or MPS where there is one.

    Raises:
        ValueError: If the name is none of cpu, cuda, cuda:N, mps and auto.
        RuntimeError: If the device is not there; the message says what is.
    """
    text = str(name or os.environ.get(DEVICE_VARIABLE) or "cpu")
    if text == "auto":
        text = available_devices()[-1]
    kind = text.partition(":")[0]
    if kind not in ("cpu", "cuda", "mps"):
        raise ValueError(f"device must be cpu, cuda, cuda:N, mps or auto, got {text!r}")
    try:
        chosen = torch.device(text)
    except RuntimeError as error:
        raise ValueError(f"device must be cpu, cuda, cuda:N, mps or auto, got {text!r}") from error
    missing = kind not in available_devices()
    if missing or (kind == "cuda" and (chosen.index or 0) >= torch.cuda.device_count()):
        raise RuntimeError(
            f"device {text!r} was asked for, but this machine has only "
            f"{', '.join(available_devices())}: pass device='cpu', or unset {DEVICE_VARIABLE}"
        )
    return chosen


def available_devices() -> list[str]:
    """The kinds of device this machine has, the fastest last."""
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.append("mps")
    if torch.cuda.is_available():
        found.append("cuda")
    return found


def dtype(name: str | torch.dtype = "float32") -> torch.dtype:
    """The number format with this name: float32 (the default everywhere), bfloat16, float64.

    Raises:
        ValueError: For any other name. float16 is left out: its narrow range overflows
            in attention scores, where bfloat16 does not.
    """
    text = str(name).removeprefix("torch.")
    if text not in DTYPES:
        raise ValueError(f"dtype must be one of {', '.join(DTYPES)}, got {text!r}")
    return DTYPES[text]


def generator(name: str, seed: int = 0) -> torch.Generator:
    """A CPU random generator that depends on ``name`` and ``seed`` alone.

    Two names give independent streams even for the same seed. Draw on the CPU and move the
    result: generators of different devices give different numbers for the same seed.
    """
    digest = hashlib.sha256(f"{name}\0{seed}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


@contextlib.contextmanager
def deterministic(threads: int = 1) -> Iterator[None]:
    """Inside, torch uses deterministic algorithms and a fixed number of CPU threads.

    The order of a floating-point sum depends on the number of threads, so two machines agree
    to the last bit only if that number is fixed. The previous settings are restored.
    """
    enabled, n_threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    workspace = os.environ.get(WORKSPACE_VARIABLE)
    os.environ.setdefault(WORKSPACE_VARIABLE, ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        torch.set_num_threads(n_threads)
        if workspace is None:
            del os.environ[WORKSPACE_VARIABLE]


def instance_of(student: str) -> int:
    """The instance of a student's own, always the same for the same name."""
    digest = hashlib.sha256(f"instance of {student}".encode()).digest()
    return int.from_bytes(digest[:8], "little") % INSTANCES


def instance() -> int:
    """The number that draws this student's findings exercises.

    The environment variable ``INTERP_COURSE_INSTANCE`` wins; otherwise it is that of the student
    whom ``INTERP_COURSE_STUDENT`` names, or 0.

    Raises:
        ValueError: If the variable is set to something that is not a whole number.
    """
    student = os.environ.get(STUDENT_VARIABLE, "").strip()
    text = os.environ.get(INSTANCE_VARIABLE, str(instance_of(student)) if student else "0")
    if not text.isdigit():
        raise ValueError(f"{INSTANCE_VARIABLE} must be a whole number, got {text!r}")
    return int(text)
