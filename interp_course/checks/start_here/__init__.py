"""The check of the start page."""

from interp_course.checks.start_here.looking import heads, looks_back

__all__ = ["heads", "looks_back"]
