"""Text that others wrote: an answer's message, a certificate's name."""

from __future__ import annotations


def printable(text: str) -> str:
    """Without line breaks and whatever else moves a cursor or turns the reading direction."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """As ``printable``, with a space for each run of white space."""
    return printable(" ".join(text.split()))
