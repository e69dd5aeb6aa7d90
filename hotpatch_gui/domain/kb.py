"""KB numbers: one spelling inside (``KB5031364``), any spelling outside."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("Kb")

_KB = re.compile(r"(?:KB)?\s*([0-9]{6,8})", re.IGNORECASE)
_IN_TITLE = re.compile(r"\bKB\s?([0-9]{6,8})\b", re.IGNORECASE)
_SEPARATORS = re.compile(r"[,;\s]+")
_PIECE = re.compile(r"(?:\bKB\s+(?=\d))?[^,;\s]+", re.IGNORECASE)
MAX_SHOWN = 40
_HELP = "https://support.microsoft.com/help/{}"


class KbTextError(ValueError):
    """Text that isn't a list of KB numbers. ``str()`` is for the user."""


@lru_cache(maxsize=4096)
def normalize_kb(text: str | None) -> str | None:
    """``5031364`` or ``kb5031364`` as ``KB5031364``; None for anything else."""
    match = _KB.fullmatch((text or "").strip())
    return f"KB{match.group(1)}" if match else None


def help_page(kb: str) -> str:
    """Microsoft's page of a KB."""
    return _HELP.format(kb.removeprefix("KB"))


@lru_cache(maxsize=4096)
def kb_in_title(title: str) -> str | None:
    """The KB number in an update's title, if it contains exactly one."""
    found = set(_IN_TITLE.findall(title))
    return f"KB{found.pop()}" if len(found) == 1 else None


@lru_cache(maxsize=4096)
def kb_of_update(kb_id: str | None, title: str | None) -> str | None:
    """The KB number of an update: its own field, or the title; None if neither has one.

    Azure's field may contain several numbers (``5031364, 5031365``). The title then decides, otherwise the first number.
    """
    given = [kb for piece in _SEPARATORS.split(kb_id or "") if (kb := normalize_kb(piece))]
    if len(given) == 1:
        return given[0]
    named = kb_in_title(title or "")
    if named is not None and (not given or named in given):
        return named
    return given[0] if given else None


class KbList(NamedTuple):
    """KB numbers in the order given, without repeats.

    ``invalid`` are the other pieces with their start and end positions.
    """

    kbs: tuple[str, ...]
    invalid: tuple[tuple[int, int, str], ...]

    @property
    def problem(self) -> str:
        """The error in the text, naming every invalid piece; empty if none."""
        if not self.invalid:
            return ""
        names = ", ".join(f"“{_short(piece)}”" for _, _, piece in self.invalid)
        return tr(
            "{names} aren't KB numbers. Write KB and six to eight digits, such as KB5031364.",
            len(self.invalid),
            names=names,
        )


def read_kbs(text: str) -> KbList:
    """Read KB numbers separated by commas, semicolons, spaces or line breaks. The prefix KB is optional."""
    found: dict[str, None] = {}
    invalid = []
    for piece in _PIECE.finditer(text):
        kb = normalize_kb(piece[0])
        if kb is None:
            invalid.append((piece.start(), piece.end(), piece[0]))
        else:
            found[kb] = None
    return KbList(tuple(found), tuple(invalid))


def without_kb(text: str, kb: str) -> str:
    """A list without each spelling of ``kb``; anything else stays, also what isn't a KB number."""
    pieces = [p[0] for p in _PIECE.finditer(text)]
    if all(normalize_kb(piece) != kb for piece in pieces):
        return text
    return ", ".join(piece for piece in pieces if normalize_kb(piece) != kb)


def parse_kbs(text: str) -> tuple[str, ...]:
    """Like ``read_kbs``, for text that must be entirely valid.

    Raises:
        KbTextError: a piece isn't a KB number; the message names each.
    """
    found = read_kbs(text)
    if found.invalid:
        raise KbTextError(found.problem)
    return found.kbs


def _short(piece: str) -> str:
    return piece if len(piece) <= MAX_SHOWN else piece[:MAX_SHOWN] + "…"
