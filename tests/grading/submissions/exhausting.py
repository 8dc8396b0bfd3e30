"""Code that uses up what the grader has: memory, files, processes, time, output."""

from submissions.making import Entry, Expected, answer, before

HELD = Expected(shown=("held back:",))
LATE, DIED = ("timeout",), ("kernel died",)
ENTRIES = (
    Entry(
        "memory",
        "asks for 8 GB",
        before("""
attempt("memory", lambda: bytearray(8 << 30))
"""),
        HELD,
    ),
    Entry(
        "large file",
        "writes a file of 1 GB",
        before("""
def write():
    with open("/tmp/large", "wb") as file:
        for _ in range(1024): file.write(bytes(1 << 20))
attempt("file", write)
"""),
        HELD,
    ),
    Entry(
        "many files",
        "fills the temporary folder",
        before("""
def fill():
    for number in range(1000):
        with open(f"/tmp/{number}", "wb") as file: file.write(bytes(4 << 20))
attempt("folder", fill)
import shutil; [__import__("os").unlink(f"/tmp/{n}") for n in range(1000)
                if __import__("os").path.exists(f"/tmp/{n}")]
"""),
        HELD,
    ),
    Entry(
        "fork bomb",
        "starts 500 processes",
        before("""
import os, signal, time
children = []
def bomb():
    for _ in range(500):
        child = os.fork()
        if not child:
            time.sleep(30); os._exit(0)
        children.append(child)
attempt("fork", bomb)
for child in children:
    os.kill(child, signal.SIGKILL); os.waitpid(child, 0)
"""),
        HELD,
    ),
    Entry(
        "open files",
        "opens files without end",
        before("""
held = []
def hold():
    for _ in range(100_000): held.append(open("/dev/null"))
attempt("open", hold)
held.clear()
"""),
        HELD,
    ),
    Entry(
        "endless",
        "an endless loop",
        answer("""
def welch_bound(n, d):
    while True: pass
"""),
        Expected((0, 2), flags=LATE),
    ),
    Entry(
        "deaf",
        "an endless loop that ignores interrupts",
        answer("""
import signal
def welch_bound(n, d):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True: pass
"""),
        Expected((0, 2), flags=LATE, notes=("KernelUnresponsive",)),
    ),
    Entry(
        "os._exit",
        "ends the process in a cell",
        answer("import os; os._exit(0)"),
        Expected((0, 2), flags=DIED, notes=("KernelDied",)),
    ),
    Entry(
        "sys.exit",
        "leaves Python in a cell and in an answer",
        answer("""
import sys
def welch_bound(n, d): sys.exit(0)
"""),
        Expected((0, 2)),
    ),
    Entry(
        "crash",
        "reads address 0",
        answer("import ctypes; ctypes.string_at(0)"),
        Expected((0, 2), flags=DIED, notes=("KernelDied",)),
    ),
    Entry(
        "recursion",
        "calls itself for ever",
        answer("""
def welch_bound(n, d): return welch_bound(n, d)
"""),
        Expected((0, 2)),
    ),
    Entry("input", "asks whoever grades", answer("input('Full marks? ')"), Expected((0, 2))),
    Entry(
        "flood",
        "prints 1 MB at a time, without end",
        before("""
import time
while True:
    print("x" * (1 << 20)); time.sleep(0.01)
"""),
        Expected(flags=DIED, notes=("OutputFlood",)),
    ),
    Entry(
        "displays",
        "shows 3,000 things of 4 kB",
        before("""
from IPython.display import display, HTML
for _ in range(3_000): display(HTML("<b>x</b>" * 500))
"""),
        Expected(notes=("OutputLimit",)),
    ),
    Entry(
        "huge display",
        "shows 48 MB of HTML",
        before("""
from IPython.display import display, HTML
display(HTML("<b>" * (16 << 20)))
"""),
        Expected(notes=("OutputLimit",)),
    ),
    Entry(
        "deep folders",
        "nests folders in the folder of its messages",
        before("""
import os, time
os.chdir(os.environ["INTERP_COURSE_INBOX"])
def dig():
    for _ in range(4_000):
        os.mkdir("d"); os.chdir("d")
    time.sleep(3)
attempt("dig", dig)
"""),
        Expected(flags=DIED, notes=("KernelDied",)),
    ),
    Entry(
        "messages",
        "fills the folder of its messages",
        before("""
import os, time
inbox = os.environ["INTERP_COURSE_INBOX"]
for number in range(30): open(f"{inbox}/{number}", "wb").write(bytes(4 << 20))
time.sleep(3)
"""),
        Expected(flags=DIED, notes=("it filled the folder of its messages",)),
    ),
    Entry(
        "desk garbage",
        "talks nonsense to the desk",
        before("""
import os, socket
for text in (b"", b"\\0" * 5000, b'{"size": -1}\\n', b'{"size": 1e9}\\n', b"[" * 9000 + b"\\n"):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.environ["INTERP_COURSE_INBOX"] + "/desk")
        sock.sendall(text)
attempt("nothing", lambda: 1 / 0)
"""),
        HELD,
    ),
    Entry(
        "desk questions",
        "asks the desk 10,000 times",
        before("""
from interp_course.grading import talking
def ask():
    for _ in range(10_000): talking.ask({"do": "contents", "unit": "superposition"})
attempt("ask", ask)
"""),
        Expected((0, 0), shown=("held back: ask Refusal",)),
    ),
    Entry(
        "desk removed",
        "takes the desk away and puts another one there",
        before(
            """
import os, socket
path = os.environ["INTERP_COURSE_INBOX"] + "/desk"
os.unlink(path)
mine = socket.socket(socket.AF_UNIX); mine.bind(path)
os.symlink(f"{OUT}/gradebook.db", path + "-2")
""",
            right=True,
        ),
        Expected((0, 0)),
    ),
)
