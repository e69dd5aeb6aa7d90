"""A connection: one account in one cloud, its selected subscriptions, and whether it may change anything."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .clouds import Cloud

tr = translator("ConnectionsDomain")


class SignInMethod(StrEnum):
    """The sign-in methods of azure-identity that users can choose."""

    BROKER = "broker"
    BROWSER = "browser"
    DEVICE_CODE = "device-code"
    CLI = "cli"
    MANAGED_IDENTITY = "managed-identity"
    CERTIFICATE = "certificate"
    NONE = "none"

    @property
    def label(self) -> str:
        """The method's name."""
        return tr(_LABELS[self][0])

    @property
    def meaning(self) -> str:
        """The method's purpose, in one sentence."""
        return tr(_LABELS[self][1])

    @property
    def asks_user(self) -> bool:
        """Whether a person has to sign in, at first and after an expiry."""
        return self in (SignInMethod.BROKER, SignInMethod.BROWSER, SignInMethod.DEVICE_CODE)


_LABELS = {
    SignInMethod.BROKER: (
        tr.mark("Windows account"),
        tr.mark("The accounts that Windows knows, through its broker (WAM)."),
    ),
    SignInMethod.BROWSER: (tr.mark("Browser"), tr.mark("A page opens in the system's browser.")),
    SignInMethod.DEVICE_CODE: (
        tr.mark("Device code"),
        tr.mark("A code to enter on another device: for jump hosts without a browser."),
    ),
    SignInMethod.CLI: (
        tr.mark("Azure CLI"),
        tr.mark("The account that 'az login' signed in on this computer."),
    ),
    SignInMethod.MANAGED_IDENTITY: (
        tr.mark("Managed identity"),
        tr.mark("The identity of the Azure machine that this program runs on."),
    ),
    SignInMethod.CERTIFICATE: (
        tr.mark("Service principal"),
        tr.mark("An application with a certificate, for unattended syncs."),
    ),
    SignInMethod.NONE: (tr.mark("None"), tr.mark("A simulated Azure on this computer needs none.")),
}


class Connection(NamedTuple):
    """A cloud to connect to, and the account.

    Attributes:
        id: 0 until it is stored.
        record: azure-identity's AuthenticationRecord as JSON; names the account and contains no secret.
        subscription_ids: the selected ones in lower case; empty for all that the account can read.
        changes_allowed: whether the user allows changes.
    """

    name: str
    cloud: Cloud
    method: SignInMethod
    id: int = 0
    tenant: str | None = None
    client_id: str | None = None
    certificate: str | None = None
    subscription_ids: tuple[str, ...] = ()
    changes_allowed: bool = False
    account: str | None = None
    record: str | None = None

    def has_same_target(self, other: Connection) -> bool:
        """Whether both lead to the same cloud with the same sign-in and application."""
        own = (self.cloud, self.method, self.tenant, self.client_id, self.certificate)
        return own == (other.cloud, other.method, other.tenant, other.client_id, other.certificate)

    @property
    def problems(self) -> dict[str, str]:
        """The problems with the input, by the field's name; empty if it can be used."""
        found = {}
        if not self.name.strip():
            found["name"] = tr("Give the connection a name.")
        if self.cloud.needs_sign_in and self.method is SignInMethod.NONE:
            found["method"] = tr("Choose a sign-in method.")
        if self.tenant and not _TENANT.fullmatch(self.tenant):
            found["tenant"] = tr("A tenant is an ID or a domain, such as contoso.onmicrosoft.com.")
        if self.client_id and not _GUID.fullmatch(self.client_id):
            found["client_id"] = tr(
                "A client ID looks like 00001111-aaaa-2222-bbbb-3333cccc4444. The app registration or the managed identity shows it."
            )
        if self.method is SignInMethod.CERTIFICATE:
            for field in ("tenant", "client_id", "certificate"):
                if not getattr(self, field):
                    found[field] = tr(_NEEDED[field])
        return found


_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_NEEDED = {
    "tenant": tr.mark("A service principal needs its tenant."),
    "client_id": tr.mark("A service principal needs its client ID."),
    "certificate": tr.mark("A service principal needs its certificate file."),
}


def demo_connection(cloud: Cloud, name: str = "Contoso") -> Connection:
    """A connection to a simulated Azure, with changes allowed."""
    return Connection(name, cloud, SignInMethod.NONE, changes_allowed=True)


class TrialOutcome(NamedTuple):
    """The result of trying a connection; ``problem`` is empty if it worked."""

    connection_id: int = 0
    problem: str = ""
    next_step: str = ""
