"""Share orders among workers: this process, several processes, or a dask cluster.

Each way takes the orders one after the other, keeps only a few more in hand than there are
workers, and yields each order with its delivery as soon as it is there, in any order. A worker
that dies loses nothing: what was in hand then is run again, one by one, and only a submission
over which workers die again and again is given up.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from interp_course.course import CourseError
from interp_course.grading import worker_processes
from interp_course.grading.runner import Outcome, Runner
from interp_course.grading.work import Delivery, Kit, Order, do

TRIES = 3
"""Workers that may die over one submission before it is given up."""
GIVEN_UP = Delivery(
    Outcome(f"{TRIES} workers died while it ran: it may exhaust the memory of this machine")
)
Deliveries = Iterator[tuple[Order, Delivery]]
Crew = Callable[[Iterable[Order], Kit, Runner], Deliveries]


def alone(orders: Iterable[Order], kit: Kit, runner: Runner) -> Deliveries:
    """One after the other, in this process."""
    for order in orders:
        try:
            delivery = do(order, kit, runner)
        except Exception as error:
            delivery = _failed(error)
        yield order, delivery


def processes(jobs: int) -> Crew:
    """So many processes of this machine at once.

    Raises:
        ValueError: If there is not at least one.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")

    def share(orders: Iterable[Order], kit: Kit, runner: Runner) -> Deliveries:
        left = iter(orders)
        in_hand: dict[Future[Delivery], Order] = {}
        while True:
            try:
                with worker_processes.pool(jobs, kit, runner) as pool:
                    while True:
                        for order in islice(left, 2 * jobs - len(in_hand)):
                            in_hand[pool.submit(worker_processes.perform, order)] = order
                        if not in_hand:
                            return
                        done, _ = wait(in_hand, return_when=FIRST_COMPLETED)
                        for future in done:
                            delivery = _delivered(future)
                            yield in_hand.pop(future), delivery
            except BrokenProcessPool:
                lost = list(in_hand.values())
                in_hand.clear()
            for order in lost:
                yield order, _by_itself(order, kit, runner)

    return share


def cluster(address: str) -> Crew:
    """The workers of a dask cluster that is running already.

    Its workers need this package, in the same version.

    Raises:
        CourseError: If ``distributed`` is not installed.
    """
    try:
        import distributed
        import distributed.scheduler
    except ImportError as error:
        raise CourseError(
            "a cluster needs dask: install it with `pip install 'interp-course[cluster]'`"
        ) from error

    def share(orders: Iterable[Order], kit: Kit, runner: Runner) -> Deliveries:
        try:
            client = distributed.Client(address, timeout=20, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise CourseError(f"there is no dask scheduler at {address!r}: {error}") from error
        with client:
            sent: Any = client.scatter(kit, broadcast=True)
            left, in_hand = iter(orders), distributed.as_completed(loop=client.loop)
            names: dict[Any, Order] = {}

            def hand_out(count: int) -> None:
                for order in islice(left, count):
                    future = client.submit(do, order, sent, runner, pure=False, retries=TRIES)
                    names[future.key] = order
                    in_hand.add(future)

            workers: Any = client.nthreads()
            hand_out(2 * max(1, len(workers)))
            for future in in_hand:
                order = names.pop(future.key)
                yield order, _from_cluster(future, distributed.scheduler.KilledWorker)
                hand_out(1)

    return share


def _from_cluster(future: Any, killed: type[Exception]) -> Delivery:
    try:
        return future.result()
    except killed:
        return GIVEN_UP
    except Exception as error:
        return _failed(error)


def _failed(error: Exception) -> Delivery:
    """What raised is this machinery, since a runner does not; it harms no other submission."""
    return Delivery(Outcome(f"the worker failed: {type(error).__name__}: {error}"))


def _delivered(future: Future[Delivery]) -> Delivery:
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        return _failed(error)


def _by_itself(order: Order, kit: Kit, runner: Runner) -> Delivery:
    """Run what was in hand when a worker died: if it is the cause, it harms no other one."""
    for _ in range(TRIES):
        with (
            contextlib.suppress(BrokenProcessPool),
            worker_processes.pool(1, kit, runner) as pool,
        ):
            return _delivered(pool.submit(worker_processes.perform, order))
    return GIVEN_UP
