"""Behind a proxy: a request that may have reached Azure is never counted as not sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from azure.core import PipelineClient
from azure.core.rest import HttpRequest

from helpers.tls import Proxy
from hotpatch_gui.azure.errors import as_problems
from hotpatch_gui.azure.transport import network_transport
from hotpatch_gui.domain.problems import Problem, ProblemError

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
RESET = struct.pack("ii", 1, 0)


class SilentServer:
    """An HTTPS server that responses GET, and closes the connection after it has received a POST."""

    def __init__(self, folder: Path, *, resets: bool) -> None:
        authority = trustme.CA()
        self.root = folder / "root.pem"
        authority.cert_pem.write_to_path(str(self.root))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self._context)
        self._resets = resets
        self.received: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"https://localhost:{self._socket.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, name="silent server")]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._socket.accept()
                self._threads.append(threading.Thread(target=self._serve, args=(plain,)))
                self._threads[-1].start()

    def _serve(self, plain: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            self._context.wrap_socket(plain, server_side=True) as tls,
        ):
            while True:
                data = b""
                while b"\r\n\r\n" not in data:
                    some = tls.recv(65536)
                    if not some:
                        return
                    data += some
                self.received.append(data.split(b" ", 1)[0].decode())
                if not data.startswith(b"GET"):
                    if self._resets:
                        tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    return
                tls.sendall(ANSWER)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SilentServer]]:
    """Starts a server whose certificate is trusted."""
    started: list[SilentServer] = []

    def start(*, resets: bool) -> SilentServer:
        started.append(SilentServer(tmp_path, resets=resets))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(started[-1].root))
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        return started[-1]

    yield start
    for one in started:
        one.close()


def problem_of(address: str, *, is_kept_alive: bool = False) -> Problem:
    """The problem of a POST through the program's own transport."""
    with PipelineClient(address, transport=network_transport(), policies=[]) as client:
        if is_kept_alive:
            client.send_request(HttpRequest("GET", f"{address}/first")).read()
        with pytest.raises(ProblemError) as caught, as_problems("restarting vm-01"):
            client.send_request(HttpRequest("POST", f"{address}/restart", json={}))
    return caught.value.problem


@pytest.mark.parametrize("is_kept_alive", [False, True])
@pytest.mark.parametrize("resets", [False, True])
def test_a_tunnel_that_breaks_after_the_request_may_have_sent_it(
    serve: Callable[..., SilentServer],
    monkeypatch: pytest.MonkeyPatch,
    resets: bool,
    is_kept_alive: bool,
) -> None:
    """urllib3 reports it like a proxy that can't be reached, and a restart was sent twice."""
    server = serve(resets=resets)
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        found = problem_of(server.address, is_kept_alive=is_kept_alive)
    assert server.received[-1] == "POST"
    assert found.may_have_been_sent
    assert "The connection was interrupted before Azure answered" in found.sentence


@pytest.mark.parametrize("response", [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", None])
def test_a_proxy_without_a_tunnel_sent_nothing(
    serve: Callable[..., SilentServer], monkeypatch: pytest.MonkeyPatch, response: bytes | None
) -> None:
    """With a response that refuses the tunnel, or without a listener."""
    server = serve(resets=False)
    refusing = socket.create_server(("127.0.0.1", 0))
    port = refusing.getsockname()[1]

    def refuse() -> None:
        with contextlib.suppress(OSError):
            while True:
                one, _ = refusing.accept()
                with one:
                    one.recv(65536)
                    one.sendall(response or b"")

    thread = threading.Thread(target=refuse)
    if response is None:
        refusing.close()
    else:
        thread.start()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    found = problem_of(server.address)
    if response is not None:
        refusing.shutdown(socket.SHUT_RDWR)
        refusing.close()
        thread.join(5)
    assert server.received == []
    assert not found.may_have_been_sent
    assert f"The proxy 127.0.0.1:{port} didn't let the request" in found.sentence
