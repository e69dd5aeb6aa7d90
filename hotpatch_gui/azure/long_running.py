"""Long-running operations in single steps: started once, then polled when due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.polling import LROPoller
from azure.core.polling.base_polling import BadResponse, BadStatus, OperationFailed
from azure.mgmt.core.polling.arm_polling import ARMPolling

from .errors import retry_after_s

DEFAULT_DELAY_S = 10.0
"""Between polls, if Azure sends no Retry-After."""
MIN_DELAY_S = 0.5


class SteppedPolling(ARMPolling):
    """ARM's polling rules without its sleeping loop: ``step`` polls once.

    The SDK's loop would occupy a thread per operation, and couldn't continue after a kill.
    """

    def run(self) -> None:
        """Does nothing, because the engine calls ``step``."""

    def step(self) -> bool:
        """Poll once, and fetch the result if finished.

        Returns:
            True if the operation succeeded.

        Raises:
            HttpResponseError: Azure rejected the poll, or the operation failed.
        """
        try:
            if not self.finished():
                self.update_status()
        except (BadResponse, BadStatus) as error:
            raise HttpResponseError(response=self.response, error=error) from error
        if not self.finished():
            return False
        if self.status().casefold() in ("failed", "canceled", "cancelled"):
            raise HttpResponseError(
                response=self.response, error=OperationFailed("Operation failed")
            )
        final_url = self._operation.get_final_get_url(self._pipeline_response)
        if final_url:
            self._pipeline_response = self.request_status(final_url)
            if self.response.status_code >= 300:
                raise HttpResponseError(response=self.response)
        return True

    @property
    def response(self) -> Any:
        """The last HTTP response."""
        return self._pipeline_response.http_response

    @property
    def body(self) -> Mapping[str, Any]:
        """The last response's JSON object; empty without one."""
        if not self.response.content:
            return {}
        value = self.response.json()
        return value if isinstance(value, Mapping) else {}

    @property
    def delay_s(self) -> float:
        """How long Azure asks to wait before the next poll, in seconds."""
        retry_after = retry_after_s(self.response.headers)
        return DEFAULT_DELAY_S if retry_after is None else max(MIN_DELAY_S, retry_after)

    @property
    def token(self) -> str:
        """The continuation token, with the newest polling URL."""
        location = self.response.headers.get("Location")
        if location and not self.finished():
            self._initial_response.http_response.headers["location"] = location
        return str(self.get_continuation_token())

    @property
    def is_untraceable(self) -> bool:
        """Whether Azure accepted the request without a polling URL."""
        return self.finished() and int(self.response.status_code) == 202


@dataclass(frozen=True, slots=True)
class PollResult:
    """The result of one poll. ``result`` is the final JSON when ``done``."""

    token: str
    done: bool
    delay_s: float
    result: Mapping[str, Any]
    request_id: str = ""


def begin(call: Callable[..., LROPoller[Any]]) -> PollResult:
    """Send the request once (azure-core would repeat a POST on 500) and read its first response.

    Raises:
        HttpResponseError: Azure rejected it.
    """
    polling = SteppedPolling()
    poller = call(polling=polling, retry_total=0)
    if polling.is_untraceable:
        raise HttpResponseError("202 Accepted without a polling URL", response=polling.response)
    done = polling.finished()
    return PollResult(
        poller.continuation_token(),
        done,
        polling.delay_s,
        polling.body if done else {},
        str(polling.response.headers.get("x-ms-request-id", "")),
    )


def poll(call: Callable[..., LROPoller[Any]], token: str) -> PollResult:
    """Poll the operation that ``token`` continues; starts nothing.

    Raises:
        HttpResponseError: Azure rejected the poll.
    """
    polling = SteppedPolling()
    call(polling=polling, continuation_token=token)
    done = polling.step()
    newest = token if done else polling.token
    return PollResult(newest, done, polling.delay_s, polling.body if done else {})
