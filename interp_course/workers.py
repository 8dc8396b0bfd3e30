"""Independent pieces of work, side by side in processes of their own, on one core each."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def each(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    jobs: int = 1,
    done: Callable[[int], None] = lambda count: None,
) -> list[Result | Exception]:
    """What the work gives for each item, in order; what it raises stands in the item's place.

    A process that dies, for lack of memory say, takes the others with it. What was lost that
    way is done again, one process for each item, so only the one that is to blame fails.

    Args:
        work: A function that a new process can import by its name, if there are several jobs.
        items: What it is called with.
        jobs: Processes at most; with one, or for one item, this process does the work itself.
        done: Called with the number of items that are finished, at first with 0.

    Raises:
        ValueError: If there is to be no process at all.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}: one process does one job")
    done(0)
    if min(jobs, len(items)) < 2:
        return [_tried(work, item, done, count) for count, item in enumerate(items, 1)]
    found = _in_processes(work, items, min(jobs, len(items)), done)
    return [
        _in_processes(work, [item], 1)[0] if isinstance(result, BrokenProcessPool) else result
        for item, result in zip(items, found, strict=True)
    ]


def _tried(
    work: Callable[[Item], Result], item: Item, done: Callable[[int], None], count: int
) -> Result | Exception:
    try:
        return work(item)
    except Exception as error:
        return error
    finally:
        done(count)


def _in_processes(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    jobs: int,
    done: Callable[[int], None] = lambda count: None,
) -> list[Result | Exception]:
    others = multiprocessing.active_children()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start)
    try:
        futures = [pool.submit(work, item) for item in items]
        for count, _ in enumerate(as_completed(futures), 1):
            done(count)
    except BaseException:  # Ctrl-C above all: nobody waits for the results any more
        pool.shutdown(wait=False, cancel_futures=True)
        ours = [child for child in multiprocessing.active_children() if child not in others]
        for process in ours:
            process.terminate()
        for process in ours:
            process.join()
        raise
    pool.shutdown()
    return [_result(future) for future in futures]


def _result(future: "Future[Result]") -> Result | Exception:
    try:
        return future.result()
    except Exception as error:
        return error


def _start() -> None:
    """Make a new process ready: one core, and an end when the one that started it ends."""
    os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported, which is not yet so
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "this process was started by another"
    parent.join()
    os._exit(1)
