"""An X server in memory, and what it shows, out of the file that ``Xvfb -fbdir`` keeps (the XWD format)."""

from __future__ import annotations

import mmap
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

TIMEOUT_S = 30.0
_FIELDS, _COLOUR_BYTES = 25, 12
_HEADER, _WIDTH, _HEIGHT, _BITS, _ROW, _COLOURS = 0, 4, 5, 11, 12, 19
Colour = tuple[int, int, int]


class Screen:
    """The screen as it is at each moment; 32 bits a pixel. Close it in the end."""

    def __init__(self, buffer: Path) -> None:
        with buffer.open("rb") as file:
            self._raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        fields = struct.unpack_from(f">{_FIELDS}I", self._raw)
        assert fields[_BITS] == 32, f"{fields[_BITS]} bits a pixel"
        self._start = fields[_HEADER] + fields[_COLOURS] * _COLOUR_BYTES
        self._size, self._row = (fields[_WIDTH], fields[_HEIGHT]), fields[_ROW]

    def close(self) -> None:
        self._raw.close()

    def shows(self, color: Colour, left: int, top: int, right: int, bottom: int) -> bool:
        """Whether a pixel in this part of the screen has the color."""
        wanted = bytes(reversed(color))
        for y in range(top, bottom):
            begin = self._start + y * self._row + left * 4
            row = self._raw[begin : begin + (right - left) * 4]
            if any(row[x : x + 3] == wanted for x in range(0, len(row), 4)):
                return True
        return False

    def picture(self) -> Image.Image:
        raw = self._raw[self._start :]
        return Image.frombuffer("RGB", self._size, raw, "raw", "BGRX", self._row, 1)

    @property
    def colors(self) -> int:
        """How many there are on it."""
        return len(self.picture().getcolors(maxcolors=1 << 24) or ())


def command(display: str, size: str, folder: Path | str) -> tuple[str, ...]:
    """Starts the server, with the screen's file in ``folder``."""
    return (
        "Xvfb",
        display,
        "-screen",
        "0",
        f"{size}x24",
        "-fbdir",
        str(folder),
        "-nolisten",
        "tcp",
        "-ac",
    )


def opened(folder: Path) -> Screen:
    """The screen of a server that was just started with ``folder``."""
    buffer, end = folder / "Xvfb_screen0", time.monotonic() + TIMEOUT_S
    while not buffer.exists() or buffer.stat().st_size < 1000:
        assert time.monotonic() < end, "the X server did not start"
        time.sleep(0.05)
    return Screen(buffer)


@contextmanager
def served(display: str, size: str, folder: Path) -> Iterator[Screen]:
    """A server of our own, on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(command(display, size, folder), stderr=subprocess.DEVNULL) as server:
        screen = opened(folder)
        try:
            yield screen
        finally:
            screen.close()
            server.terminate()
