"""The clouds this program can talk to. Cheap to import: no SDK here."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit


class Cloud(NamedTuple):
    """An Azure cloud: where ARM is, which authority signs in, and whether sign-in is needed.

    ``is_demo`` marks a simulated Azure; the window says so wherever it is shown.
    """

    name: str
    endpoint: str
    authority: str = ""
    needs_sign_in: bool = True
    is_demo: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc.casefold()

    @property
    def scope(self) -> str:
        return f"{self.endpoint}/.default"


PUBLIC = Cloud("Azure", "https://management.azure.com", "login.microsoftonline.com")
US_GOVERNMENT = Cloud(
    "Azure US Government", "https://management.usgovcloudapi.net", "login.microsoftonline.us"
)
CHINA = Cloud("Azure China", "https://management.chinacloudapi.cn", "login.chinacloudapi.cn")
CLOUDS = {"public": PUBLIC, "usgov": US_GOVERNMENT, "china": CHINA}


def simulated(endpoint: str) -> Cloud:
    """A simulated Azure at ``endpoint``: no sign-in.

    Raises:
        ValueError: the address is not on this machine; without sign-in nothing else is accepted.
    """
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not _is_loopback(parts.hostname):
        raise ValueError(
            f"{endpoint} is not an address on this machine. Without sign-in only a simulated Azure on "
            "loopback is accepted, such as http://127.0.0.1:8080."
        )
    return Cloud("Simulated Azure", endpoint.rstrip("/"), needs_sign_in=False, is_demo=True)


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    import ipaddress  # noqa: PLC0415 - only for an address, and not before the first paint

    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
