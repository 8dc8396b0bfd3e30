"""Right answers, and code that wants to change or reach what is not its own."""

from submissions.making import Entry, Expected, before

HELD = Expected(shown=("held back:",))
CODES = {
    "writes": (
        "writes to the gradebook, the repository, home and a folder open to all",
        """
import pathlib
for place in (OUT, ROOT, HOME, COMMON, SUBMISSIONS, "/usr/lib", "/etc"):
    attempt(place, lambda: pathlib.Path(place, "planted").write_text("x"))
""",
    ),
    "package": (
        "writes into the package and the libraries of the next student",
        """
import interp_course, torch
for module in (interp_course, torch):
    attempt(module.__name__, lambda: open(module.__file__, "a"))
""",
    ),
    "start-up": (
        "leaves start-up files for the next kernel",
        """
import os, pathlib
os.makedirs("/home/ipython/profile_default/startup", exist_ok=True)
pathlib.Path("/home/ipython/profile_default/startup/0.py").write_text("print('GOT THROUGH')")
pathlib.Path("/home/sitecustomize.py").write_text("print('GOT THROUGH')")
attempt("site", lambda: open(os.path.dirname(os.__file__) + "/sitecustomize.py", "w"))
""",
    ),
    "links": (
        "leaves links to the gradebook in every folder that it may write",
        """
import os
inbox = os.environ["INTERP_COURSE_INBOX"]
for place in ("/submission", "/tmp", inbox):
    os.symlink(f"{OUT}/gradebook.db", f"{place}/link")
attempt("link", lambda: open("/submission/link", "ab"))
""",
    ),
    "late": (
        "leaves a process behind that writes when the cell is over",
        """
import subprocess, sys
late = f'''
import os, time
if os.fork(): os._exit(0)
os.setsid()
time.sleep(1.5)
for place in {[OUT, HOME, COMMON, SUBMISSIONS]!r}:
    try: open(place + "/late", "w")
    except OSError: pass
time.sleep(3600)
'''
subprocess.Popen([sys.executable, "-c", late])
attempt("nothing", lambda: 1 / 0)
""",
    ),
    "network": (
        "connects to this machine and to the world, and asks for a name",
        """
import socket
for address in (("127.0.0.1", PORT), ("192.0.2.1", 53), ("::1", PORT)):
    attempt(address[0], lambda: socket.create_connection(address, timeout=3))
attempt("name", lambda: socket.getaddrinfo("example.org", 80))
def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("192.0.2.1", 53))
attempt("datagram", send)
attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
""",
    ),
    "sockets": (
        "connects to sockets without a file, and to those of the system",
        """
import glob, socket
def connect(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
attempt("abstract", lambda: connect("\\0" + ABSTRACT))
for path in ("/run/docker.sock", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0"):
    attempt(path, lambda: connect(path))
""",
    ),
    "signals": (
        "kills the grader, its own keeper, and everybody",
        """
import os, signal
for number in (GRADER, os.getppid()):
    attempt(number, lambda: os.kill(number, signal.SIGKILL) if number > 2 else 1 / 0)
os.kill(1, signal.SIGKILL)
""",
    ),
    "privileges": (
        "takes privileges by mounting, by namespaces and by changing users",
        """
import ctypes, os
libc = ctypes.CDLL(None)
def call(name, *args):
    if getattr(libc, name)(*args): raise PermissionError
attempt("mount", lambda: call("mount", b"none", b"/home", b"tmpfs", 0, None))
attempt("user", lambda: call("unshare", 0x10000000))
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("root", lambda: os.setuid(0))
attempt("module", lambda: call("syscall", 175, 0, 0, b""))
""",
    ),
}
ENTRIES = tuple(
    Entry(f"touches {name}", tries, before(code), HELD) for name, (tries, code) in CODES.items()
)
