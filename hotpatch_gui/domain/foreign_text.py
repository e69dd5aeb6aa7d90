"""Text from outside, such as a response's message or a certificate's name."""

from __future__ import annotations


def printable(text: str) -> str:
    """Remove line breaks and anything else that moves a cursor or changes the reading direction."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """Like ``printable``, with one space for each run of white space."""
    return printable(" ".join(text.split()))
