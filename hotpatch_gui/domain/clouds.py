"""The clouds this program can talk to: their Resource Manager endpoint, authority and token audience.

Source of endpoints and audiences: azure-mgmt-core's ``get_arm_endpoints``; of authorities: azure-identity's
``AzureAuthorityHosts``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hotpatch_gui.translation import translator

if TYPE_CHECKING:
    from urllib.parse import SplitResult

tr = translator("Clouds")


class Cloud(NamedTuple):
    """An Azure cloud: its Resource Manager endpoint, its authority and the audience of its tokens.

    Attributes:
        audience: whom tokens are for; empty for the endpoint.
        authority: the host that issues tokens.
        is_demo: whether it is simulated, which the window always shows.
        portal: the portal's address; empty if there is none.
    """

    key: str
    name: str
    endpoint: str
    authority: str = ""
    audience: str = ""
    needs_sign_in: bool = True
    is_demo: bool = False
    portal: str = ""

    @property
    def host(self) -> str:
        """The endpoint's host and port, in lower case."""
        return _parts(self.endpoint).netloc.casefold()

    def resource_page(self, resource_id: str) -> str:
        """The portal's page of a resource; empty if the cloud has no portal."""
        from urllib.parse import quote  # noqa: PLC0415 - not in the first paint

        return f"{self.portal}/#resource{quote(resource_id)}" if self.portal else ""

    @property
    def scope(self) -> str:
        """The scope for which tokens are requested: the audience, or else the endpoint, with ``/.default``."""
        return f"{self.audience or self.endpoint}/.default"


PUBLIC = Cloud(
    "public",
    "Azure",
    "https://management.azure.com",
    "login.microsoftonline.com",
    "https://management.azure.com",
    portal="https://portal.azure.com",
)
US_GOVERNMENT = Cloud(
    "usgov",
    "Azure US Government",
    "https://management.usgovcloudapi.net",
    "login.microsoftonline.us",
    "https://management.core.usgovcloudapi.net",
    portal="https://portal.azure.us",
)
CHINA = Cloud(
    "china",
    "Azure China",
    "https://management.chinacloudapi.cn",
    "login.chinacloudapi.cn",
    "https://management.chinacloudapi.cn",
    portal="https://portal.azure.cn",
)
CLOUDS = {cloud.key: cloud for cloud in (PUBLIC, US_GOVERNMENT, CHINA)}
CUSTOM, DEMO, SIMULATED = "custom", "demo", "simulated"


def cloud_of(key: str, endpoint: str = "", authority: str = "", audience: str = "") -> Cloud:
    """The cloud with this key.

    Addresses apply to custom clouds; a simulated one uses only the endpoint.

    Raises:
        ValueError: an address can't be used; the message is for the user.
    """
    if key in CLOUDS:
        return CLOUDS[key]
    if key == DEMO:
        return demo()
    return simulated(endpoint) if key == SIMULATED else custom(endpoint, authority, audience)


def custom(endpoint: str, authority: str, audience: str = "") -> Cloud:
    """A custom cloud, such as Azure Stack Hub.

    Without ``audience``, tokens are for the endpoint.

    Raises:
        ValueError: an address is missing or isn't https.
    """
    base = _https(endpoint, tr("ARM endpoint"))
    signs = _parts(
        _https(authority if "//" in authority else f"https://{authority}", tr("authority"))
    )
    made_for = _https(audience, tr("audience")) if audience.strip() else base
    return Cloud(CUSTOM, _parts(base).netloc, base, f"{signs.netloc}{signs.path}", made_for)


def custom_problems(endpoint: str, authority: str, audience: str) -> dict[str, str]:
    """The problems with a custom cloud's addresses, by the field's name."""
    found = {}
    for field, parts in (
        ("endpoint", (endpoint, "https://example.invalid")),
        ("authority", ("https://example.invalid", authority)),
        ("audience", ("https://example.invalid", "https://example.invalid", audience)),
    ):
        try:
            custom(*parts)
        except ValueError as error:
            found[field] = str(error)
    return found


def demo() -> Cloud:
    """The simulated Azure inside this program."""
    return Cloud(DEMO, tr("Demo"), "https://azure.demo.invalid", needs_sign_in=False, is_demo=True)


def simulated(endpoint: str) -> Cloud:
    """A simulated Azure at a loopback address, without sign-in.

    Raises:
        ValueError: the address isn't on this computer.
    """
    try:
        parts = _parts(endpoint)
        is_here = (
            parts.scheme in ("http", "https") and parts.port != 0 and _is_loopback(parts.hostname)
        )
    except ValueError:  # no such port, or half an IPv6 address
        is_here = False
    if not is_here:
        raise ValueError(
            tr(
                "{endpoint} isn't an address on this computer. Without sign-in only a simulated Azure on "
                "loopback is accepted, such as http://127.0.0.1:8080.",
                endpoint=endpoint,
            )
        )
    base = endpoint.rstrip("/")
    return Cloud(SIMULATED, tr("Simulated Azure"), base, needs_sign_in=False, is_demo=True)


class CloudLabel(NamedTuple):
    """How the window names the cloud; ``demo`` is empty for a real one."""

    name: str
    demo: str = ""


def _parts(address: str) -> SplitResult:
    from urllib.parse import urlsplit  # noqa: PLC0415 - 1 ms, and not in the first paint

    return urlsplit(address)


def _https(address: str, what: str) -> str:
    parts = _parts(address.strip().rstrip("/"))
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
        raise ValueError(
            tr(
                "The {what} has to be an https address, such as https://management.local.azurestack.external.",
                what=what,
            )
        )
    return parts.geturl()


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    import ipaddress  # noqa: PLC0415 - only for an address, and not before the first paint

    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
