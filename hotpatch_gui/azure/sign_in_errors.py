"""Failed sign-ins: the cause, and what to do about it."""

from __future__ import annotations

import json
import re
from typing import Any

from azure.core.exceptions import ClientAuthenticationError
from requests import codes

from hotpatch_gui.domain.foreign_text import one_line
from hotpatch_gui.domain.problems import Problem, ProblemKind
from hotpatch_gui.translation import translator

from .network import NetworkCause

tr = translator("SignInErrors")

_CODE = re.compile(r"AADSTS\d+")
MAX_TEXT = 300
_KEPT = tr.mark("The last known data stays on the screen.")
_CAUSES = {
    "AADSTS90002": (
        tr.mark("The tenant wasn't found"),
        tr.mark("Check the tenant's ID or domain and the cloud in Settings › Connections."),
    ),
    "AADSTS53003": (
        tr.mark("A Conditional Access policy blocks the sign-in"),
        tr.mark(
            "Sign in from a device or network that the policy allows, or ask the administrator "
            "of the tenant."
        ),
    ),
    "AADSTS53000": (
        tr.mark("A Conditional Access policy needs a compliant device"),
        tr.mark(
            "Sign in from a managed device (on Windows, with a Windows account), or ask the "
            "administrator."
        ),
    ),
    "AADSTS50105": (
        tr.mark("The account isn't assigned to the application"),
        tr.mark("Ask the administrator to assign the account to the app registration."),
    ),
    "AADSTS700016": (
        tr.mark("The application wasn't found in the tenant"),
        tr.mark("Check the client ID and the tenant in Settings › Connections."),
    ),
    "AADSTS65001": (
        tr.mark("Nobody has consented to the application yet"),
        tr.mark("Ask the administrator of the tenant to grant consent to it."),
    ),
    "AADSTS700082": (tr.mark("The sign-in has expired"), tr.mark("Sign in again.")),
    "AADSTS50173": (tr.mark("The sign-in was revoked"), tr.mark("Sign in again.")),
}
"""Microsoft Entra's codes (learn.microsoft.com, \"Microsoft Entra authentication and authorization error codes\")."""
_UNAVAILABLE = "CredentialUnavailableError"
_IN_A_MOMENT = (codes.request_timeout, codes.too_many_requests)
_BUSY = ("temporarily_unavailable", "server_error")
"""OAuth 2.0's own errors (RFC 6749, section 4.1.2.1)."""
_FURTHER = ("AADSTS50076", "AADSTS50079", "AADSTS50158")
"""Multifactor authentication or another external challenge is required."""


def sign_in_problem(
    error: ClientAuthenticationError, cause: NetworkCause | None, doing: str
) -> Problem:
    """The problem of an error from azure-identity. ``cause`` is the network's, if that failed."""
    kind = type(error).__name__  # its package is slow to import
    code = _CODE.search(str(error))
    named = f" ({code[0]})" if code else ""
    if needs_further_sign_in(error):
        return Problem(
            ProblemKind.NOT_SIGNED_IN,
            tr(
                "Azure asks for a further check of your identity, such as multifactor "
                "authentication{named}, while {doing}.",
                named=named,
                doing=doing,
            ),
            tr("Choose Sign in, then repeat the rejected action. {kept}", kept=tr(_KEPT)),
            code[0] if code else "",
            may_have_been_sent=False,
        )
    if cause is None and not _needs_person(error, kind, code is not None):
        return Problem(
            ProblemKind.AZURE_FAILED,
            tr(
                "Microsoft Entra returned no usable response{named} while {doing}.",
                named=named,
                doing=doing,
            ),
            tr(
                "While its window is open, the program retries automatically. If this continues, see status.azure.com. {kept}",
                kept=tr(_KEPT),
            ),
            code[0] if code else "",
            may_have_been_sent=False,
        )
    if cause is not None:
        sentence, step = cause
    elif code and code[0] in _CAUSES:
        what, step = map(tr, _CAUSES[code[0]])
        sentence = tr(
            "{what}{named}, so the sign-in failed while {doing}.",
            what=what,
            named=named,
            doing=doing,
        )
    elif kind == _UNAVAILABLE:
        sentence = tr("This sign-in method doesn't work here: {error}", error=_first_line(error))
        step = tr("Fix the cause, or choose another method in Settings › Connections.")
    else:
        sentence = tr("Sign-in failed{named} while {doing}.", named=named, doing=doing)
        step = tr(
            "{kept} Check the account and the sign-in method in Settings › Connections.",
            kept=tr(_KEPT),
        )
    kind_of = (
        ProblemKind.OFFLINE
        if cause is not None and kind != _UNAVAILABLE
        else ProblemKind.NOT_SIGNED_IN
    )
    return Problem(kind_of, sentence, step, code[0] if code else "", may_have_been_sent=False)


def _needs_person(error: ClientAuthenticationError, kind: str, has_code: bool) -> bool:
    """Whether only a person can help, by Entra's code or the error's class."""
    status = getattr(error.response, "status_code", None) or 0
    if (
        status >= codes.server_error
        or status in _IN_A_MOMENT
        or _body_of(error).get("error") in _BUSY
    ):
        return False
    return has_code or kind in (_UNAVAILABLE, "AuthenticationRequiredError")


def needs_further_sign_in(error: BaseException) -> bool:
    """Whether the user must provide more proof."""
    code = _CODE.search(str(error))
    return bool(claims_of(error)) or (code is not None and code[0] in _FURTHER)


def claims_of(error: BaseException) -> str:
    """The claims that the next sign-in must request, from Azure's challenge or a rejected token."""
    claims = getattr(error, "claims", None)
    if isinstance(claims, str) and claims:
        return claims
    found = _body_of(error).get("claims")
    return found if isinstance(found, str) else ""


def _body_of(error: BaseException) -> dict[str, Any]:
    """The body of the response that rejected a token; empty if missing or unreadable."""
    response: Any = getattr(error, "response", None)
    try:
        body = json.loads(response.text()) if response is not None else {}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _first_line(error: ClientAuthenticationError) -> str:
    line = next(iter(str(error.message or "").splitlines()), "")
    return one_line(line)[:MAX_TEXT].rstrip(".") + "."
