"""A second start on the same data brings the first window to the front."""

from __future__ import annotations

import getpass
import hashlib
import sys
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

TIMEOUT_MS = 2000
ANSWER = b"raised"


def _name(folder: Path) -> str:
    """The local socket's name, one per user and folder."""
    of = f"{getpass.getuser()} {folder.resolve()}"
    return f"hotpatch-{hashlib.sha256(of.encode()).hexdigest()[:24]}"


class SingleInstanceServer(QObject):
    """Listens for a second start, created by whoever holds the folder's lock. Lives on the UI thread.

    Signals:
        raise_requested (): somebody started the program again.
    """

    raise_requested = Signal()

    def __init__(self, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        QLocalServer.removeServer(_name(folder))  # left by a killed process
        self._server.listen(_name(folder))

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    @Slot()
    def _answer(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            self.raise_requested.emit()
            caller.write(ANSWER)
            caller.flush()
            caller.disconnectFromServer()
            caller.deleteLater()


def raise_window(folder: Path) -> bool:
    """Bring the window on ``folder`` to the front; False if there is none."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 - on Windows only

        ctypes.windll.user32.AllowSetForegroundWindow(
            -1
        )  # otherwise the first window may only flash
    socket = QLocalSocket()
    socket.connectToServer(_name(folder))
    if not socket.waitForConnected(TIMEOUT_MS):
        return False
    return socket.waitForReadyRead(TIMEOUT_MS) and bytes(socket.readAll().data()) == ANSWER
