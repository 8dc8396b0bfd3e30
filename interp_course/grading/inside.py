"""Start a kernel in which a student's notebook is graded.

``python -m interp_course.grading.inside -f CONNECTION`` is the command. The environment variable
INTERP_COURSE_INBOX names the private folder with the grader's desk, INTERP_COURSE_INSTANCE the
instance of the student's exercises. A fork server calls `main` in the child.
"""

import sys
from collections.abc import Sequence

from interp_course.grading import standins


def main(argv: Sequence[str]) -> None:
    """Put stand-ins in the place of the checks and become a kernel; returns when it ends."""
    standins.install()
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(list(argv))


if __name__ == "__main__":
    main(sys.argv[1:])
