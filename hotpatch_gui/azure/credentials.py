"""Sign-in through azure-identity, by the way the user chose. Never a surprise window."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from azure.core.credentials import AccessToken, TokenCredential
from azure.core.pipeline.policies import SansIOHTTPPolicy

from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind

from .clouds import Cloud

METHODS = ("browser", "device-code", "cli", "managed-identity")


class NoCredential:
    """Stands where a simulated Azure needs no sign-in; asking it for a token is a bug."""

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        raise ProblemError(
            Problem(ProblemKind.NOT_SIGNED_IN, "No sign-in is set up.", "Choose a way to sign in.")
        )


class NoAuthentication(SansIOHTTPPolicy[Any, Any]):
    """An authentication policy that adds nothing: azure-core refuses bearers over plain http."""


class SignIn:
    """A credential and, for the ways that need the user, the moment of asking.

    Those ways ask in ``now`` alone: a poll in the background never opens a browser.
    """

    def __init__(
        self, cloud: Cloud, method: str, tenant: str | None, prompt: Callable[[str], None]
    ) -> None:
        self._scope, self._method, self._prompt = cloud.scope, method, prompt
        self.credential = _credential(cloud, method, tenant, self._show_code)

    def now(self) -> None:
        """Ask the user to sign in, unless that was done or is not needed."""
        ask = getattr(self.credential, "authenticate", None)
        if ask is None:
            return
        from azure.identity import AuthenticationRequiredError  # noqa: PLC0415 - 0.4 s

        try:
            self.credential.get_token(self._scope)
        except AuthenticationRequiredError:
            if self._method == "browser":
                self._prompt("Sign in to Azure in the browser window that opens.")
            ask(scopes=[self._scope])
            self._prompt("")

    def _show_code(self, address: str, code: str, _: datetime) -> None:
        self._prompt(f"To sign in to Azure, open {address} and enter the code {code}.")


def _credential(
    cloud: Cloud,
    method: str,
    tenant: str | None,
    show_code: Callable[[str, str, datetime], None],
) -> TokenCredential:
    if not cloud.needs_sign_in:
        return NoCredential()
    from azure import identity  # noqa: PLC0415 - 0.4 s, and the demo never needs it

    keywords: dict[str, Any] = {
        "authority": cloud.authority,
        "disable_automatic_authentication": True,
    }
    if tenant:
        keywords["tenant_id"] = tenant
    match method:
        case "cli":
            return identity.AzureCliCredential(tenant_id=tenant or "")
        case "managed-identity":
            return identity.ManagedIdentityCredential()
        case "device-code":
            return identity.DeviceCodeCredential(prompt_callback=show_code, **keywords)
    return identity.InteractiveBrowserCredential(**keywords)
