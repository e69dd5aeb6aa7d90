"""The HTTP connections to Azure."""

from __future__ import annotations

from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

MAX_IN_FLIGHT = 16
"""Parallel requests of one connection."""
CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10, 60
BLOCK_BYTES = 1 << 18
"""Bytes read at a time; with the SDK's 4,096, reading takes longer than parsing."""


class _Session(requests.Session):
    """A session that sends nothing after it was closed: a late request would open a connection that nobody closes."""

    _is_closed = False

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if self._is_closed:
            raise requests.ConnectionError("the connection to Azure was closed")
        return super().send(request, **kwargs)

    def close(self) -> None:
        self._is_closed = True
        super().close()


def network_transport() -> RequestsTransport:
    """A transport for the network with as many connections as requests may be in flight.

    azure-core's own session keeps ten and reopens others each time.
    """
    session = _Session()
    once = Retry(
        total=False, redirect=False, raise_on_status=False
    )  # no retries; azure-core's are off, too
    adapter = HTTPAdapter(pool_maxsize=MAX_IN_FLIGHT, max_retries=once)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return RequestsTransport(
        session=session,
        session_owner=False,
        connection_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        connection_data_block_size=BLOCK_BYTES,
    )
