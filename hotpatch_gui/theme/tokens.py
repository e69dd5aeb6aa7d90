"""Design tokens, light and dark. A test checks their contrast."""

from __future__ import annotations

from typing import NamedTuple


class Tokens(NamedTuple):
    """Colors as ``#rrggbb``. ``accent`` is for shapes, ``accent_text`` for text."""

    name: str
    background: str
    surface: str
    raised: str
    text: str
    secondary: str
    disabled: str
    divider: str
    border: str
    hover: str
    accent: str
    accent_text: str
    on_accent: str
    selection: str
    success: str
    success_surface: str
    warning: str
    warning_surface: str
    error: str
    error_surface: str
    planned_baseline: str
    unplanned_baseline: str
    hotpatch: str
    compliance: tuple[str, ...]
    """By compliance group; neighbors differ in lightness."""

    @property
    def scheme(self) -> str:
        """``light`` or ``dark``, which the small pictures are made for."""
        return self.name.removeprefix("contrast-")


LIGHT = Tokens(
    name="light",
    background="#FAF9F8",
    surface="#FFFFFF",
    raised="#FFFFFF",
    text="#201F1E",
    secondary="#605E5C",
    disabled="#A19F9D",
    divider="#EDEBE9",
    border="#8A8886",
    hover="#F3F2F1",
    accent="#0078D4",
    accent_text="#005A9E",
    on_accent="#FFFFFF",
    selection="#DEECF9",
    success="#0F7B0F",
    success_surface="#DFF6DD",
    warning="#8A5A00",
    warning_surface="#FFF4CE",
    error="#A4262C",
    error_surface="#FDE7E9",
    planned_baseline="#8764B8",
    unplanned_baseline="#CA5010",
    hotpatch="#0078D4",
    compliance=("#0B6A0B", "#C27C00", "#A4262C", "#8A8886", "#484644"),
)
DARK = Tokens(
    name="dark",
    background="#1B1A19",
    surface="#252423",
    raised="#2D2C2B",
    text="#FFFFFF",
    secondary="#C8C6C4",
    disabled="#797775",
    divider="#3B3A39",
    border="#8A8886",
    hover="#323130",
    accent="#2899F5",
    accent_text="#6CB8F6",
    on_accent="#1B1A19",
    selection="#0F3B5F",
    success="#6CCB5F",
    success_surface="#393D1B",
    warning="#FCE100",
    warning_surface="#433519",
    error="#FF99A4",
    error_surface="#442726",
    planned_baseline="#B4A0FF",
    unplanned_baseline="#FF8C00",
    hotpatch="#2899F5",
    compliance=("#6CCB5F", "#B88A00", "#FF99A4", "#8A8886", "#C8C6C4"),
)
CONTRAST_LIGHT = Tokens(
    name="contrast-light",
    background="#FFFFFF",
    surface="#FFFFFF",
    raised="#FFFFFF",
    text="#000000",
    secondary="#1A1A1A",
    disabled="#595959",
    divider="#6B6B6B",
    border="#000000",
    hover="#E6E6E6",
    accent="#003A8C",
    accent_text="#003A8C",
    on_accent="#FFFFFF",
    selection="#D6E8FF",
    success="#004D00",
    success_surface="#E8F7E8",
    warning="#573500",
    warning_surface="#FFF2CC",
    error="#85000F",
    error_surface="#FFE8EA",
    planned_baseline="#54278F",
    unplanned_baseline="#7A2B00",
    hotpatch="#003A8C",
    compliance=("#004D00", "#8A6100", "#85000F", "#767676", "#000000"),
)
CONTRAST_DARK = Tokens(
    name="contrast-dark",
    background="#000000",
    surface="#000000",
    raised="#0D0D0D",
    text="#FFFFFF",
    secondary="#F2F2F2",
    disabled="#A6A6A6",
    divider="#949494",
    border="#FFFFFF",
    hover="#2B2B2B",
    accent="#6CC8FF",
    accent_text="#6CC8FF",
    on_accent="#000000",
    selection="#0A2F52",
    success="#7CFF6E",
    success_surface="#0F2E0D",
    warning="#FFE600",
    warning_surface="#332B00",
    error="#FFB0B7",
    error_surface="#3D0A10",
    planned_baseline="#CDB8FF",
    unplanned_baseline="#FFB066",
    hotpatch="#6CC8FF",
    compliance=("#7CFF6E", "#C79A00", "#FFB0B7", "#9E9E9E", "#FFFFFF"),
)
THEMES = {t.name: t for t in (LIGHT, DARK, CONTRAST_LIGHT, CONTRAST_DARK)}

ROW_PX = 32
ICON_PX = 16
"""The icons of lists."""
CORNER_PX = 4
TEXT_PX, TITLE_PX, SUBTITLE_PX, FIGURE_PX, CAPTION_PX = 13, 20, 15, 26, 12
LIGHT_WEIGHT, NORMAL_WEIGHT, SEMIBOLD_WEIGHT = 300, 400, 600
