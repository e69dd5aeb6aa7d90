"""Text that others wrote: an answer's message, a certificate's name."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Without line breaks, and without what moves a cursor or turns the reading direction."""
    shown = " ".join(text.split())
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
