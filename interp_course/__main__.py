"""``python -m interp_course`` is the same as ``interp-course``."""

from interp_course.cli import app

if __name__ == "__main__":
    app()
