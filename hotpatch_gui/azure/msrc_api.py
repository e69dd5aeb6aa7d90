"""Microsoft's Security Update API over HTTPS: the list of documents, and one month's document."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import orjson
import requests
from urllib3.exceptions import DecodeError, HTTPError

from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.translation import translator

from .msrc_document import month_of
from .values import UnreadableError, items, mapping, text

tr = translator("MsrcApi")

MAX_BYTES = 96 << 20
"""Documents currently have 10 to 40 MB."""
TIMEOUT_S = (10, 60)
"""For connecting, and between parts of a response."""
MAX_SECONDS = 600.0
"""For a complete document."""
MAX_REDIRECTS = 3
BLOCK = 1 << 16


class DocumentEntry(NamedTuple):
    """A document in the list: its ID (``2026-Nov``), month (``2026-11``) and revision."""

    id: str
    month: str
    revised: str


class MsrcApi:
    """Reads from one address and its host only. Methods raise only ProblemError.

    Raises:
        ValueError: the address is neither HTTPS nor on this computer.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if not parts.hostname or (parts.scheme != "https" and not is_local):
            raise ValueError(
                tr("{address} isn't an https address, so nothing is read from it.", address=address)
            )
        self._address = address if address.endswith("/") else f"{address}/"

    def documents(self) -> list[DocumentEntry]:
        """All listed documents, oldest first.

        Raises:
            ProblemError: the list can't be read.
        """
        listed = mapping(self._get("updates", tr("reading Microsoft's list of releases")))
        found = []
        for entry in map(mapping, items(listed.get("value"))):
            name = text(entry.get("ID"))
            try:
                month = month_of(name or "")
            except UnreadableError:
                continue
            found.append(
                DocumentEntry(name or "", month, text(entry.get("CurrentReleaseDate")) or "")
            )
        if not found:
            raise ProblemError(_unreadable(tr("reading Microsoft's list of releases")))
        return sorted(found, key=lambda d: d.month)

    def document(self, document_id: str) -> Mapping[str, Any]:
        """A document's JSON.

        Raises:
            ProblemError: it can't be read.
        """
        doing = tr("reading Microsoft's releases of {document_id}", document_id=document_id)
        body = self._get(f"cvrf/{document_id}", doing)
        if not isinstance(body, Mapping):
            raise ProblemError(_unreadable(doing))
        return body

    def _get(self, path: str, doing: str) -> Any:
        url = urljoin(self._address, path)
        try:
            with requests.Session() as session:
                for _ in range(MAX_REDIRECTS + 1):
                    with session.get(
                        url,
                        headers={"Accept": "application/json"},
                        timeout=TIMEOUT_S,
                        stream=True,
                        allow_redirects=False,
                    ) as response:
                        if response.is_redirect:
                            url = self._followed(url, response.headers["Location"], doing)
                            continue
                        if response.status_code != requests.codes.ok:
                            raise ProblemError(_status(response.status_code, doing))
                        return _json(_whole(response, doing), doing)
        except DecodeError as error:
            raise ProblemError(_unreadable(doing)) from error
        except (requests.RequestException, HTTPError) as error:
            raise ProblemError(_offline(doing)) from error
        raise ProblemError(_unreadable(doing))

    def _followed(self, url: str, location: str, doing: str) -> str:
        """Follow a redirect within the host, and reject others."""
        try:
            following = urljoin(url, location)
            here, there = urlsplit(self._address), urlsplit(following)
        except ValueError as error:
            raise ProblemError(_unreadable(doing)) from error
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise ProblemError(
                Problem(
                    ProblemKind.REJECTED,
                    tr(
                        "{netloc} redirected to {other} while {doing}.",
                        netloc=here.netloc,
                        other=there.netloc or tr("an unreadable address"),
                        doing=doing,
                    ),
                    tr("Nothing was read from there. Check the proxy, or import a saved document."),
                )
            )
        return following


def _whole(response: requests.Response, doing: str) -> bytes:
    """The body, within the limits of size and time."""
    parts, size, end = [], 0, time.monotonic() + MAX_SECONDS
    while part := response.raw.read1(
        BLOCK, decode_content=True
    ):  # what has arrived, instead of a full block
        size += len(part)
        if size > MAX_BYTES or time.monotonic() > end:
            limit = (
                tr("{size} MB", size=MAX_BYTES >> 20)
                if size > MAX_BYTES
                else tr("{max_seconds:.0f} minutes", max_seconds=MAX_SECONDS / 60)
            )
            raise ProblemError(
                Problem(
                    ProblemKind.MALFORMED_RESPONSE,
                    tr(
                        "The response took more than {limit} while {doing}.",
                        limit=limit,
                        doing=doing,
                    ),
                    tr("Earlier data is kept. Try again later."),
                )
            )
        parts.append(part)
    return b"".join(parts)


def _json(content: bytes, doing: str) -> Any:
    try:
        return orjson.loads(content)
    except ValueError as error:
        raise ProblemError(_unreadable(doing)) from error


def _unreadable(doing: str) -> Problem:
    return Problem(
        ProblemKind.MALFORMED_RESPONSE,
        tr("The response couldn't be read while {doing}.", doing=doing),
        tr("Earlier data is kept. A proxy may have answered instead; try again later."),
    )


def _offline(doing: str) -> Problem:
    return Problem(
        ProblemKind.OFFLINE,
        tr("No connection to Microsoft's Security Update API while {doing}.", doing=doing),
        tr("Check the network and the proxy, or import a saved document. Earlier data is kept."),
        may_have_been_sent=False,
    )


def _status(status: int, doing: str) -> Problem:
    return Problem(
        ProblemKind.THROTTLED if status == requests.codes.too_many else ProblemKind.AZURE_FAILED,
        tr(
            "Microsoft's Security Update API answered {status} while {doing}.",
            status=status,
            doing=doing,
        ),
        tr("Earlier data is kept. Try again later."),
        code=str(status),
    )
