"""The guard against what outlives its test sees what it claims to see."""

from __future__ import annotations

from PySide6.QtCore import QThread, QTimer

from helpers.leaks import at_work


def test_leaked_timers_and_threads_are_found(qapp) -> None:
    assert at_work() == []
    timer, thread = QTimer(), QThread()
    timer.setObjectName("forgotten")
    timer.start(60_000)
    thread.setObjectName("lost")
    thread.start()
    assert sorted(at_work()) == ["QThread lost of NoneType", "QTimer forgotten of NoneType"]
    timer.stop()
    thread.quit()
    thread.wait()
    assert at_work() == []
