"""Errors below the SDK: whether a request may have left the computer decides whether it is repeated."""

from __future__ import annotations

import errno

import pytest

from hotpatch_gui.azure.errors import as_problems
from hotpatch_gui.domain.problems import ProblemError


@pytest.mark.parametrize(
    ("error", "may_have_been_sent", "text"),
    [
        (
            OSError("Could not find a suitable TLS CA certificate bundle"),
            False,
            "No connection to Azure could be prepared while restarting vm",
        ),
        (
            ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
            True,
            "The connection to Azure failed while restarting vm",
        ),
    ],
)
def test_connection_errors_may_follow_the_request_and_configuration_errors_precede_it(
    error: OSError, may_have_been_sent: bool, text: str
) -> None:
    with pytest.raises(ProblemError) as raised, as_problems("restarting vm"):
        raise error
    problem = raised.value.problem
    assert problem.may_have_been_sent is may_have_been_sent
    assert problem.sentence.startswith(text)
