"""Policies for requests and responses in addition to azure-core's pipeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, SansIOHTTPPolicy
from azure.mgmt.core.exceptions import ARMErrorFormat
from requests import codes

from hotpatch_gui.domain.clock import YEARS, CloudClock
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.translation import translator

tr = translator("Policies")

RATE_HEADER = "x-ms-simulated-rate"


class SameHostPolicy(SansIOHTTPPolicy[Any, Any]):
    """Rejects requests to any host but the configured cloud's, whatever a response pointed to."""

    def __init__(self, host: str) -> None:
        self._host = host

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Check the host.

        Raises:
            ProblemError: it is another one.
        """
        host = urlsplit(request.http_request.url).netloc.casefold()
        if host != self._host:
            raise ProblemError(
                Problem(
                    ProblemKind.MALFORMED_RESPONSE,
                    tr(
                        "A response pointed to {host}, which isn't {own}.",
                        host=host or tr("an address that can't be read"),
                        own=self._host,
                    ),
                    tr("Nothing was sent there. Check the proxy and the cloud chosen in Settings."),
                )
            )


class RaiseConflict(SansIOHTTPPolicy[Any, Any]):
    """Raises a 409 immediately.

    The SDK would otherwise register a resource provider in the subscription, which nobody requested.
    """

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        """Check the status.

        Raises:
            ResourceExistsError: it is 409.
        """
        if response.http_response.status_code == codes.conflict:
            if hasattr(
                response.http_response, "read"
            ):  # azure-mgmt-maintenance's responses are read already
                response.http_response.read()
            raise ResourceExistsError(response=response.http_response, error_format=ARMErrorFormat)


class RenewedOnce(HTTPPolicy[Any, Any]):
    """Repeats a request once with a new token if Azure rejected the current one (401).

    The token may have been revoked or damaged, and a rejected request had no effect.

    Args:
        renew: drops the current token.
    """

    def __init__(self, renew: Callable[[], None]) -> None:
        super().__init__()
        self._renew = renew

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send the request, and repeat it once after a 401."""
        response = self.next.send(request)
        if response.http_response.status_code != codes.unauthorized:
            return response
        self._renew()
        return self.next.send(request)


class ClockSync(SansIOHTTPPolicy[Any, Any]):
    """Sets a CloudClock from each response's Date header; a simulated cloud also reports its speed."""

    def __init__(self, clock: CloudClock) -> None:
        self._clock = clock

    def on_response(
        self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]
    ) -> None:
        """Adopt the response's time."""
        headers = response.http_response.headers
        try:
            now = parsedate_to_datetime(headers.get("Date") or "").astimezone(UTC)
            rate = float(headers.get(RATE_HEADER) or 1.0)
        except (ValueError, TypeError, OverflowError):
            return  # a proxy wrote it, and the response is still valid
        if now.year in YEARS:  # an absurd date would break the clock
            self._clock.observe(now, rate)
