"""The simulated Azure in this process, through azure-core's own requests transport without a port."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from .arm import SimulatorApi

BLOCK_BYTES = 1 << 18
ENDPOINT = "https://azure.demo.invalid"
"""``.invalid`` never resolves, so nothing can leave the process by mistake."""


class _SimulatorAdapter(HTTPAdapter):
    """Passes requests to the wire instead of a socket."""

    def __init__(self, simulator: SimulatorApi) -> None:
        super().__init__()
        self._simulator = simulator

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        headers: Mapping[str, str] = dict(request.headers)
        response = self._simulator.handle(request.method or "GET", request.url or "", headers, body)
        raw = HTTPResponse(
            body=io.BytesIO(response.payload()),
            headers=response.headers,
            status=response.status,
            preload_content=False,
        )
        return self.build_response(request, raw)


def in_process_transport(simulator: SimulatorApi) -> RequestsTransport:
    """A transport for SDK clients that only reaches ``simulator`` at ENDPOINT."""
    session = requests.Session()
    session.trust_env = False  # without a proxy
    session.adapters.clear()
    session.mount(ENDPOINT, _SimulatorAdapter(simulator))
    return RequestsTransport(
        session=session, session_owner=False, connection_data_block_size=BLOCK_BYTES
    )
