"""What an X server in memory shows, out of the file that ``Xvfb -fbdir`` keeps (the XWD format)."""

from __future__ import annotations

import struct
from pathlib import Path

from PIL import Image

_FIELDS = 25
_HEADER, _WIDTH, _HEIGHT, _BITS, _ROW, _COLOURS = 0, 4, 5, 11, 12, 19
_COLOUR_BYTES = 12


def picture(path: Path) -> Image.Image:
    """The screen as it is now; 32 bits a pixel."""
    raw = path.read_bytes()
    fields = struct.unpack_from(f">{_FIELDS}I", raw)
    assert fields[_BITS] == 32, f"{fields[_BITS]} bits a pixel"
    start = fields[_HEADER] + fields[_COLOURS] * _COLOUR_BYTES
    size = (fields[_WIDTH], fields[_HEIGHT])
    return Image.frombuffer("RGB", size, raw[start:], "raw", "BGRX", fields[_ROW], 1)


def colours(image: Image.Image) -> int:
    found = image.getcolors(maxcolors=1 << 24)
    return len(found or ())
