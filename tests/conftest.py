"""The basis of every test: one drawing environment, no leaks, no unexpected log lines."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from hotpatch_gui.captures import environment

environment.prepare()

from hypothesis import settings as hypothesis_settings
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from helpers.leaks import at_work
from hotpatch_gui.captures.stage import Stage, stopped_simulator
from hotpatch_gui.domain.release_calendar import Calendar
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.fleet import EPOCH
from hotpatch_gui.system import resources

hypothesis_settings.register_profile("here", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis_settings.load_profile("here")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Half a character in a log, as a response may have it, can't be sent to the process that gathers the reports."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(scope="session", autouse=True)
def _qt_lives_on_the_main_thread(qapp: QApplication) -> None:
    """Qt takes the thread of its first object for the main one, and a test's own thread may come first."""


@pytest.fixture(autouse=True)
def _no_unexpected_log(
    caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> Iterator[None]:
    """A warning of ours that no test expects fails the test, from the first fixture's beginning to the last one's end;
    ``expects_log`` allows them."""
    yield
    if request.node.get_closest_marker("expects_log"):
        return
    unexpected = [
        r.getMessage()
        for phase in ("setup", "call", "teardown")
        for r in caplog.get_records(phase)
        if r.name.startswith("hotpatch_gui") and r.levelno >= logging.WARNING
    ]
    assert not unexpected, f"unexpected in the log: {unexpected}"


@pytest.fixture(autouse=True)
def _close_log_files() -> Iterator[None]:
    """A command that runs in this process opens its log until the process ends; the next test must not write there."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in set(root.handlers) - set(before):
        if isinstance(handler, logging.FileHandler):
            root.removeHandler(handler)
            handler.close()


@pytest.fixture(autouse=True)
def _no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """No thread, active timer or window outlives its test; only a request that hangs may, as it is a daemon."""
    before = set(threading.enumerate())
    yield
    application = QApplication.instance()
    if isinstance(application, QApplication):
        for _ in range(50):
            application.processEvents()
            if not application.topLevelWidgets():
                break
        windows = [w.objectName() or type(w).__name__ for w in application.topLevelWidgets()]
        assert not windows, f"windows left: {windows}"
        if {"qapp", "qtbot", "stage"} & set(request.fixturenames):
            assert not (left := at_work()), f"still running: {left}"
    threads = set(threading.enumerate()) - before
    left = [t.name for t in threads if t.is_alive() and (not t.daemon or t.name == "engine")]
    assert not left, f"threads left: {left}"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test looks up a host beyond this machine: its result would depend on the network."""
    look_up, outside = socket.getaddrinfo, []

    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in {None, "", "localhost", "127.0.0.1", "::1"}:
            return look_up(host, *arguments, **options)
        outside.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", guarded)
    yield
    assert not outside, f"looked up: {outside}"


@pytest.fixture(autouse=True)
def _no_key_is_held(request: pytest.FixtureRequest) -> Iterator[None]:
    """Qt takes the modifiers of the last key for held until the next one: the next test would select with Shift."""
    yield
    if "qtbot" in request.fixturenames:
        nobody = QWidget()
        QTest.keyClick(nobody, Qt.Key.Key_Escape)
        assert not QApplication.keyboardModifiers()


@pytest.fixture(scope="session")
def calendar() -> Calendar:
    return resources.calendar()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(EPOCH)


@pytest.fixture
def simulator(clock: SteppedClock) -> Iterator[SimulatorApi]:
    """The demo's simulator, with a stopped clock."""
    made = stopped_simulator(clock)
    yield made
    made.cloud.close()


@pytest.fixture
def stage(qapp: QApplication) -> Iterator[Stage]:
    """The whole program against the stopped simulator, not started yet."""
    with Stage("light") as made:
        yield made


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"
