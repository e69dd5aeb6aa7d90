"""Text from outside, such as a response's message or a certificate's name."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"(?i)(bearer\s+)[\w.~+/=-]{8,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def without_tokens(text: str) -> str:
    """Replace anything that looks like a token, because the other side may repeat a request's headers."""
    return _TOKEN.sub("[token]", text)


def without_controls(text: str) -> str:
    """Replace characters that control a terminal or override the reading direction; line breaks, tabs and joined emoji stay."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def printable(text: str) -> str:
    """Remove line breaks and anything else that moves a cursor or changes the reading direction."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """Like ``printable``, with one space for each run of white space, and without tokens."""
    return printable(without_tokens(" ".join(text.split())))
