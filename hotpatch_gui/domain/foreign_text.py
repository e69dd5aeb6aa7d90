"""Text from outside, such as a response's message or a certificate's name."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"(?i)(bearer\s+)[\w.~+/=-]{8,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*")


def without_tokens(text: str) -> str:
    """Replace anything that looks like a token, because the other side may repeat a request's headers."""
    return _TOKEN.sub("[token]", text)


def printable(text: str) -> str:
    """Remove line breaks and anything else that moves a cursor or changes the reading direction."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """Like ``printable``, with one space for each run of white space, and without tokens."""
    return printable(without_tokens(" ".join(text.split())))
