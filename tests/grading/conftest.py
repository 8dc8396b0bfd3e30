"""Sandboxes that many tests share; each test has kernels of its own in them."""

from collections.abc import Iterator

import pytest
from sandboxed import WHY_NOT, WHY_NOT_WARM

from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold, Warm
from interp_course.grading.sandbox.limits import MIB, Limits

FEW = ("ipykernel.kernelapp", "ipykernel.ipkernel")
"""What a warm process imports for tests that need no models."""
TIGHT = Limits(
    memory=1024 * MIB,
    memory_in_all=1536 * MIB,
    processes=60,
    cpu_seconds=2,
    file_size=5 * MIB,
    folder_size=20 * MIB,
)


@pytest.fixture(scope="session")
def cold() -> Iterator[Cold]:
    """Starts each kernel in a new sandbox."""
    if WHY_NOT is not None:
        pytest.skip(WHY_NOT)
    launcher = Cold(Bubblewrap())
    yield launcher
    launcher.close()


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Forks each kernel in one sandbox."""
    if WHY_NOT_WARM is not None:
        pytest.skip(WHY_NOT_WARM)
    launcher = Warm(Bubblewrap(), libraries=FEW)
    yield launcher
    launcher.close()


@pytest.fixture(params=["cold", "warm"])
def launcher(request: pytest.FixtureRequest) -> Cold:
    """Both ways to start a kernel, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["cold", "warm"], scope="module")
def tight(request: pytest.FixtureRequest) -> Iterator[Cold]:
    """Both ways, with limits that a few lines can reach."""
    reason = WHY_NOT if request.param == "cold" else WHY_NOT_WARM
    if reason is not None:
        pytest.skip(reason)
    if request.param == "cold":
        launcher = Cold(Bubblewrap(), TIGHT)
    else:
        launcher = Warm(Bubblewrap(), TIGHT, libraries=FEW)
    yield launcher
    launcher.close()


@pytest.fixture(scope="session")
def unhooked(request: pytest.FixtureRequest) -> None:
    """Skip where classes carry type checks: those cannot be pickled by value, and never are."""
    if request.config.getoption("--jaxtyping-packages"):
        pytest.skip("what is handed out cannot be pickled with type checks in it")
