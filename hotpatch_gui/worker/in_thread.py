"""What blocks, on a thread of its own: the engine's loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(
    call: Callable[[], T], name: str = "request", settled: Callable[[], None] = lambda: None
) -> T:
    """What ``call`` returns or raises. ``settled`` hears on the loop when it has ended, also where the wait for it
    was cancelled.

    The thread is a daemon, so that a program that ends waits neither for an answer nor for a browser: the standard
    library's pools are joined at the end of the process. Where the wait is cancelled, what comes of the call is
    dropped.
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
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            failure = RuntimeError("StopIteration") if isinstance(error, StopIteration) else error
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(settle, result, failure)
            except RuntimeError:  # closed in this moment: nobody waits any more
                return

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
