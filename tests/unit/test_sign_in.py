"""azure-identity itself against an identity service on this machine, over TLS, by each way of signing in."""

from __future__ import annotations

import base64
import gc
import json
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.pipeline.transport import HttpRequest, HttpResponse, HttpTransport

from helpers.tls import CLIENT, SECRET, TENANT, WHO, SecureAzure, browser, secure_azure
from hotpatch_gui.azure import credentials
from hotpatch_gui.azure.credentials import SignInSession, account_name
from hotpatch_gui.azure.errors import problem_of
from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.azure.policies import RenewedOnce
from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.clouds import CHINA, PUBLIC, US_GOVERNMENT, cloud_of, custom, demo
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.problems import ProblemError, ProblemKind
from hotpatch_gui.simulator.arm import SimulatorApi


@pytest.fixture
def azure(
    simulator: SimulatorApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SecureAzure]:
    with secure_azure(simulator, tmp_path / "keys") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
        yield made


def connection(azure: SecureAzure, method: SignInMethod) -> Connection:
    return Connection(
        "Contoso",
        azure.cloud,
        method,
        id=7,
        tenant=TENANT,
        client_id=CLIENT,
        certificate=str(azure.certificate),
    )


def machines(of: Connection, gateway: Gateway) -> int:
    return sum(
        len(page.machines)
        for pages in (gateway.machine_pages(), gateway.arc_pages())
        for page in pages
    )


def gateway_for(of: Connection, prompts: list[str] | None = None) -> Gateway:
    return Gateway(of, CloudClock.real(), (prompts if prompts is not None else []).append)


def test_a_service_principal_signs_in_with_its_certificate(azure: SecureAzure) -> None:
    mine = connection(azure, SignInMethod.CERTIFICATE)
    gateway = gateway_for(mine)
    account = gateway.account()
    assert account is not None
    assert account.name == CLIENT
    assert machines(mine, gateway) == 16
    (requested,) = azure.identity.requested
    assert requested["grant_type"] == "client_credentials"
    assert requested["scope"] == f"{azure.cloud.endpoint}/.default", (
        "tokens are only for this cloud"
    )
    head, _, _ = requested["client_assertion"].split(".")
    assert "x5t" in base64.urlsafe_b64decode(head + "==").decode(), "signed with the certificate"
    assert {h["Authorization"] for h in azure.seen} == {f"Bearer {azure.identity.given[0]}"}
    gateway.close()


def test_a_device_code_is_shown_and_who_signed_in_is_known(azure: SecureAzure) -> None:
    prompts: list[str] = []
    azure.identity.waits = 1
    mine = connection(azure, SignInMethod.DEVICE_CODE)
    gateway = gateway_for(mine, prompts)
    with pytest.raises(ProblemError) as refused:
        gateway.account()
    assert refused.value.problem.kind is ProblemKind.NOT_SIGNED_IN
    assert not azure.identity.requested, "nothing is asked before it is wanted"
    account = gateway.sign_in()
    assert account is not None
    assert account.name == WHO
    assert json.loads(account.record or "")["username"] == WHO
    assert SECRET not in (account.record or "")
    assert prompts == [
        "To sign in to Contoso, open https://microsoft.example/devicelogin and enter the code AB12-CD34.",
        "",
    ]
    assert machines(mine, gateway) == 16
    gateway.close()


def test_the_browser_signs_in(azure: SecureAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", browser(azure.root))
    prompts: list[str] = []
    mine = connection(azure, SignInMethod.BROWSER)
    gateway = gateway_for(mine, prompts)
    account = gateway.sign_in()
    assert account is not None
    assert account.name == WHO
    assert prompts == ["Sign in to Contoso in the window that opens.", ""]
    requested = azure.identity.requested[0]
    assert requested["code_challenge"], "with proof of key (PKCE)"
    assert azure.cloud.scope in requested["scope"]
    assert machines(mine, gateway) == 16
    assert gateway.account() is not None, "asks nobody again"
    gateway.close()


def test_a_failed_sign_in_closes_its_port(
    azure: SecureAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    with closing(gateway_for(connection(azure, SignInMethod.BROWSER))) as gateway:
        with pytest.raises(ProblemError):
            gateway.sign_in()
        waiting = [
            server
            for server in gc.get_objects()
            if isinstance(server, HTTPServer) and server.timeout and server.socket.fileno() != -1
        ]
        assert not waiting


def test_a_managed_identity_reads(azure: SecureAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.plain_identity}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    mine = connection(azure, SignInMethod.MANAGED_IDENTITY)._replace(client_id=None)
    gateway = gateway_for(mine)
    assert machines(mine, gateway) == 16
    assert azure.identity.requested[0]["resource"] == azure.cloud.endpoint
    gateway.close()


def test_the_azure_clis_account_is_used(
    azure: SecureAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = credentials_token(azure)
    reported = tmp_path / "bin" / "az"
    reported.parent.mkdir()
    response = json.dumps(
        {"accessToken": token, "expiresOn": "2099-01-01 00:00:00.000000", "tenant": TENANT}
    )
    reported.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/asked\necho '{response}'\n")
    reported.chmod(0o755)
    monkeypatch.setenv("PATH", f"{reported.parent}:/usr/bin:/bin")
    mine = connection(azure, SignInMethod.CLI)
    gateway = gateway_for(mine)
    assert machines(mine, gateway) == 16
    requested = (tmp_path / "asked").read_text()
    assert f"--tenant {TENANT}" in requested
    assert azure.cloud.endpoint in requested
    gateway.close()


def test_an_unavailable_sign_in_method_names_the_reason(
    azure: SecureAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    gateway = gateway_for(connection(azure, SignInMethod.CLI))
    with pytest.raises(ProblemError) as missing:
        gateway.account()
    problem = missing.value.problem
    assert problem.kind is ProblemKind.NOT_SIGNED_IN
    assert "Azure CLI not found on path" in problem.sentence
    assert "choose another method in Settings › Connections" in problem.next_step
    gateway.close()


def credentials_token(azure: SecureAzure) -> str:
    status, response = azure.identity.token({"grant_type": "password", "client_id": CLIENT})
    assert status == 200
    return str(response["access_token"])


def test_a_rejected_sign_in_is_recognized_by_its_code(azure: SecureAzure) -> None:
    azure.identity.refuses = "AADSTS700082"
    gateway = gateway_for(connection(azure, SignInMethod.CERTIFICATE))
    with pytest.raises(ProblemError) as refused:
        gateway.account()
    problem = refused.value.problem
    assert problem.kind is ProblemKind.NOT_SIGNED_IN
    assert (
        problem.sentence
        == "The sign-in has expired (AADSTS700082), so the sign-in failed while signing in."
    )
    assert SECRET not in problem.text
    gateway.close()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failing_identity_service_doesnt_prompt_the_user(azure: SecureAzure, status: int) -> None:
    """Reading would wait for somebody to sign in, and a wall display would stay empty."""
    gateway = gateway_for(connection(azure, SignInMethod.CERTIFICATE))
    azure.identity.fails = status
    with pytest.raises(ProblemError) as failed:
        gateway.account()
    problem = failed.value.problem
    assert (problem.kind, problem.may_have_been_sent) == (ProblemKind.AZURE_FAILED, False)
    assert "returned no usable response" in problem.sentence
    gateway.close()


def test_an_untrusted_root_certificate_is_rejected(
    azure: SecureAzure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without this, the tests above would prove nothing about certificates."""
    with secure_azure(azure.simulator, tmp_path / "others") as other:
        monkeypatch.setenv("SSL_CERT_FILE", str(other.root))
        gateway = gateway_for(connection(azure, SignInMethod.CERTIFICATE))
        with pytest.raises(ProblemError):
            gateway.account()
        assert not azure.identity.requested
        gateway.close()


@pytest.mark.parametrize(
    ("cloud", "scope", "authority"),
    [
        (PUBLIC, "https://management.azure.com/.default", "login.microsoftonline.com"),
        (
            US_GOVERNMENT,
            "https://management.core.usgovcloudapi.net/.default",
            "login.microsoftonline.us",
        ),
        (CHINA, "https://management.chinacloudapi.cn/.default", "login.chinacloudapi.cn"),
    ],
)
def test_authority_endpoint_and_scope_change_together(cloud, scope: str, authority: str) -> None:
    """Scopes are those of azure-mgmt-core, authorities those of azure-identity."""
    from azure.core import AzureClouds
    from azure.identity import AzureAuthorityHosts
    from azure.mgmt.core.tools import get_arm_endpoints

    key = {
        "public": AzureClouds.AZURE_PUBLIC_CLOUD,
        "usgov": AzureClouds.AZURE_US_GOVERNMENT,
        "china": AzureClouds.AZURE_CHINA_CLOUD,
    }[cloud.key]
    theirs = get_arm_endpoints(key)
    assert cloud.scope == scope == theirs["credential_scopes"][0]
    assert f"{cloud.endpoint}/" == theirs["resource_manager"]
    known = {
        AzureAuthorityHosts.AZURE_PUBLIC_CLOUD,
        AzureAuthorityHosts.AZURE_GOVERNMENT,
        AzureAuthorityHosts.AZURE_CHINA,
    }
    assert cloud.authority == authority
    assert authority in known


@pytest.mark.parametrize(
    "addresses",
    [
        ("http://arm.example", "https://login.example"),
        ("https://arm.example", ""),
        ("", "https://login.example"),
        ("https://who@arm.example", "https://login.example"),
    ],
)
def test_a_token_never_goes_over_plain_http(addresses: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="has to be an https address"):
        cloud_of("custom", *addresses)


def test_a_custom_cloud_keeps_path_and_audience_of_its_own() -> None:
    cloud = custom(
        "https://arm.local/", "https://adfs.local/adfs", "https://management.adfs.local/abc"
    )
    assert (cloud.host, cloud.authority, cloud.scope) == (
        "arm.local",
        "adfs.local/adfs",
        "https://management.adfs.local/abc/.default",
    )


@pytest.mark.parametrize(
    "method", [m for m in SignInMethod if m not in (SignInMethod.BROKER, SignInMethod.CERTIFICATE)]
)
def test_each_sign_in_method_creates_a_credential_without_prompting(method: SignInMethod) -> None:
    mine = Connection("Contoso", PUBLIC, method)
    assert hasattr(SignInSession(mine, print).credential, "get_token")


def test_a_missing_certificate_is_an_unusable_value(tmp_path: Path) -> None:
    mine = Connection(
        "C",
        PUBLIC,
        SignInMethod.CERTIFICATE,
        tenant=TENANT,
        client_id=CLIENT,
        certificate=str(tmp_path / "no.pem"),
    )
    with pytest.raises((ValueError, OSError)):
        SignInSession(mine, print)


def test_missing_parts_of_a_service_principal_are_named() -> None:
    mine = Connection("Contoso", PUBLIC, SignInMethod.CERTIFICATE, tenant=TENANT)
    assert list(mine.problems) == ["client_id", "certificate"]
    assert mine.problems["client_id"] == "A service principal needs its client ID."


def test_signing_out_empties_the_platforms_own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a desktop's key store, a dictionary replaces it behind azure-identity's own function."""
    kept: dict[str, str] = {}

    class Store:
        def __init__(self, name: str) -> None:
            self.name = name

        def save(self, content: str) -> None:
            kept[self.name] = content

    from azure.identity import _persistent_cache

    monkeypatch.setattr(
        _persistent_cache, "_get_persistence", lambda cache_name, **_: Store(cache_name)
    )
    mine = Connection("Contoso", PUBLIC, SignInMethod.BROWSER, id=3)
    SignInSession(mine, print).forget()
    assert kept == {"hotpatch-dashboard-3.nocae": "{}", "hotpatch-dashboard-3.cae": "{}"}
    kept.clear()
    SignInSession(mine._replace(method=SignInMethod.CLI), print).forget()
    assert set(kept.values()) == {"{}"}, "those of a way to sign in before"
    kept.clear()
    SignInSession(Connection("Demo", demo(), SignInMethod.NONE, id=3), print).forget()
    assert not kept


def test_a_sign_in_that_ends_after_the_sign_out_leaves_no_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The browser was still open."""
    kept: dict[str, str] = {}

    class Store:
        def __init__(self, name: str) -> None:
            self.name = name

        def save(self, content: str) -> None:
            kept[self.name] = content

    class Browser:
        """A user who takes a while."""

        def authenticate(self, **_: object) -> AuthenticationRecord:
            sign_in.forget()
            kept["hotpatch-dashboard-3.nocae"] = "tokens"
            return AuthenticationRecord(TENANT, "client", "login.example", "home", "ada@contoso")

    from azure.identity import AuthenticationRecord, _persistent_cache

    monkeypatch.setattr(
        _persistent_cache, "_get_persistence", lambda cache_name, **_: Store(cache_name)
    )
    monkeypatch.setattr(credentials, "credential_of", lambda *_: Browser())
    sign_in = SignInSession(Connection("Contoso", PUBLIC, SignInMethod.BROWSER, id=3), print)
    sign_in.now()
    assert set(kept.values()) == {"{}"}


def test_a_rejected_token_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure rejects the first token; the request is repeated with the credential's next one."""
    given: list[str] = []
    sent: list[str] = []

    class Credential:
        def get_token(self, *_: str, **__: object) -> AccessToken:
            given.append(f"token {len(given)}")
            return AccessToken(given[-1], int(time.time()) + 3600)

    monkeypatch.setattr(credentials, "credential_of", lambda *_: Credential())
    sign_in = SignInSession(Connection("Contoso", PUBLIC, SignInMethod.BROWSER, id=3), print)

    class Answers(HttpTransport):
        """Refuses the first token, and takes any other."""

        def send(self, request: HttpRequest, **_: object) -> HttpResponse:
            sent.append(request.headers["Authorization"])
            response = SimpleNamespace(status_code=401 if sent[-1].endswith("token 0") else 200)
            response.headers, response.request = {}, request
            return response

        def open(self) -> None: ...

        def close(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    renewed = RenewedOnce(sign_in.renew)
    bearer = BearerTokenCredentialPolicy(sign_in.credential, "scope")
    pipeline = Pipeline(Answers(), [renewed, bearer])
    response = pipeline.run(HttpRequest("GET", "https://management.azure.com/"))
    assert response.http_response.status_code == 200
    assert sent == ["Bearer token 0", "Bearer token 1"]


def test_without_an_encrypted_store_tokens_stay_in_memory() -> None:
    assert not credentials.can_keep("hotpatch-dashboard-0")


def test_a_sign_in_that_failed_is_not_called_a_rejected_request() -> None:
    error = ClientAuthenticationError(
        message="AADSTS90002: Tenant 'x' not found. Trace: secret-looking"
    )
    problem = problem_of(error, "signing in")
    assert problem.kind is ProblemKind.NOT_SIGNED_IN
    assert (
        problem.sentence
        == "The tenant wasn't found (AADSTS90002), so the sign-in failed while signing in."
    )


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "a.e30.c", "a.W10.c"])
def test_a_token_without_an_account_has_no_account_name(token: str) -> None:
    assert account_name(token) is None
