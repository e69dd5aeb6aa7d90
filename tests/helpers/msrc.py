"""Documents of Microsoft's Security Update API as they are described, made by hand, and a server that has them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WS22, WS22_CORE, WS25, WS25_CORE, NET, WS2019 = (
    "11923",
    "11924",
    "12436",
    "12437",
    "12079-12436",
    "11571",
)
PRODUCTS = {
    WS22: "Windows Server 2022",
    WS22_CORE: "Windows Server 2022 (Server Core installation)",
    WS25: "Windows Server 2025",
    WS25_CORE: "Windows Server 2025 (Server Core installation)",
    NET: "Microsoft .NET Framework 3.5 AND 4.8.1 on Windows Server 2025",
    WS2019: "Windows Server 2019",
    "12244": "Windows Server 2022, 23H2 Edition (Server Core installation)",
}
HOTPATCH = ("Security Hotpatch Update", "Security HotPatch Update", "SecurityHotpatchUpdate")


def fix(
    kb: str,
    products: Sequence[str],
    build: str | None,
    sub_type: str = "Security Update",
    restart: str = "Yes",
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Description": {"Value": kb},
        "ProductID": list(products),
        "Type": 2,
        "SubType": sub_type,
        "RestartRequired": {"Value": restart},
        "URL": f"https://support.microsoft.com/help/{kb}",
    }
    return made | ({"FixedBuild": f"10.0.{build}"} if build else {})


def document(
    name: str, *fixes: dict[str, Any], revised: str = "2026-11-10T08:00:00Z"
) -> dict[str, Any]:
    """One month; every fix belongs to two vulnerabilities, as in real ones."""
    notes = {"Description": {"Value": "Release Notes"}, "ProductID": [WS25], "Type": 5}
    return {
        "DocumentTitle": {"Value": f"{name} Security Updates"},
        "DocumentTracking": {
            "Identification": {"ID": {"Value": name}},
            "InitialReleaseDate": "2026-11-10T08:00:00Z",
            "CurrentReleaseDate": revised,
        },
        "ProductTree": {
            "FullProductName": [{"ProductID": i, "Value": n} for i, n in PRODUCTS.items()]
        },
        "Vulnerability": [
            {"CVE": f"CVE-2026-1000{n}", "Remediations": [*fixes, notes]} for n in range(2)
        ],
    }


OCTOBER = document(
    "2026-Oct",
    fix("5990022", [WS22, WS22_CORE], "20348.5761"),
    fix("5990025", [WS25, WS25_CORE], "26100.33650"),
    revised="2026-10-20T08:00:00Z",
)
NOVEMBER = document(
    "2026-Nov",
    fix("5991022", [WS22, WS22_CORE], "20348.5900"),
    fix("5991122", [WS22, WS22_CORE], "20348.5850", HOTPATCH[0], "No"),
    fix("5991025", [WS25, WS25_CORE], "26100.33800"),
    fix("5991125", [WS25, WS25_CORE], "26100.33750", HOTPATCH[2], "No"),
    fix("5991999", [NET], None),
)
"""Both systems' hotpatches, in two spellings. The KB numbers are made up."""


DRIP_S = 0.05


class Feed:
    """The server's documents and received requests. ``responses`` by path override its responses."""

    def __init__(self) -> None:
        self.documents = [OCTOBER, NOVEMBER]
        self.requested: list[str] = []
        self.responses: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.address = ""
        self.drop = 0
        """Bytes that are sent at a time, with pauses; 0: all at once."""

    def response(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if path in self.responses:
            return self.responses[path]
        named = {d["DocumentTracking"]["Identification"]["ID"]["Value"]: d for d in self.documents}
        if path == "/updates":
            value = [
                {"ID": name, "CurrentReleaseDate": d["DocumentTracking"]["CurrentReleaseDate"]}
                for name, d in named.items()
            ]
            return 200, {}, json.dumps({"value": value}).encode()
        found = named.get(path.removeprefix("/cvrf/"))
        return (200, {}, json.dumps(found).encode()) if found else (404, {}, b"")


@contextmanager
def feed() -> Iterator[Feed]:
    """A server of the API on loopback."""
    made = Feed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.requested.append(self.path)
            status, headers, body = made.response(self.path)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                for start in range(0, len(body), made.drop or len(body)) if body else ():
                    self.wfile.write(body[start : start + (made.drop or len(body))])
                    self.wfile.flush()
                    time.sleep(DRIP_S if made.drop else 0)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.address = f"http://127.0.0.1:{server.server_address[1]}/"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
