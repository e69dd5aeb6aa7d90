"""Blocking calls on threads, so that the engine's loop continues."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
IDLE_S = 60.0
"""How long a thread waits for its next call."""
_idle: list[_Thread] = []
_lock = threading.Lock()


class _Thread(threading.Thread):
    """Runs calls one after another.

    Threads are reused, because starting one blocks the loop (0.9 s in a sync of 10,000 machines). They are daemons, unlike
    the standard library's pools, so that exiting waits neither for a response nor for a browser.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def run(self) -> None:
        """Run calls until idle."""
        while True:
            try:
                call = self.calls.get(timeout=IDLE_S)
            except queue.Empty:
                with _lock:
                    if self in _idle:
                        _idle.remove(self)
                        return
                continue  # a call has just arrived
            call()
            del call
            with _lock:
                _idle.append(self)


def _start_thread(call: Callable[[], None], name: str) -> None:
    with _lock:
        thread = _idle.pop() if _idle else None
    if thread is None:
        thread = _Thread()
        thread.start()
    thread.name = name
    thread.calls.put(call)


async def in_thread(
    call: Callable[[], T], name: str = "request", settled: Callable[[], None] = lambda: None
) -> T:
    """Run a call on a thread. ``settled`` is called on the loop when it ends, even after a cancellation.

    If the wait is canceled, the result is dropped.

    Raises:
        BaseException: raised by the call.
        RuntimeError: no thread could be started.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        settled()
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # a T wherever there is no error

    def run() -> None:
        result, failure = None, None
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 - raised again in the caller
            failure = RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(settle, result, failure)
            except RuntimeError:  # just closed, so nobody waits
                return

    try:
        _start_thread(run, name)
    except RuntimeError:  # the system has no threads left
        settled()
        raise
    return await done
