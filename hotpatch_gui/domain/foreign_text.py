"""Text from outside, such as a response's message or a certificate's name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from urllib.parse import quote, quote_plus

MASK = "•••"
"""In place of a secret."""
_TOKEN = re.compile(r"(?i)(bearer\s+)[\w.~+/=-]{8,}|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*")


def without_tokens(text: str) -> str:
    """Replace anything that looks like a token, because the other side may repeat a request's headers."""
    return _TOKEN.sub("[token]", text)


def hiding(secret: str) -> Callable[[str], str]:
    """A function that masks a secret in a text, in each form in which the other side may repeat it."""
    quoted = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
    forms = {
        secret,
        *quoted,
        *(json.dumps(form)[1:-1] for form in quoted),
        escape(secret),
        escape(secret, quote=False),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        " ".join(secret.split()),
    }
    longest_first = sorted(filter(None, forms), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return lambda text: pattern.sub(MASK, text) if longest_first else text


def printable(text: str) -> str:
    """Remove line breaks and anything else that moves a cursor or changes the reading direction."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    """Like ``printable``, with one space for each run of white space, and without tokens."""
    return printable(without_tokens(" ".join(text.split())))
