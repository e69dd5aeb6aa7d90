"""Ways of signing in that need the user ask only when they are told to."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthenticationRequiredError

from hotpatch_gui.azure import credentials
from hotpatch_gui.azure.clouds import PUBLIC
from hotpatch_gui.azure.credentials import METHODS, SignIn
from hotpatch_gui.azure.errors import problem_of
from hotpatch_gui.domain.problems import ProblemKind


class Interactive:
    """Stands for azure-identity's interactive credentials, which need a network."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        if not self.asked:
            raise AuthenticationRequiredError(scopes)
        return AccessToken("token", 0)

    def authenticate(self, *, scopes: list[str]) -> None:
        self.asked += scopes


def test_the_user_is_asked_once_and_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = Interactive()
    monkeypatch.setattr(credentials, "_credential", lambda *_: stand_in)
    prompts: list[str] = []
    sign_in = SignIn(PUBLIC, "browser", None, prompts.append)
    assert not stand_in.asked, "nothing opens before it is wanted"
    sign_in.now()
    sign_in.now()
    assert stand_in.asked == ["https://management.azure.com/.default"]
    assert prompts == ["Sign in to Azure in the browser window that opens.", ""]


@pytest.mark.parametrize("method", METHODS)
def test_every_way_makes_a_credential_without_asking(method: str) -> None:
    assert hasattr(SignIn(PUBLIC, method, None, print).credential, "get_token")


def test_a_sign_in_that_failed_is_not_called_a_rejected_request() -> None:
    error = ClientAuthenticationError(
        message="AADSTS90002: Tenant 'x' not found. Trace: secret-looking"
    )
    problem = problem_of(error, "signing in")
    assert problem.kind is ProblemKind.NOT_SIGNED_IN
    assert problem.sentence == "Sign-in failed (AADSTS90002) while signing in."
    assert "F5" in problem.next_step
