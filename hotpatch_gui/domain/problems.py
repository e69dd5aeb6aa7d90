"""Known problems, with a message and the next step for the user."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("Problems")


class ProblemKind(StrEnum):
    """The kind of a problem. Values are stored."""

    OFFLINE = "offline"
    NOT_SIGNED_IN = "not signed in"
    """The credential requires a person, or its tool (the Azure CLI) does."""
    TOKEN_REJECTED = "token refused"  # noqa: S105 - a kind of problem
    """Azure rejected a token; the next one may be valid."""
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not found"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    REJECTED = "rejected"
    AZURE_FAILED = "azure failed"
    MALFORMED_RESPONSE = "nonsense"
    STORE = "store"
    BUG = "bug"

    @property
    def is_transient(self) -> bool:
        """Whether it resolves by waiting or by signing in, so that a retry makes sense."""
        return self in _PASSING

    @property
    def is_inconclusive(self) -> bool:
        """Whether a request that reached Azure may have taken effect all the same."""
        return self in _INCONCLUSIVE


_PASSING = frozenset(
    {
        ProblemKind.OFFLINE,
        ProblemKind.NOT_SIGNED_IN,
        ProblemKind.TOKEN_REJECTED,
        ProblemKind.THROTTLED,
        ProblemKind.AZURE_FAILED,
    }
)


_INCONCLUSIVE = frozenset(
    {ProblemKind.OFFLINE, ProblemKind.AZURE_FAILED, ProblemKind.MALFORMED_RESPONSE}
)


class Problem(NamedTuple):
    """A message and the next step.

    Attributes:
        sentence: what happened.
        next_step: what to do.
        code: Azure's error code.
        request_id: Azure's request ID.
        retry_after_s: how long Azure asks to wait, in seconds; None if it doesn't.
        may_have_been_sent: whether the request may have reached Azure.
        operation_failed: whether Azure reports that a long-running operation failed.
    """

    kind: ProblemKind
    sentence: str
    next_step: str
    code: str = ""
    request_id: str = ""
    retry_after_s: float | None = None
    may_have_been_sent: bool = True
    operation_failed: bool = False
    connection_id: int = 0
    """The connection whose sign-in would help, outside a sync; 0 if none would."""

    @property
    def text(self) -> str:
        """Both sentences."""
        return f"{self.sentence} {self.next_step}".strip()


def bug() -> Problem:
    """An unexpected error as the user sees it; the log has the details."""
    return Problem(
        ProblemKind.BUG,
        tr("An internal error occurred and one task was stopped."),
        tr("Your data is safe. Try again. The log in the data folder has the details."),
    )


class ProblemError(Exception):
    """Carries a Problem to where it is shown. In the engine, any other exception but ``sqlite3.Error`` is a bug."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem
