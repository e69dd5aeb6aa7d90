"""A connection: one account in one cloud, its selected subscriptions, and whether it may change anything."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

from .clouds import Cloud
from .phrases import listed

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
        tr.mark("A code to enter on another machine: for jump hosts without a browser."),
    ),
    SignInMethod.CLI: (
        tr.mark("Azure CLI"),
        tr.mark("The account that 'az login' signed in on this machine."),
    ),
    SignInMethod.MANAGED_IDENTITY: (
        tr.mark("Managed identity"),
        tr.mark("The identity of the Azure machine that this program runs on."),
    ),
    SignInMethod.CERTIFICATE: (
        tr.mark("Service principal"),
        tr.mark("An application with a certificate, for unattended syncs."),
    ),
    SignInMethod.NONE: (tr.mark("None"), tr.mark("A simulated Azure on this machine needs none.")),
}


class Connection(NamedTuple):
    """Where to connect, and as whom.

    Attributes:
        id: 0 until it is stored.
        record: azure-identity's AuthenticationRecord as JSON; names the account and contains no secret.
        subscription_ids: the selected ones in lower case; empty for all that the account can read.
        may_act: whether the user allows changes.
    """

    name: str
    cloud: Cloud
    method: SignInMethod
    id: int = 0
    tenant: str | None = None
    client_id: str | None = None
    certificate: str | None = None
    subscription_ids: tuple[str, ...] = ()
    may_act: bool = False
    account: str | None = None
    record: str | None = None

    def has_same_target(self, other: Connection) -> bool:
        """Whether both lead to the same cloud with the same sign-in and application."""
        own = (self.cloud, self.method, self.tenant, self.client_id, self.certificate)
        return own == (other.cloud, other.method, other.tenant, other.client_id, other.certificate)

    @property
    def missing(self) -> str:
        """The missing input as a sentence; empty if none."""
        if not self.name.strip():
            return tr("Give the connection a name.")
        if self.cloud.needs_sign_in and self.method is SignInMethod.NONE:
            return tr("Choose a way to sign in.")
        if self.method is not SignInMethod.CERTIFICATE:
            return ""
        wanted = {
            tr("tenant"): self.tenant,
            tr("client ID"): self.client_id,
            tr("certificate file"): self.certificate,
        }
        lacking = [what for what, value in wanted.items() if not value]
        return (
            tr("A service principal needs its {lacking}.", lacking=listed(lacking))
            if lacking
            else ""
        )


def demo_connection(cloud: Cloud, name: str = "Contoso") -> Connection:
    """A connection to a simulated Azure, with changes allowed."""
    return Connection(name, cloud, SignInMethod.NONE, may_act=True)


class TrialOutcome(NamedTuple):
    """The result of trying a connection; ``problem`` is empty if it worked."""

    connection_id: int = 0
    problem: str = ""
    next_step: str = ""
