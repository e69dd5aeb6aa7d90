"""Exceptions of azure-core as problems: what happened and what to do, with Azure's code and request ID."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.polling.base_polling import OperationFailed

from hotpatch_gui.domain.foreign_text import one_line
from hotpatch_gui.domain.phrases import join
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.translation import translator

from .network import cause_of, precedes_sending
from .sign_in_errors import sign_in_problem

tr = translator("Errors")

MAX_TEXT, MAX_CODE = 300, 100
MAX_WAIT_S = 600.0


@contextmanager
def as_problems(doing: str, hide: Callable[[str], str] = str) -> Iterator[None]:
    """Convert exceptions of azure-core to ProblemError. ``doing`` completes "… while …"; ``hide`` masks secrets in a response's text.

    Raises:
        ProblemError: what azure-core raised, as a problem.
    """
    try:
        yield
    except AzureError as error:
        raise ProblemError(problem_of(error, doing, hide)) from error
    except OSError as error:
        raise ProblemError(_no_connection(error, doing)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProblemError(malformed_response(doing)) from error


def _no_connection(error: OSError, doing: str) -> Problem:
    """An error in settings (certificates, proxy) has no errno and precedes sending; any other may follow it."""
    if error.errno is not None:
        return Problem(
            ProblemKind.OFFLINE,
            tr("The connection to Azure failed while {doing}: {error}", doing=doing, error=error),
            tr(
                "Check the network and the proxy. While its window is open, the program retries automatically."
            ),
            may_have_been_sent=True,
        )
    return Problem(
        ProblemKind.OFFLINE,
        tr(
            "No connection to Azure could be prepared while {doing}: {error}",
            doing=doing,
            error=error,
        ),
        tr(
            "Check REQUESTS_CA_BUNDLE, SSL_CERT_FILE and the proxy's settings; the program "
            "retries automatically."
        ),
        may_have_been_sent=False,
    )


def malformed_response(doing: str) -> Problem:
    """The problem that a response couldn't be read."""
    return Problem(
        ProblemKind.MALFORMED_RESPONSE,
        tr("Azure's response while {doing} couldn't be read.", doing=doing),
        tr("Earlier data is kept. A proxy may have answered instead of Azure. Try again."),
        may_have_been_sent=True,
    )


def problem_of(error: AzureError, doing: str, hide: Callable[[str], str] = str) -> Problem:
    """The problem of an exception that azure-core raised."""
    if isinstance(error, DecodeError | IncompleteReadError):
        return malformed_response(doing)
    cause = cause_of(error, doing) if _status_of(error) is None else None
    if isinstance(error, ServiceRequestError) and (cause or precedes_sending(error)):
        return Problem(
            ProblemKind.OFFLINE,
            cause.sentence if cause else tr("No connection to Azure while {doing}.", doing=doing),
            cause.next_step
            if cause
            else tr(
                "Check the network and the proxy. While its window is open, the program retries automatically."
            ),
            may_have_been_sent=not precedes_sending(error),
        )
    if isinstance(error, ServiceRequestError | ServiceResponseError):
        return Problem(
            ProblemKind.OFFLINE,
            tr("The connection was interrupted before Azure answered while {doing}.", doing=doing),
            tr(
                "Check the network and the proxy. While its window is open, the program retries automatically."
            ),
        )
    if isinstance(error, ClientAuthenticationError) and _status_of(error) != 401:
        return sign_in_problem(error, cause, doing)
    if isinstance(error, HttpResponseError) and error.response is not None:
        return _of_response(error, doing, hide)
    return malformed_response(doing)


def _reported(message: str) -> str:
    """Azure's own message as a sentence; empty without one."""
    return tr("Azure reported: {message}", message=message) if message else ""


def _of_response(error: HttpResponseError, doing: str, hide: Callable[[str], str]) -> Problem:
    response: Any = error.response
    status = int(response.status_code)
    code, message = _code_and_message(response, hide)
    request_id = hide(str(response.headers.get("x-ms-request-id", "")))
    if isinstance(error.inner_exception, OperationFailed):
        reason = _reported(message) or tr("Azure gave no reason.")
        sentence = join(tr("The operation failed."), reason)
        return Problem(
            ProblemKind.AZURE_FAILED,
            sentence,
            tr("Fix the error, then try again."),
            code,
            request_id,
            operation_failed=True,
        )
    if status == HTTPStatus.CONFLICT:
        return _of_conflict(code, message, doing)._replace(request_id=request_id)
    kind, sentence, step = _kind_and_text(status, code, message, doing)
    return Problem(
        kind, sentence, step, code or str(status), request_id, retry_after_s(response.headers)
    )


def _kind_and_text(
    status: int, code: str, message: str, doing: str
) -> tuple[ProblemKind, str, str]:
    reason = _reported(message)
    if status == 401:
        return (
            ProblemKind.TOKEN_REJECTED,
            tr("Azure didn't accept the sign-in (401) while {doing}.", doing=doing),
            tr(
                "While its window is open, the program retries automatically. If this continues, sign in again. The data on "
                "screen stays."
            ),
        )
    if status == 403:
        return (
            ProblemKind.FORBIDDEN,
            join(
                tr(
                    "Access denied (403) while {doing}.",
                    doing=doing,
                ),
                reason,
            ),
            tr(
                "Request a role that allows it. Settings › Connections › Permissions has one to "
                "copy."
            ),
        )
    if status == 404:
        return (
            ProblemKind.NOT_FOUND,
            join(
                tr(
                    "Azure didn't find the resource (404) while {doing}.",
                    doing=doing,
                ),
                reason,
            ),
            tr("It may have been deleted or moved. Refresh the data."),
        )
    if status == 429:
        return (
            ProblemKind.THROTTLED,
            tr("Azure throttled requests (429) while {doing}.", doing=doing),
            tr("The program waits and continues automatically."),
        )
    if status == 408:
        return (
            ProblemKind.OFFLINE,
            tr(
                "Azure didn't receive the complete request in time (408) while {doing}.",
                doing=doing,
            ),
            tr(
                "Check the network and the proxy. While its window is open, the program retries automatically."
            ),
        )
    if 400 <= status < 500:
        return (
            ProblemKind.REJECTED,
            join(
                tr(
                    "Azure rejected the request ({status} {code}) while {doing}.",
                    status=status,
                    code=code,
                    doing=doing,
                ),
                reason,
            ),
            tr("Change the request and try again."),
        )
    if 500 <= status < 600:
        return (
            ProblemKind.AZURE_FAILED,
            join(
                tr(
                    "Azure failed ({status}) while {doing}.",
                    status=status,
                    doing=doing,
                ),
                reason,
            ),
            tr(
                "While its window is open, the program retries automatically. If this continues, see status.azure.com."
            ),
        )
    failed = malformed_response(doing)
    return failed.kind, join(failed.sentence, reason), failed.next_step


_BUSY = frozenset({"conflict", "operationpreempted", "anotheroperationinprogress"})
"""Lower-case codes of a 409 for another operation on the same resource."""
_CONFLICTS = {
    "scopelocked": (
        tr.mark("A lock prevents the change"),
        tr.mark(
            "Remove the lock in the Azure portal (Locks), or contact its owner, then try again."
        ),
    ),
    "missingsubscriptionregistration": (
        tr.mark("The subscription isn't registered for the resource provider that this needs"),
        tr.mark(
            "Register the provider that Azure names: az provider register --namespace NAME. Then "
            "try again."
        ),
    ),
    "operationnotallowed": (
        tr.mark("Azure doesn't allow this operation for the machine"),
        tr.mark("Check its power state, its kind and Azure's message. Retrying doesn't help."),
    ),
}
"""Other 409s by lower-case code: what is wrong, and what to do."""


def _of_conflict(code: str, message: str, doing: str) -> Problem:
    reason = _reported(message)
    folded = code.casefold()
    if folded in _CONFLICTS:
        what, step = map(tr, _CONFLICTS[folded])
        sentence = join(
            tr(
                "{what} (409 {code}) while {doing}.",
                what=what,
                code=code,
                doing=doing,
            ),
            reason,
        )
        return Problem(ProblemKind.REJECTED, sentence, step, code)
    if folded in _BUSY:
        return Problem(
            ProblemKind.CONFLICT,
            join(
                tr(
                    "Another operation is in progress there (409) while {doing}.",
                    doing=doing,
                ),
                reason,
            ),
            tr("Wait until it finishes, then try again."),
            code,
        )
    return Problem(
        ProblemKind.REJECTED,
        join(
            tr(
                "Azure rejected the request because of the resource's state ({code}) while "
                "{doing}.",
                code=f"409 {code}".strip(),
                doing=doing,
            ),
            reason,
        ),
        tr("Fix the cause that Azure reports, then try again.")
        if message
        else tr("Azure gives no reason; check the portal."),
        code or "409",
    )


_NO_REASON = ("please provide below info", "see inner errors for details")
"""Parts of messages of Resource Graph and of a deployment's validation whose details have the reason."""


def _code_and_message(response: Any, hide: Callable[[str], str]) -> tuple[str, str]:
    """Azure's code and message, or those of its details if the message has no reason."""
    try:
        body = json.loads(response.text())
        error = body.get("error") or body
        code, message = str(error.get("code") or ""), str(error.get("message") or "")
        details = [d for d in error.get("details") or () if isinstance(d, dict)]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return "", ""
    reasons = [str(d["message"]) for d in details if d.get("message")]
    if reasons and (not message or any(part in message.casefold() for part in _NO_REASON)):
        codes = [str(d["code"]) for d in details if d.get("code")]
        code, message = (codes or [code])[0], " ".join(reasons)
    return one_line(hide(code))[:MAX_CODE], one_line(hide(message))[:MAX_TEXT]


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """A response's Retry-After, seconds or a date, in seconds and at most MAX_WAIT_S; None if missing or invalid."""
    text = headers.get("Retry-After")
    try:
        value = float(text or "")
    except ValueError:
        until, sent = _moment(text), _moment(headers.get("Date")) or datetime.now(UTC)
        value = (until - sent).total_seconds() if until is not None else math.nan
    return min(max(value, 0.0), MAX_WAIT_S) if math.isfinite(value) else None


def _moment(text: str | None) -> datetime | None:
    """An HTTP date; None if it isn't one."""
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _status_of(error: AzureError) -> int | None:
    response: Any = getattr(error, "response", None)
    return None if response is None else int(response.status_code)
