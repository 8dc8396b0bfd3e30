"""Make the site and look it over: ``python -m website [FOLDER]``, by default ``site``."""

import sys
from pathlib import Path

from website import building, checking, pages

ROOT = Path(__file__).resolve().parents[1]


def main(out: Path) -> int:
    """Build, check, and say what was found; the number of problems."""
    try:
        building.build(pages.pages(ROOT), out)
    except building.SiteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    problems = checking.problems(out, ROOT)
    sys.stdout.write("\n".join([*problems, f"{out / 'index.html'}: {len(problems)} problems\n"]))
    return len(problems)


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1] if len(sys.argv) > 1 else "site")), 1))
