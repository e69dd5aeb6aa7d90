"""Known problems: what happened, what it means and what to do, in words for the user."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class ProblemKind(StrEnum):
    OFFLINE = "offline"
    NOT_SIGNED_IN = "not signed in"
    """The credential itself asks for a person."""
    TOKEN_REFUSED = "token refused"  # noqa: S105 - a kind of problem
    """Azure did not accept a token that the credential gave, and the next one may be good."""
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
        """Whether it goes away by itself, or by signing in, so that asking again makes sense."""
        return self in _PASSING


_PASSING = frozenset(
    {
        ProblemKind.OFFLINE,
        ProblemKind.NOT_SIGNED_IN,
        ProblemKind.TOKEN_REFUSED,
        ProblemKind.THROTTLED,
        ProblemKind.AZURE_FAILED,
    }
)


class Problem(NamedTuple):
    """``sentence`` says what happened, ``next_step`` what to do; code and request id are Azure's own.

    ``retry_after_s`` is how long Azure asked us to wait, in seconds; None if it did not say.
    ``may_have_been_sent`` is whether the request may have reached Azure and been carried out; ``ended`` is
    whether Azure said, of a long-running operation, that it ended in failure.
    """

    kind: ProblemKind
    sentence: str
    next_step: str
    code: str = ""
    request_id: str = ""
    retry_after_s: float | None = None
    may_have_been_sent: bool = True
    ended: bool = False
    connection_id: int = 0
    """Whose sign-in would help, for a problem outside a sync; 0 where none would."""

    @property
    def text(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


BUG = Problem(
    ProblemKind.BUG,
    "An internal error occurred and one task was stopped.",
    "Your data is safe. Press F5 to continue. The log in the data folder has the details.",
)
"""What a bug of this program is told as; the log has it in full."""


class ProblemError(Exception):
    """Carries a Problem to where it is shown. Everything else that is raised is a bug."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem
