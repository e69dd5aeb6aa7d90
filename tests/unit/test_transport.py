"""The transport of the network."""

from __future__ import annotations

import socket

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import HttpRequest

from hotpatch_gui.azure.transport import network_transport


def test_a_closed_transport_opens_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        transport = network_transport()
        transport.session.close()
        with pytest.raises(ServiceRequestError):
            transport.send(HttpRequest("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/"))
        with pytest.raises(TimeoutError):
            listener.accept()
