"""Why a person should look at a submission: the flags of a result.

A flag is a reason to look, not a finding: a crash may be an accident, a changed test cell a
slip of the mouse, and two answers may look alike because there is one good way to write them.
"""

from collections.abc import Iterable, Sequence

from interp_course.grading.scores import CellScore

REFUSED = "refused"
KERNEL_DIED = "kernel died"
TIMEOUT = "timeout"
CRASH = "crash"
TAMPERING = "tampering suspected"
NEAR_IDENTICAL = "near-identical"

_LATE = ("CellTimeoutError", "KeyboardInterrupt", "timed out", "Timeout", "KernelUnresponsive")
_DEAD = ("Kernel died", "DeadKernelError", "KernelDied", "KernelMisbehaved", "OutputFlood")
_NAMES = (*_DEAD, *_LATE, "TotalTimeout")
"""With which a note on a cell that was cut short begins."""
_LOST = ("cell of an unknown form",)
_JUDGED = ("CheckFailed", "AssertionError", "NotImplementedError")
_TAMPERED = ("were changed: restored", "tampering suspected")


def flags_of(status: str, notes: Iterable[str], cells: Sequence[CellScore] = ()) -> tuple[str, ...]:
    """The flags that follow from what became of one submission.

    * refused: it could not be read, and scores 0 for that;
    * kernel died, timeout: the student's code ended its process, or ran into a limit;
    * crash: a run that did not end, or a test that could not be asked (it raised something
      other than a verdict), so that points may be missing for a trifle;
    * tampering suspected: the type or the points of a graded cell were changed.

    Args:
        status: ``graded``, ``refused`` or ``failed``.
        notes: The notes of the result.
        cells: Its scores.
    """
    notes = tuple(notes)
    if status == "refused":
        return (REFUSED,)
    errors = [cell.error for cell in cells if cell.error is not None]
    texts = [*(n for n in notes if status == "failed" or n.startswith(_NAMES)), *errors]
    died = any(word in text for text in texts for word in _DEAD)
    late = any(word in text for text in texts for word in _LATE)
    broken = [e for e in errors if not e.startswith((*_JUDGED, *_LATE, *_DEAD))]
    lost = any(note.startswith(_LOST) for note in notes)
    found = {
        KERNEL_DIED: died,
        TIMEOUT: late,
        CRASH: bool(broken) or lost or (status == "failed" and not died and not late),
        TAMPERING: any(word in note for note in notes for word in _TAMPERED),
    }
    return tuple(flag for flag, is_raised in found.items() if is_raised)
