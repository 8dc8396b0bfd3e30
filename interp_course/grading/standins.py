"""What a student's process finds in the place of ``interp_course.checks``.

Checks and findings that decide nothing, quizzes and predictions that show nothing, and helper
functions that fetch their results from the grader's desk. There is nothing here that knows a
right answer, so nothing can be learned from it and nothing is won by replacing it.
"""

import json
import pickle
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from interp_course.grading import talking

CHECKS = "interp_course.checks"
HIDDEN = ("interp_course.verify", "solutions", "tests")
"""What tells right answers, besides the checks."""


class HandedOver:
    """Stands for a check or a finding."""

    def __init__(self, name: str):
        self._name = name

    def __call__(self, answer: Any = None, *args: Any, **kwargs: Any) -> None:
        """Say that the verdict is found elsewhere."""
        print(f"✓ {self._name}: handed over, judged outside")  # noqa: T201


class Inert(dict):
    """Stands for a quiz or for predictions: has every entry, and shows nothing."""

    def __missing__(self, key: Any) -> "Inert":
        return Inert()

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing about a prediction."""

    def __repr__(self) -> str:
        return "(not shown while a notebook is graded)"


class Fetched:
    """Stands for a helper function."""

    def __init__(self, unit: str, name: str):
        self._unit, self.__name__ = unit, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The result, as computed by the grader.

        Raises:
            ValueError: If the function cannot be called with these arguments.
        """
        from interp_course.grading import values

        request = {"do": "call", "unit": self._unit, "name": self.__name__}
        return _asked(request, values.dumps([args, kwargs]).encode())


class StandIns(MetaPathFinder, Loader):
    """Finds stand-ins for ``interp_course.checks``, and nothing where right answers are told."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder.find_spec`."""
        if any(fullname == name or fullname.startswith(f"{name}.") for name in HIDDEN):
            raise ModuleNotFoundError(f"{fullname} is not there while a notebook is graded")
        if fullname != CHECKS and not fullname.startswith(f"{CHECKS}."):
            return None
        if fullname.count(".") > CHECKS.count(".") + 1:
            raise ModuleNotFoundError(f"{fullname} is not there while a notebook is graded")
        return ModuleSpec(fullname, self, is_package=fullname == CHECKS)

    def exec_module(self, module: ModuleType) -> None:
        """Fill a stand-in with the names that the desk tells."""
        unit = module.__name__.removeprefix(CHECKS).removeprefix(".")
        if not unit:
            return
        try:
            kinds = json.loads(talking.ask({"do": "contents", "unit": unit}))
        except talking.Refusal as error:
            raise ModuleNotFoundError(str(error)) from None
        for name, kind in kinds.items():
            setattr(module, name, _stand_in(unit, name, kind))
        module.__dict__["__all__"] = list(kinds)


def install() -> None:
    """Put the stand-ins in place, for this process and for good."""
    for name in [n for n in sys.modules if n == CHECKS or n.startswith((f"{CHECKS}.", *HIDDEN))]:
        del sys.modules[name]
    package = sys.modules.get("interp_course")
    if package is not None and hasattr(package, "checks"):
        delattr(package, "checks")
    sys.meta_path.insert(0, StandIns())


def _stand_in(unit: str, name: str, kind: str) -> Any:
    if kind == "exercise":
        return HandedOver(name)
    if kind in ("quiz", "predictions"):
        return Inert()
    if kind == "called":
        return Fetched(unit, name)
    return _asked({"do": "given", "unit": unit, "name": name})


def _asked(request: dict[str, str], body: bytes = b"") -> Any:
    """From the grader, who is trusted."""
    try:
        return pickle.loads(talking.ask(request, body))
    except talking.Refusal as error:
        raise ValueError(str(error)) from None
