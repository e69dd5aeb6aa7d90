"""An Azure over TLS on this machine: an identity service, and a simulated ARM that requires its bearer tokens.

The certificates are made by a root of the test's own, which is trusted the way a company's is: by the system
(here by ``SSL_CERT_FILE``, which OpenSSL reads as it reads the system's).
"""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import trustme

from hotpatch_gui.domain.clouds import Cloud, custom
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.simulator.arm import Response, SimulatorApi
from hotpatch_gui.simulator.server import SimulatorServer

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "99999999-8888-4777-8666-555555555555"
WHO = "admin@contoso.example"
BEHIND_PROXY = "azure.invalid"
"""A name that no resolver knows: only ``Proxy`` reaches it."""
SECRET = "kept-in-no-file"
"""Is part of every token that is handed out."""


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def jwt(**claims: Any) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}.{_part({'s': SECRET})}"


@dataclass
class Identity:
    """The requests that the identity service received, and its responses."""

    address: str = ""
    requested: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    refuses: str = ""
    """An AADSTS code with which every token is refused."""
    fails: int = 0
    """An HTTP status with which every token is refused."""
    waits: int = 0
    """How many times a device code is still pending."""
    lasts_s: int = 3600

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.requested.append(form)
        if self.fails:
            return self.fails, {"message": "Down."}
        if self.refuses:
            return 400, {
                "error": "invalid_grant",
                "error_description": f"{self.refuses}: no more {SECRET}",
            }
        if "device_code" in form and self.waits:
            self.waits -= 1
            return 400, {
                "error": "authorization_pending",
                "error_description": "AADSTS70016: pending",
            }
        now = int(time.time())
        who = {"appid": CLIENT} if form["grant_type"] == "client_credentials" else {"upn": WHO}
        token = jwt(aud=form.get("scope", ""), n=len(self.given), **who)
        self.given.append(token)
        response: dict[str, Any] = {
            "token_type": "Bearer",
            "expires_in": self.lasts_s,
            "access_token": token,
        }
        if form["grant_type"] != "client_credentials":
            mine = {
                "aud": form["client_id"],
                "iss": f"{self.address}/{TENANT}/v2.0",
                "iat": now,
                "exp": now + 3600,
                "sub": "s",
                "oid": "o",
                "tid": TENANT,
                "preferred_username": WHO,
                "nonce": form.get("nonce"),
            }
            response |= {
                "refresh_token": f"{SECRET}-refresh",
                "scope": form.get("scope", ""),
                "id_token": jwt(**mine),
                "client_info": _part({"uid": "o", "utid": TENANT}),
            }
        return 200, response


class _IdentityHandler(BaseHTTPRequestHandler):
    server: _IdentityServer

    def do_GET(self) -> None:
        parts, identity = urlsplit(self.path), self.server.identity
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        if parts.path.endswith("/openid-configuration"):
            base = f"{identity.address}/{TENANT}"
            self._say(
                200,
                {
                    "issuer": f"{base}/v2.0",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                },
            )
        elif parts.path.endswith("/authorize"):  # the user signs in at once
            identity.requested.append(query | {"grant_type": "authorize"})
            self.server.nonce = query.get("nonce")
            info = _part({"uid": "o", "utid": TENANT})
            form = {"code": "abc", "state": query["state"], "client_info": info}
            self._say(200, {"action": query["redirect_uri"], "form": form})
        elif parts.path == "/msi":  # the endpoint of a managed identity
            identity.requested.append(query | {"grant_type": "msi"})
            token = jwt(aud=query.get("resource"), appid=CLIENT)
            identity.given.append(token)
            self._say(
                200,
                {
                    "access_token": token,
                    "expires_on": str(int(time.time()) + 3600),
                    "resource": query.get("resource"),
                    "token_type": "Bearer",
                },
            )
        else:
            self._say(404, {"error": self.path})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = {k: v[0] for k, v in parse_qs(body).items()}
        if self.path.endswith("/devicecode"):
            self._say(
                200,
                {
                    "user_code": "AB12-CD34",
                    "device_code": "dev",
                    "expires_in": 900,
                    "interval": 1,
                    "verification_uri": "https://microsoft.example/devicelogin",
                    "message": "…",
                },
            )
            return
        nonce = getattr(self.server, "nonce", None)
        self._say(*self.server.identity.token(form | ({"nonce": nonce} if nonce else {})))

    def _say(self, status: int, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        pass


class _IdentityServer(ThreadingHTTPServer):
    daemon_threads = True
    nonce: str | None = None

    def __init__(self, identity: Identity, context: ssl.SSLContext | None) -> None:
        self.identity = identity
        super().__init__(("127.0.0.1", 0), _IdentityHandler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)


class _TlsSimulator(SimulatorServer):
    scheme = "https"

    def __init__(self, simulator: SimulatorApi, context: ssl.SSLContext) -> None:
        super().__init__(simulator)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ssl.SSLError):
            super().handle_error(request, client_address)


@dataclass
class SecureAzure:
    """``seen`` are the headers of each request that ARM got."""

    cloud: Cloud
    identity: Identity
    simulator: SimulatorApi
    certificate: Path
    root: Path
    plain_identity: str
    """The identity service over plain HTTP, as a managed identity's endpoint is."""
    seen: list[dict[str, str]] = field(default_factory=list)

    def behind_proxy(self) -> None:
        """Call everything by the name that only the proxy can reach."""
        here, there = "127.0.0.1", BEHIND_PROXY
        self.identity.address = self.identity.address.replace(here, there)
        self.cloud = custom(self.cloud.endpoint.replace(here, there), self.identity.address)

    def principal(self, name: str = "Contoso") -> Connection:
        """A connection to it, as the service principal of the certificate."""
        return Connection(
            name,
            self.cloud,
            SignInMethod.CERTIFICATE,
            tenant=TENANT,
            client_id=CLIENT,
            certificate=str(self.certificate),
        )


@contextmanager
def secure_azure(simulator: SimulatorApi, folder: Path) -> Iterator[SecureAzure]:
    """Serve ``simulator`` and an identity service over TLS; ``folder`` gets the certificates."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", BEHIND_PROXY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    folder.mkdir(parents=True, exist_ok=True)
    root, own = folder / "root.pem", folder / "service-principal.pem"
    authority.cert_pem.write_to_path(str(root))
    principal = authority.issue_cert("principal.example", key_type=trustme.KeyType.RSA)
    principal.private_key_and_cert_chain_pem.write_to_path(str(own))
    identity = Identity()
    servers: list[Any] = [
        _TlsSimulator(simulator, context),
        _IdentityServer(identity, context),
        _IdentityServer(identity, None),
    ]
    arm, sign_in, plain = servers
    identity.address = f"https://127.0.0.1:{sign_in.server_port}"
    made = SecureAzure(
        custom(arm.endpoint, identity.address),
        identity,
        simulator,
        own,
        root,
        f"http://127.0.0.1:{plain.server_port}",
    )
    response = simulator.handle

    def guarded(method: str, url: str, headers: Any, body: bytes | None) -> Response:
        made.seen.append(dict(headers))
        bearer = str(headers.get("Authorization", "")).removeprefix("Bearer ")
        if bearer not in identity.given:
            return Response(
                401, {"error": {"code": "InvalidAuthenticationToken", "message": "Sign in."}}
            )
        return response(method, url, headers, body)

    simulator.handle = guarded
    threads = [threading.Thread(target=s.serve_forever, args=(0.05,)) for s in servers]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()


def browser(root: Path) -> Callable[[str], bool]:
    """Replaces ``webbrowser.open`` and a user who signs in: gets the page and submits its form."""
    context = ssl.create_default_context(cafile=str(root))
    opener = build_opener(HTTPSHandler(context=context), ProxyHandler({}))

    def sign_in(url: str) -> None:
        page = json.loads(opener.open(url, timeout=20).read())
        opener.open(page["action"], urlencode(page["form"]).encode(), timeout=20).read()

    def open_page(url: str) -> bool:
        threading.Thread(target=sign_in, args=(url,), daemon=True).start()
        return True

    return open_page


class Proxy(socketserver.ThreadingTCPServer):
    """An HTTP proxy whose tunnels all lead to this machine; ``tunnels`` are the requested hosts. Use as a
    context manager."""

    daemon_threads = True

    def __init__(self) -> None:
        self.tunnels: list[str] = []
        super().__init__(("127.0.0.1", 0), _Tunnel)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="proxy")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        method, target, _ = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        assert method == "CONNECT", f"{method} is not for a tunnel"
        self.server.tunnels.append(target)
        with socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2]))) as beyond:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(beyond, self.connection), daemon=True)
            back.start()
            _pump(self.connection, beyond)
            back.join()


def _pump(source: socket.socket, drain: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            drain.sendall(some)
    with contextlib.suppress(OSError):
        drain.shutdown(socket.SHUT_WR)
