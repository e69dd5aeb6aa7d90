"""The program, started by its own command line on a filled data folder: program.py FOLDER.

Prints the clock when the first frame with machines in the list has been painted, and ends.
"""

import os
import sys
import time

from PySide6.QtCore import QEvent, QObject

from hotpatch_gui import app, cli


class Watch(QObject):
    """Sees whether the list was painted with machines in it."""

    def __init__(self, program: app.App) -> None:
        super().__init__(program)
        self.list = program.window.machines.list
        self.list.viewport().installEventFilter(self)
        self.has_painted_machines = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint and self.list.model().rowCount():
            self.has_painted_machines = True
        return False


def watched_start(program: app.App) -> None:
    program.watch = Watch(program)
    start(program)


def after_first_frame(program: app.App) -> None:
    now = time.clock_gettime(time.CLOCK_MONOTONIC)
    if not program.watch.has_painted_machines:
        sys.exit("the first frame showed no machines")
    print(now, flush=True)
    os._exit(0)


start = app.App.start
app.App.start = watched_start
app.App.begin = after_first_frame
sys.exit(cli.main(["--data-dir", sys.argv[1]]))
