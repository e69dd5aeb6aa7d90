"""azure-core's exceptions -> Problems: what happened and what to do, with Azure's code and request id."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
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

from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind

MAX_TEXT = 300
MAX_WAIT_S = 600.0
_SIGN_IN_CODE = re.compile(r"AADSTS\d+")


@contextmanager
def as_problems(doing: str) -> Iterator[None]:
    """Turn what azure-core raises inside into ProblemError. ``doing`` completes "… while …"."""
    try:
        yield
    except AzureError as error:
        raise ProblemError(problem_of(error, doing)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProblemError(nonsense(doing)) from error


def nonsense(doing: str) -> Problem:
    return Problem(
        ProblemKind.NONSENSE,
        f"Azure's answer while {doing} could not be read.",
        "What was known before is kept. A proxy may have answered in Azure's place; try again with F5.",
        reached=True,
    )


def problem_of(error: AzureError, doing: str) -> Problem:
    if isinstance(error, DecodeError | IncompleteReadError):
        return nonsense(doing)
    if isinstance(error, ServiceRequestError):
        return Problem(
            ProblemKind.OFFLINE,
            f"No connection to Azure while {doing}.",
            "Check the network and the proxy; the program tries again by itself.",
            reached=False,
        )
    if isinstance(error, ServiceResponseError):
        return Problem(
            ProblemKind.OFFLINE,
            f"The connection broke before Azure answered while {doing}.",
            "Check the network and the proxy; the program tries again by itself.",
        )
    if type(error).__name__ == "CredentialUnavailableError":  # its package is slow to import
        return Problem(
            ProblemKind.NOT_SIGNED_IN,
            f"This way to sign in does not work here: {_first_line(error)}",
            "Mend that, or choose another way in Settings › Connections.",
            reached=False,
        )
    if isinstance(error, ClientAuthenticationError) and _status_of(error) != 401:
        code = _SIGN_IN_CODE.search(str(error))
        return Problem(
            ProblemKind.NOT_SIGNED_IN,
            f"Sign-in failed{f' ({code[0]})' if code else ''} while {doing}.",
            "What is shown is what was known last. Settings › Connections says where and how.",
            reached=False,
        )
    if isinstance(error, HttpResponseError) and error.response is not None:
        return _of_response(error, doing)
    return nonsense(doing)


def _first_line(error: AzureError) -> str:
    return next(iter(str(error.message or "").splitlines()), "")[:MAX_TEXT].rstrip(".") + "."


def _of_response(error: HttpResponseError, doing: str) -> Problem:
    response: Any = error.response
    status = int(response.status_code)
    code, message = _code_and_message(response)
    request_id = str(response.headers.get("x-ms-request-id", ""))
    if isinstance(error.inner_exception, OperationFailed):
        said = f" Azure says: {message}" if message else " Azure gave no reason."
        sentence = f"The operation ended in failure.{said}"
        return Problem(
            ProblemKind.AZURE_FAILED,
            sentence,
            "See the error and try again.",
            code,
            request_id,
            ended=True,
        )
    kind, sentence, step = _words(status, code, message, doing)
    return Problem(kind, sentence, step, code or str(status), request_id, _retry_after(response))


def _words(status: int, code: str, message: str, doing: str) -> tuple[ProblemKind, str, str]:
    said = f" Azure says: {message}" if message else ""
    if status == 401:
        return (
            ProblemKind.NOT_SIGNED_IN,
            f"The sign-in is missing or has lapsed (401) while {doing}.",
            "Sign in again; what is on the screen stays.",
        )
    if status == 403:
        return (
            ProblemKind.FORBIDDEN,
            f"Your account may not do this (403) while {doing}.{said}",
            "Ask for a role that allows it; Settings › Connections › Permissions has one ready.",
        )
    if status == 404:
        return (
            ProblemKind.NOT_FOUND,
            f"Azure does not know what was asked for (404) while {doing}.{said}",
            "It may have been deleted or moved; refresh with F5.",
        )
    if status == 409:
        return (
            ProblemKind.CONFLICT,
            f"Azure refused because of the machine's present state (409) while {doing}.{said}",
            "Wait until the other operation has ended, or start the machine, and try again.",
        )
    if status == 429:
        return (
            ProblemKind.THROTTLED,
            f"Azure asked to slow down (429) while {doing}.",
            "The program waits as long as Azure asks and goes on by itself.",
        )
    if status == 408:
        return (
            ProblemKind.OFFLINE,
            f"Azure did not get the whole request in time (408) while {doing}.",
            "Check the network and the proxy; the program tries again by itself.",
        )
    if 400 <= status < 500:
        return (
            ProblemKind.REJECTED,
            f"Azure rejected the request ({status} {code}) while {doing}.{said}",
            "Change what was asked for and try again.",
        )
    if 500 <= status < 600:
        return (
            ProblemKind.AZURE_FAILED,
            f"Azure failed on its side ({status}) while {doing}.{said}",
            "The program tries again by itself; see status.azure.com if it lasts.",
        )
    failed = nonsense(doing)
    return failed.kind, f"{failed.sentence}{said}", failed.next_step


def _code_and_message(response: Any) -> tuple[str, str]:
    try:
        body = json.loads(response.text())
        error = body.get("error") or body
        return str(error.get("code") or ""), str(error.get("message") or "")[:MAX_TEXT]
    except (ValueError, AttributeError, TypeError):
        return "", ""


def _retry_after(response: Any) -> float | None:
    return seconds(response.headers.get("Retry-After"))


def seconds(header: Any) -> float | None:
    """A Retry-After in seconds, at most MAX_WAIT_S; None for none, a date or nonsense."""
    try:
        value = float(header)
    except (TypeError, ValueError):
        return None
    return min(max(value, 0.0), MAX_WAIT_S) if math.isfinite(value) else None


def _status_of(error: HttpResponseError) -> int | None:
    response: Any = error.response
    return None if response is None else int(response.status_code)
