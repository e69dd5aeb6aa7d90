"""Sign-in through azure-identity, by the way the user chose. Never a surprise window."""

from __future__ import annotations

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


def credential_for(cloud: Cloud, method: str, tenant: str | None) -> TokenCredential:
    """The azure-identity credential for ``method``, one of METHODS."""
    if not cloud.needs_sign_in:
        return NoCredential()
    from azure import identity  # noqa: PLC0415 - 0.4 s, and the demo never needs it

    keywords: dict[str, Any] = {"authority": cloud.authority}
    if tenant:
        keywords["tenant_id"] = tenant
    match method:
        case "cli":
            return identity.AzureCliCredential(tenant_id=tenant or "")
        case "managed-identity":
            return identity.ManagedIdentityCredential()
        case "device-code":
            return identity.DeviceCodeCredential(**keywords)
    return identity.InteractiveBrowserCredential(**keywords)
