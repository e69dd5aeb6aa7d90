"""Masks a secret in text from outside, however the other side writes it."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote_plus

from hotpatch_gui.translation import translator

tr = translator("Masking")

MASK = "•••"
"""Shown instead of a secret that is written plainly or as JSON."""
PART = 6
"""A text with this many consecutive characters of a secret (or all of a shorter one) is hidden: the secret may have been truncated."""
_ROUNDS = 3
"""A text may be encoded more than once, such as JSON in JSON."""
_CODE = re.compile(r"[A-Za-z]+")
_BASE64 = re.compile(r"[\w+/-]{8,}={0,2}", re.ASCII)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)


def hiding(secret: str) -> Callable[[str], str]:
    """A function that masks a secret in a text, and hides a text that may still contain it or a part of it.

    Give it the whole text: a part that was cut off elsewhere can't be recognized if it is shorter than PART.
    """
    if not secret:
        return str
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    exact = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
    whole = _folded(secret)
    parts = {whole[n : n + PART] for n in range(max(1, len(whole) - PART + 1))}

    def hide(text: str) -> str:
        shown = exact.sub(MASK, text)
        if any(part in reading for reading in _readings(shown) for part in parts):
            return tr("(hidden, because it may contain the password)")
        return shown

    return hide


def codes_only(text: str) -> str:
    """The text if it is an error code, else nothing: for texts that may contain a secret that isn't known anymore.

    Codes have letters only. A password that Azure accepts doesn't.
    """
    return text if _CODE.fullmatch(text) else ""


def _folded(text: str) -> str:
    """The text without white space, case and the different ways of Unicode to write one character."""
    return "".join(normalize("NFKC", text).casefold().split())


def _readings(text: str) -> set[str]:
    """The text and its decoded forms, folded."""
    found = {text}
    for _ in range(_ROUNDS):
        found |= {decode(one) for one in found for decode in (unescape, unquote_plus, _unescaped)}
    found |= {decoded for one in found for decoded in _decoded(one)}
    return set(map(_folded, found))


def _unescaped(text: str) -> str:
    """Without the escapes of JSON."""
    plain = _JSON_ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decoded(text: str) -> Iterator[str]:
    """Its parts that may be base64 or hexadecimal, as UTF-8 and UTF-16."""
    for part in _BASE64.findall(text):
        plain = part.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield from _texts(b64decode(plain + "=" * (-len(plain) % 4)))
        except NotBase64:
            continue
    for part in _HEX.findall(text):
        yield from _texts(bytes.fromhex(part))


def _texts(content: bytes) -> Iterator[str]:
    yield content.decode("utf-8", "replace")
    yield content.decode("utf-16-le", "replace")
