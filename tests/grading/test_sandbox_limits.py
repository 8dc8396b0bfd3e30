"""Each way to use up the machine ends at its limit, and the next kernel works."""

import pytest
from sandboxed import needs_sandbox, run

from interp_course.grading.sandbox.bubblewrap import Bubblewrap
from interp_course.grading.sandbox.launching import Cold
from interp_course.grading.sandbox.limits import Limits

FORKS = """
import os, time
count = 0
try:
    while count < 2000:
        if os.fork() == 0: time.sleep(60)
        count += 1
except OSError as error:
    print(error)
time.sleep(5)
print("all forked")
"""
SHARED = """
import mmap, time
held = [mmap.mmap(-1, 200 << 20) for _ in range(20)]
for memory in held:
    for start in range(0, 200 << 20, 4096): memory[start] = 1
    time.sleep(0.1)
print("got it")
"""


def works(launcher: Cold) -> bool:
    return run(launcher, "print(6 * 7)").text == "42"


def test_a_fork_bomb_is_stopped(tight: Cold) -> None:
    ran = run(tight, FORKS)
    refused = "Resource temporarily unavailable" in ran.text
    assert refused or ran.reason == "it started more than 60 processes"
    assert works(tight)


def test_too_large_an_allocation_fails_and_the_kernel_goes_on(tight: Cold) -> None:
    code = "try: x = bytearray(2 << 30)\nexcept MemoryError: print('refused')"
    assert run(tight, code).text == "refused"


def test_memory_outside_a_processs_own_is_counted_too(tight: Cold) -> None:
    assert run(tight, SHARED).reason == "it used more than 1536 MB of memory in all"
    assert works(tight)


def test_a_large_file_is_refused(tight: Cold) -> None:
    code = "open('/tmp/large', 'wb').write(bytes(6 << 20))"
    assert "File too large" in run(tight, code).text


@pytest.mark.parametrize("folder", ["/tmp", "/home", "/dev/shm", "/submission"])
def test_many_files_fill_only_a_private_folder(tight: Cold, folder: str) -> None:
    code = f"for n in range(9): open(f'{folder}/{{n}}', 'wb').write(bytes(4 << 20))"
    assert "No space left on device" in run(tight, code).text


def test_filling_the_inbox_ends_the_kernel(tight: Cold) -> None:
    code = """
import os, time
for n in range(9): open(os.environ["INTERP_COURSE_INBOX"] + f"/{n}", "wb").write(bytes(4 << 20))
time.sleep(9)
"""
    assert run(tight, code).reason == "it filled the folder of its messages"


def test_an_endless_loop_ends_with_its_processor_time(tight: Cold) -> None:
    code = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_DFL)\nwhile True: pass"
    assert run(tight, code).reason == "it used more than 2 seconds of processor time"
    assert works(tight)


@needs_sandbox
def test_a_kernel_that_only_waits_ends_with_its_time() -> None:
    with Cold(Bubblewrap(), Limits(wall_seconds=5)) as launcher:
        ran = run(launcher, "import time; time.sleep(60)")
        assert ran.reason == "it ran longer than 5 seconds"


def test_a_kernel_that_ends_itself_says_so(tight: Cold) -> None:
    ran = run(tight, "import os; os._exit(3)")
    assert ran.reason == "the kernel ended by itself, with 3"


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "many"])
def test_a_limit_that_is_no_positive_whole_number_is_refused(value: object) -> None:
    with pytest.raises((ValueError, TypeError), match=r"memory is .*expected|Type-check error"):
        Limits(memory=value)  # pyright: ignore[reportArgumentType]
