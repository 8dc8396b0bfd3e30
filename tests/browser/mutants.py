"""Each browser test is shown able to fail: ``python tests/browser/mutants.py [NAME ...]``.

``mutants.toml`` lists faults that somebody could make, and the tests that must notice each one.
The tests run in a temporary copy of the repository, first as it is, where they must pass, then
once for each fault, where one of those that are named for it must fail. A fault that nobody
notices has survived: then a test says less than it promises. A NAME is the name of a fault, or
part of it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
TESTS = Path("tests", "browser")
LEFT_OUT = (".git", ".venv", "__pycache__", ".*_cache", ".ipynb_*", "site", "dist", "build")
LONGEST_RUN = 900
DEFAULTS = {
    "INTERP_COURSE_CHROMIUM": "chromium",  # one that is missing is then no reason to skip a test
    "INTERP_COURSE_BROWSER_WAITS": "10000",  # many faults are noticed by waiting in vain
    "OMP_NUM_THREADS": "1",
}
PASSED, FAILED = 0, 1  # the exit codes of pytest; all others say that nothing was tested


@dataclass(frozen=True)
class Mutant:
    """One fault, and who should notice it."""

    name: str
    file: str
    old: str
    """Stands in the file exactly once."""
    new: str
    tests: tuple[str, ...]
    """Below ``tests/browser``, as pytest names them; at least one of them fails."""

    def applied(self, text: str) -> str:
        """The contents of the file with the fault in it."""
        if (count := text.count(self.old)) != 1:
            raise ValueError(
                f"{self.name}: {self.old!r} stands in {self.file} {count} times instead of once; "
                f"choose another text in {TESTS / 'mutants.toml'}"
            )
        return text.replace(self.old, self.new)


def read() -> list[Mutant]:
    """All faults, in the order of the list."""
    entries = tomllib.loads(REPOSITORY.joinpath(TESTS, "mutants.toml").read_text("utf-8"))
    return [
        Mutant(name, group["file"], fault["old"], fault["new"], _tests(group, fault))
        for group in entries["group"]
        for name, fault in group["fault"].items()
    ]


def _tests(group: dict, fault: dict) -> tuple[str, ...]:
    tests = fault["test"] if isinstance(fault["test"], list) else [fault["test"]]
    return tuple(f"{group['tests']}::{test}" for test in tests)


def in_order(tests: Iterable[str]) -> list[str]:
    """Tests in the order of their files, of which the last ones may leave no kernel behind."""

    def place(test: str) -> tuple[str, int, str]:
        file, _, name = test.partition("::")
        text = REPOSITORY.joinpath(TESTS, file).read_text("utf-8")
        return file, text.index(f"def {name.partition('[')[0]}("), test

    return sorted(set(tests), key=place)


def run(copy: Path, tests: Sequence[str]) -> tuple[int, str]:
    """The exit code of pytest in the copy, and what it said; it ends at the first failure."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-rfE", "-m", "browser"]
    command += ["-p", "no:cacheprovider", *(str(TESTS / test) for test in tests)]
    environment = {**DEFAULTS, **os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run(
        command,
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    return done.returncode, done.stdout


def is_killed(mutant: Mutant, copy: Path) -> bool:
    """Put the fault into the copy, run its tests, say what came out, and take it out again."""
    path = copy / mutant.file
    sound = path.read_text("utf-8")
    path.write_text(mutant.applied(sound), "utf-8")
    try:
        code, said = run(copy, mutant.tests)
    finally:
        path.write_text(sound, "utf-8")
    if code == FAILED:
        by = re.search(r"^(?:FAILED|ERROR) \S*?::(\w+)", said, re.MULTILINE)
        print(f"killed    {mutant.name}  (by {by[1] if by else '?'})", flush=True)
    elif code == PASSED:
        print(f"SURVIVED  {mutant.name}", flush=True)
    else:
        print(f"SURVIVED  {mutant.name}: pytest ended with {code}\n{said}", flush=True)
    return code == FAILED


def main(names: Sequence[str]) -> int:
    """Try the faults with these names, or all; 1 if one survived, or a sound test failed."""
    chosen = [m for m in read() if not names or any(name in m.name for name in names)]
    if not chosen:
        print(f"no fault has one of the names {', '.join(names)}")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "repository"
        shutil.copytree(REPOSITORY, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        code, said = run(copy, in_order(test for mutant in chosen for test in mutant.tests))
        if code != PASSED:
            print(f"without any fault, the tests do not pass:\n{said}")
            return 1
        survived = [mutant.name for mutant in chosen if not is_killed(mutant, copy)]
    print(f"{len(chosen) - len(survived)} of {len(chosen)} killed")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
