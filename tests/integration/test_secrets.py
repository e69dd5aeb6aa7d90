"""Tokens go only to the configured cloud, and never into the file or the log."""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from helpers.tls import SECRET as SECRET_OF_TLS
from helpers.tls import SecureAzure, secure_azure
from hotpatch_gui import cli
from hotpatch_gui.application.targets import CloudTarget, azure_target
from hotpatch_gui.azure import credentials
from hotpatch_gui.captures.stage import Stage, stopped_simulator
from hotpatch_gui.domain.clouds import CloudLabel, custom
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.arm import Response, SimulatorApi
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.simulator.transport import ENDPOINT, in_process_transport
from hotpatch_gui.store.database import FILE_NAME
from hotpatch_gui.system import logs

SECRET = "eyJhbGciOiJub25lIn0.c2VjcmV0LXNlY3JldC1zZWNyZXQ.c2lnbmF0dXJl"
PASSWORD = "the-password-of-the-certificate"
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))


class Identity:
    """Replaces the identity service: signs everybody in."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(SECRET, int(time.time()) + 3600)


@pytest.fixture
def own_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop each log that the program starts."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)  # put back afterwards
    yield
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.fixture
def signed_in(
    simulator: SimulatorApi, tmp_path: Path, qapp, monkeypatch: pytest.MonkeyPatch, own_log: None
):
    """A stage whose cloud requires a bearer token; the headers that the cloud saw; the log as the program writes it."""
    monkeypatch.setattr(credentials, "credential_of", lambda *_: Identity())
    seen: list[dict[str, str]] = []
    handle = simulator.handle
    monkeypatch.setattr(
        simulator, "handle", lambda m, u, h, b: (seen.append(dict(h)), handle(m, u, h, b))[1]
    )
    cloud = custom(ENDPOINT, "login.invalid")
    connection = Connection("Contoso", cloud, SignInMethod.CLI, changes_allowed=True)
    target = CloudTarget(
        cloud.endpoint,
        CloudLabel("Azure", "Demo"),
        lambda: connection,
        lambda: partial(in_process_transport, simulator),
    )
    logs.start_log(tmp_path)
    with Stage("light", folder=tmp_path, simulator=simulator, target=target) as stage:
        stage.start()
        yield stage, seen


def begin(stage: Stage) -> int:
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name='vm-web-02'").fetchone()
    stage.request.install([number], SECURITY)
    return int(number)


@pytest.mark.expects_log
def test_a_bearer_token_is_sent_and_stored_nowhere(
    signed_in: tuple[Stage, list[dict[str, str]]],
) -> None:
    stage, seen = signed_in
    begin(stage)
    stage.until(lambda: stage.operation_states() == [OperationState.RUNNING])
    (token,) = stage.app.source.db.execute("SELECT token FROM operations").fetchone()
    inside = base64.b64decode(token).decode()
    assert ENDPOINT in inside, "this is how the token is to be read"
    assert SECRET not in inside
    assert "authorization" not in inside.casefold()
    logging.getLogger("hotpatch_gui.test").error("Authorization: Bearer %s", SECRET)
    logging.getLogger("hotpatch_gui.test").error("in passing %s", SECRET)
    assert all(h["Authorization"] == f"Bearer {SECRET}" for h in seen)
    assert len(seen) >= 5
    for path in stage.folder.iterdir():
        assert SECRET.encode() not in path.read_bytes(), path.name
    assert "[token]" in (stage.folder / logs.FILE_NAME).read_text()


def test_redirects_to_other_hosts_are_not_followed(
    signed_in: tuple[Stage, list[dict[str, str]]],
) -> None:
    stage, _ = signed_in
    elsewhere = {
        "Location": "https://elsewhere.invalid/x",
        "Azure-AsyncOperation": "https://elsewhere.invalid/y",
    }
    stage.simulator.faults.append(
        lambda method, path: (
            Response(202, None, elsewhere) if path.endswith("/installPatches") else None
        )
    )
    begin(stage)

    def note():
        return stage.app.source.db.execute("SELECT note FROM operations").fetchone()[0]

    stage.until(lambda: "elsewhere.invalid" in note())
    assert "A response pointed to elsewhere.invalid" in note()
    assert stage.operation_states() == [OperationState.RUNNING], (
        "Azure took the request: it is not over"
    )


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecureAzure]:
    """A cloud over TLS whose service principal has a certificate under a password."""
    simulator = stopped_simulator(SteppedClock(EPOCH))
    with secure_azure(simulator, tmp_path / "keys") as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
        monkeypatch.setenv(credentials.CERTIFICATE_PASSWORD, PASSWORD)
        key = load_pem_private_key(made.certificate.read_bytes(), None)
        sealed = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode())
        )
        made.certificate.write_bytes(sealed + made.certificate.read_bytes().split(KEY_END, 1)[1])
        yield made
    simulator.cloud.close()


KEY_END = b"-----END RSA PRIVATE KEY-----\n"


@pytest.mark.expects_log
def test_file_log_and_exports_contain_no_secret(
    azure: SecureAzure, tmp_path: Path, qapp, own_log: None
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    out.mkdir()
    logs.start_log(data)
    with Stage("light", folder=data, target=azure_target()) as stage:
        stage.app.start()
        stage.until(lambda: stage.app.source.db is not None)
        stage.app.actions.save_connection(azure.principal()._replace(changes_allowed=True))
        db = stage.app.source.db
        stage.until(lambda: db.execute("SELECT count(*) FROM machines").fetchone()[0] == 16)
        stage.sync()
        (number,) = db.execute("SELECT id FROM machines WHERE name='vm-web-02'").fetchone()
        stage.request.assess([number])
        stage.request.install([number], SECURITY)
        stage.request.restart([number])
        for ended in range(1, 5):  # an assessment follows the restart
            stage.until(lambda: _is_at(stage.operation_states(), ended))  # noqa: B023 - called at once
            azure.simulator.cloud.clock.advance(hours=1)
        stage.until(lambda: stage.operation_states() == [OperationState.SUCCEEDED] * 4)
        azure.identity.refuses = f"AADSTS700027 {SECRET_OF_TLS}"
        azure.identity.given[:-1] = []
        stage.sync()
        with (data / FILE_NAME).open("rb"):  # the write-ahead log exists as long as the window
            found = [(p, c) for p in data.iterdir() for c in _contents(p)]
    for name in ("report.xlsx", "report.json", "report.html", "report.pdf", "audit.csv"):
        what = (
            ["audit"]
            if name.endswith("csv")
            else ["machines", "compliance", "history", "restarts", "audit"]
        )
        assert cli.main(["--data-dir", str(data), "export", *what, "--out", str(out / name)]) == 0
    found += [(p, c) for folder in (data, out) for p in folder.iterdir() for c in _contents(p)]
    names = {path.name for path, _ in found}
    assert {FILE_NAME, f"{FILE_NAME}-wal", logs.FILE_NAME, "report.pdf", "audit.csv"} <= names
    full = b"".join(content for _, content in found)
    for kept in (b"vm-web-02", azure.certificate.name.encode(), b"installPatches"[:7]):
        assert kept in full, "what is looked through is readable"
    pem = [line for line in azure.certificate.read_text().splitlines() if len(line) == 64]
    assert len(pem) > 20
    for path, content in found:
        for secret in (SECRET_OF_TLS, PASSWORD, *azure.identity.given, *pem, "Bearer ey"):
            assert secret.encode() not in content, f"{secret[:20]} in {path.name}"


def _is_at(states: list[OperationState], number: int) -> bool:
    """Whether this many operations have begun and all but the last have ended."""
    return (
        len(states) >= number
        and all(s is OperationState.SUCCEEDED for s in states[: number - 1])
        and states[number - 1] in (OperationState.RUNNING, OperationState.SUCCEEDED)
    )


def _contents(path: Path) -> Iterator[bytes]:
    """A file's contents, decompressed where necessary."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            yield from map(archive.read, archive.namelist())
    if path.suffix == ".pdf":
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL):
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(stream)
