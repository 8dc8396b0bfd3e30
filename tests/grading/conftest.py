"""Fixtures of the tests of grading."""

import pytest


@pytest.fixture(scope="session")
def unhooked(request: pytest.FixtureRequest) -> None:
    """Skip where classes carry type checks: those cannot be pickled by value, and never are."""
    if request.config.getoption("--jaxtyping-packages"):
        pytest.skip("what is handed out cannot be pickled with type checks in it")
