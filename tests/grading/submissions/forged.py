"""Wrong answers, and code that wants points for them."""

from forging import FORGERIES

from submissions.making import Entry, Expected, before

GONE = "KernelDied in welch-test"
TOTAL_LOSS = {
    "the kernel does nothing and says that it did",
    "replying is replaced",
    "two replies",
    "a package shadows the real one",
}
"""Forgeries after which honest answers no longer work either."""
MORE = {
    "the gradebook's numbers are shown": """
from IPython.display import display
for number in (1, 2, 1000): display(number)
get_ipython().displayhook(3)
""",
    "the stand-ins are replaced": """
import sys, types
fake = types.ModuleType("interp_course.checks.superposition")
fake.__getattr__ = lambda name: (lambda *args, **kwargs: None)
sys.modules["interp_course.checks.superposition"] = check = fake
check.network = __import__("interp_course").checks.superposition.network
""",
    "builtins are replaced": """
import builtins
builtins.AssertionError = builtins.abs = builtins.round = lambda *a: 1.0
""",
    "a package shadows the real one": """
import os, sys
for name in ("torch", "interp_course"):
    os.makedirs(f"/tmp/shadow/{name}", exist_ok=True)
    open(f"/tmp/shadow/{name}/__init__.py", "w").write("def __getattr__(n): return lambda *a: 1")
sys.path.insert(0, "/tmp/shadow")
for name in [n for n in sys.modules if n.split(".")[0] == "interp_course"]: del sys.modules[name]
""",
    "the answer is a proxy that grows": """
class Proxy:
    def __getattr__(self, name): return Proxy()
    def __call__(self, *args): return Proxy()
    def __eq__(self, other): return True
    def __reduce__(self): return (print, ("GOT THROUGH",))
welch_bound = lambda *sizes: Proxy()
""",
    "the answer is a pickle": """
import pickle, os
class Bomb:
    def __reduce__(self): return (os.system, ("touch /tmp/pickled",))
welch_bound = lambda *sizes: pickle.dumps(Bomb())
""",
    "the answer is enormous": """
welch_bound = lambda *sizes: list(range(3_000_000))
""",
    "the answer is not a number": """
welch_bound = lambda *sizes: float("nan")
""",
    "the answer contains itself": """
loop = []; loop.append(loop)
welch_bound = lambda *sizes: loop
""",
}
PARTLY_LOST: dict[str, Expected] = {
    "replying is replaced": Expected((0, 0), notes=("unreadable reply in welch-test",)),
    "two replies": Expected((0, 0), flags=("tampering suspected",), notes=("tampering",)),
    "the exercise ends the process": Expected((0, 2), flags=("kernel died",), notes=(GONE,)),
}
ENTRIES = tuple(
    Entry(
        name,
        name,
        before(code, right=False),
        PARTLY_LOST.get(name, Expected((0, 0) if name in TOTAL_LOSS else (0, 2))),
    )
    for name, code in (FORGERIES | MORE).items()
)
