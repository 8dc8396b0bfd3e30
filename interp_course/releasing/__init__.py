"""What students get: notebooks without answers, the package, and how to start.

`make` collects the files from the course's repository, looks whether the notebooks are fresh,
searches every file for answers and hidden tests, and only then writes a folder or a ``.zip``. A
folder can be brought up to date later: ``release.json`` in it says which files came from a
release, and with which contents.

The package goes along whole, because notebooks and self-checks need it. So students can read the
oracles in ``interp_course.checks``; what they do not get is ``solutions/`` and ``tests/``.
"""

from interp_course.releasing.contents import Release, ReleaseError
from interp_course.releasing.making import make
from interp_course.releasing.writing import Changes

__all__ = ["Changes", "Release", "ReleaseError", "make"]
