"""Tokens go to the configured cloud alone, and never into the file or the log."""

from __future__ import annotations

import base64
import logging
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from hotpatch_gui import logs
from hotpatch_gui.azure import credentials
from hotpatch_gui.demo.stage import Stage
from hotpatch_gui.domain.clouds import CloudLabel, custom
from hotpatch_gui.domain.connections import Connection, SignInMethod
from hotpatch_gui.domain.installs import InstallRequest
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.updates import Classification
from hotpatch_gui.simulator.arm import Answer, Wire
from hotpatch_gui.simulator.transport import ENDPOINT, in_process_transport
from hotpatch_gui.targets import Target

SECRET = "eyJhbGciOiJub25lIn0.c2VjcmV0LXNlY3JldC1zZWNyZXQ.c2lnbmF0dXJl"
SECURITY = InstallRequest(frozenset({Classification.SECURITY}))


class Identity:
    """Stands for the identity service: signs everybody in."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(SECRET, int(time.time()) + 3600)


@pytest.fixture
def signed_in(wire: Wire, tmp_path: Path, qapp, monkeypatch: pytest.MonkeyPatch):
    """A stage whose cloud wants a bearer; the headers that the cloud saw; the log as the program writes it."""
    monkeypatch.setattr(credentials, "credential_of", lambda *_: Identity())
    seen: list[dict[str, str]] = []
    handle = wire.handle
    monkeypatch.setattr(
        wire, "handle", lambda m, u, h, b: (seen.append(dict(h)), handle(m, u, h, b))[1]
    )
    cloud = custom(ENDPOINT, "login.invalid")
    connection = Connection("Contoso", cloud, SignInMethod.CLI, may_act=True)
    target = Target(
        cloud.endpoint,
        CloudLabel("Azure", "Demo"),
        lambda: connection,
        lambda: partial(in_process_transport, wire),
    )
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for module in (sys, threading):
        monkeypatch.setattr(module, "excepthook", module.excepthook)  # put back afterwards
    logs.start_log(tmp_path)
    with Stage("light", folder=tmp_path, wire=wire, target=target) as stage:
        stage.start()
        yield stage, seen
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def begin(stage: Stage) -> int:
    db = stage.app.source.db
    assert db is not None
    (number,) = db.execute("SELECT id FROM machines WHERE name='vm-web-02'").fetchone()
    assert stage.app.desk.install([number], SECURITY) == 1
    return int(number)


@pytest.mark.expects_log
def test_a_bearer_is_sent_and_kept_nowhere(signed_in: tuple[Stage, list[dict[str, str]]]) -> None:
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


def test_an_answer_that_points_elsewhere_is_not_followed(
    signed_in: tuple[Stage, list[dict[str, str]]],
) -> None:
    stage, _ = signed_in
    elsewhere = {
        "Location": "https://elsewhere.invalid/x",
        "Azure-AsyncOperation": "https://elsewhere.invalid/y",
    }
    stage.wire.faults.append(
        lambda method, path: (
            Answer(202, None, elsewhere) if path.endswith("/installPatches") else None
        )
    )
    begin(stage)
    note = lambda: stage.app.source.db.execute("SELECT note FROM operations").fetchone()[0]  # noqa: E731
    stage.until(lambda: "elsewhere.invalid" in note())
    assert "An answer pointed to elsewhere.invalid" in note()
    assert stage.operation_states() == [OperationState.RUNNING], (
        "Azure took the request: it is not over"
    )
