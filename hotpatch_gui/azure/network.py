"""The cause of a failed request: certificate, name, proxy or time, with the way to fix it.

azure-core and azure-identity wrap exceptions of ``requests``, which wrap those of urllib3 and ssl. The cause is found by
type along this chain, never by the text of a message.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies

import requests
import urllib3.exceptions as urllib3_errors

from hotpatch_gui.domain.foreign_text import one_line
from hotpatch_gui.translation import translator

tr = translator("Network")

ISSUER_TIMEOUT_S = 5.0


class NetworkCause(NamedTuple):
    """The cause as a sentence, and what to do."""

    sentence: str
    next_step: str


def cause_of(error: BaseException, doing: str) -> NetworkCause | None:
    """The cause of an unanswered request; None if the chain names none."""
    chain = list(_chain(error))
    host, port = next((p for p in map(_place, chain) if p is not None), ("", 443))
    named = host or tr("the server")
    if any(isinstance(e, ssl.SSLCertVerificationError) for e in chain):
        return _untrusted(host, port, doing)
    if _is_proxys_fault(chain):
        return NetworkCause(
            tr(
                "The proxy {proxy} didn't let the request to {named} through while {doing}.",
                proxy=_proxy(),
                named=named,
                doing=doing,
            ),
            tr(
                "Check the proxy's address and whether it asks for a sign-in (HTTPS_PROXY, or the "
                "system's settings)."
            ),
        )
    if any(isinstance(e, urllib3_errors.NameResolutionError | socket.gaierror) for e in chain):
        return NetworkCause(
            tr("The name {named} couldn't be resolved while {doing}.", named=named, doing=doing),
            tr(
                "Check the network, the VPN and DNS. While its window is open, the program retries automatically."
            ),
        )
    if any(
        isinstance(e, urllib3_errors.NewConnectionError) for e in chain
    ):  # also a ConnectTimeoutError
        return NetworkCause(
            tr("No connection to {named} could be made while {doing}.", named=named, doing=doing),
            tr(
                "Check the network, the VPN and the firewall. While its window is open, the program retries automatically."
            ),
        )
    if any(isinstance(e, urllib3_errors.ConnectTimeoutError) for e in chain):
        return NetworkCause(
            tr(
                "No connection to {named} within the time limit while {doing}.",
                named=named,
                doing=doing,
            ),
            tr(
                "Check the network, the VPN and the firewall. While its window is open, the program retries automatically."
            ),
        )
    if any(isinstance(e, ssl.SSLError) for e in chain):
        return NetworkCause(
            tr(
                "No encrypted connection to {named} could be made while {doing}.",
                named=named,
                doing=doing,
            ),
            tr(
                "A proxy or firewall may cut it off; check them. While its window is open, the program retries automatically."
            ),
        )
    if any(isinstance(e, subprocess.TimeoutExpired) for e in chain):
        limit = next(e.timeout for e in chain if isinstance(e, subprocess.TimeoutExpired))
        return NetworkCause(
            tr(
                "The Azure CLI didn't answer within {limit:.0f} s while {doing}.",
                limit=limit,
                doing=doing,
            ),
            tr("Run az account get-access-token in a terminal to see why; then try again."),
        )
    return None


_BEFORE_SENDING = (
    ssl.SSLCertVerificationError,
    socket.gaierror,
    ConnectionRefusedError,
    urllib3_errors.NameResolutionError,
    urllib3_errors.NewConnectionError,
    urllib3_errors.ConnectTimeoutError,
    requests.exceptions.ConnectTimeout,
)


def precedes_sending(error: BaseException) -> bool:
    """Whether the request certainly wasn't sent. Other TLS errors may have affected the response."""
    chain = list(_chain(error))
    return any(isinstance(e, _BEFORE_SENDING) for e in chain) or _is_tunnel_refused(chain)


def _is_proxys_fault(chain: Sequence[BaseException]) -> bool:
    """Whether the proxy can't be reached, or refused the tunnel."""
    is_unreachable = any(isinstance(e, _BEFORE_SENDING) for e in chain)
    return _names_proxy(chain) and (is_unreachable or _is_tunnel_refused(chain))


def _is_tunnel_refused(chain: Sequence[BaseException]) -> bool:
    """Whether the proxy answered CONNECT with an error, which http.client raises as a plain OSError.

    urllib3 raises ProxyError for this, and also for a tunnel that breaks after the request was sent.
    """
    return _names_proxy(chain) and any(type(e) is OSError and e.errno is None for e in chain)


def _names_proxy(chain: Sequence[BaseException]) -> bool:
    kinds = (urllib3_errors.ProxyError, requests.exceptions.ProxyError)
    return any(isinstance(e, kinds) for e in chain)


def _untrusted(host: str, port: int, doing: str) -> NetworkCause:
    issuer = issuer_of(host, port) if host else None
    by = tr(" It was issued by “{issuer}”.", issuer=issuer) if issuer else ""
    return NetworkCause(
        tr(
            "The certificate of {host} isn't trusted on this computer, so nothing was sent "
            "while {doing}.{by}",
            host=host or tr("the server"),
            doing=doing,
            by=by,
        ),
        tr(
            "If your organization inspects TLS, add its root certificate to the system's "
            "certificate store, which this program uses."
        ),
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes, each once."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (getattr(one, name, None) for name in ("inner_exception", "exc_value", "reason"))
        waiting += [*inner, one.__cause__, one.__context__, *one.args]


def _place(error: BaseException) -> tuple[str, int] | None:
    """The host and port of an error."""
    request = getattr(error, "request", None)
    url = getattr(request, "url", None)
    if isinstance(url, str):
        parts = urlsplit(url)
        return (parts.hostname, parts.port or 443) if parts.hostname else None
    pool = (
        error.pool if isinstance(error, urllib3_errors.PoolError) else getattr(error, "conn", None)
    )
    host = getattr(pool, "host", None)
    return (host, int(getattr(pool, "port", None) or 443)) if isinstance(host, str) else None


def _proxy() -> str:
    """The proxy in use, without credentials in its address."""
    parts = urlsplit(getproxies().get("https", ""))
    return f"{parts.hostname}:{parts.port}" if parts.hostname else tr("that is set")


@lru_cache(maxsize=32)
def issuer_of(host: str, port: int) -> str | None:
    """Who issued a server's certificate, so that the user recognizes TLS inspection; None if unknown.

    The connection sends nothing and trusts nothing.
    """
    from cryptography import x509  # noqa: PLC0415 - only after a failure
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - only for a certificate

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout=ISSUER_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
        name = x509.load_der_x509_certificate(shown or b"").issuer
    except (OSError, ValueError):
        return None
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(kind)
        if found:
            return one_line(str(found[0].value))[:120]
    return None
