"""Right answers, and code that looks for what it must not see."""

from submissions.making import Entry, Expected, before

HELD = Expected(shown=("held back:",))
CODES = {
    "solutions": (
        "reads the solutions by path",
        """
attempt("solutions", lambda: open(f"{ROOT}/solutions/02_superposition/superposition.ipynb").read())
attempt("manifest", lambda: open(f"{ROOT}/course/course.toml").read())
""",
    ),
    "gradebook": (
        "reads the gradebook and the secret of the run by path",
        """
attempt("gradebook", lambda: open(f"{OUT}/gradebook.db", "rb").read())
attempt("secret", lambda: open(f"{OUT}/.grading-secret").read())
""",
    ),
    "others": (
        "reads what others have handed in",
        """
import os
attempt("others", lambda: os.listdir(SUBMISSIONS))
one = f"{SUBMISSIONS}/- first right/02_superposition/superposition.ipynb"
attempt("one", lambda: open(one).read())
""",
    ),
    "hidden tests": (
        "looks for hidden tests in the history, in frames and in files",
        """
import glob, sys
def look():
    if "HIDDEN" + " TESTS" not in str(In):
        raise LookupError
attempt("history", look)
attempt("notebook", lambda: open(glob.glob("/submission/*.ipynb")[0]).read())
def welch_bound(n, d):
    frame = sys._getframe()
    while frame is not None:
        if "HIDDEN" + " TESTS" in str(frame.f_globals.get("In")):
            return "GOT THROUGH"
        frame = frame.f_back
    return ((n - d) / (d * (n - 1))) ** 0.5 if n > d else 0.0
""",
    ),
    "imports": (
        "imports solutions, tests and the proof of the grading",
        """
import importlib
checks = "interp_course.checks.superposition"
for name in ("solutions", "tests", "interp_course.verify", checks + ".welch"):
    attempt(name, lambda: importlib.import_module(name))
""",
    ),
    "reloads": (
        "takes the stand-ins away and imports the checks",
        """
import importlib, sys
sys.meta_path[:] = [f for f in sys.meta_path if "StandIns" not in type(f).__name__]
real = "interp_course.checks.superposition"
kept = sys.modules.pop(real), sys.modules.pop("interp_course.checks")
attempt("checks", lambda: importlib.import_module(real).welch_bound.oracle)
""",
    ),
    "environment": (
        "reads environment variables of the grader",
        """
import os
def found():
    texts = [str(dict(os.environ)), open("/proc/self/environ").read()]
    for number in filter(str.isdigit, os.listdir("/proc")):
        try: texts.append(open(f"/proc/{number}/environ").read())
        except OSError: pass
    if "s3cret" not in str(texts): raise LookupError
attempt("environment", found)
""",
    ),
    "processes": (
        "traces, and reads the memory of, other processes",
        """
import ctypes, os
def trace():
    if ctypes.CDLL(None).ptrace(16, 1, 0, 0): raise PermissionError
attempt("trace", trace)
attempt("memory", lambda: open("/proc/1/mem", "rb").read(1))
attempt("files", lambda: os.readlink("/proc/1/root"))
attempt("grader", lambda: open(f"/proc/{GRADER}/cmdline").read() if GRADER > 2 else 1 / 0)
""",
    ),
    "home": (
        "reads the home of the grader and the name of the machine",
        """
for path in (f"{HOME}/.netrc", f"{HOME}/.bashrc", "/etc/hostname"):
    attempt(path, lambda: open(path).read())
""",
    ),
    "desk": (
        "asks the desk for right answers",
        """
from interp_course.grading import talking
wanted = [("given", "welch_bound"), ("call", "pairs"), ("call", "welch_bound"), ("take", "x")]
for do, name in [*wanted, ("given", "__builtins__"), ("eval", "1")]:
    request = {"do": do, "unit": "superposition", "name": name}
    attempt(f"{do} {name}", lambda: talking.ask(request, b"[]"))
request = {"do": "contents", "unit": "../verify", "name": ""}
attempt("unit", lambda: talking.ask(request))
""",
    ),
}
ENTRIES = tuple(
    Entry(f"reads {name}", tries, before(code), HELD) for name, (tries, code) in CODES.items()
)
