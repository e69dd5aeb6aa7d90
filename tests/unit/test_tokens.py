import pytest

from helpers.contrast import contrast
from hotpatch_gui.theme.glyphs import Glyph
from hotpatch_gui.theme.tokens import CONTRAST_DARK, CONTRAST_LIGHT, THEMES, Tokens


@pytest.mark.parametrize("t", THEMES.values(), ids=THEMES)
def test_text_is_readable_on_every_background(t: Tokens) -> None:
    for back in (t.background, t.surface, t.raised, t.hover, t.selection):
        for text in (t.text, t.secondary, t.accent_text):
            assert contrast(text, back) >= 4.5, (text, back)
    for surface in (t.success_surface, t.warning_surface, t.error_surface):
        assert contrast(t.text, surface) >= 4.5
    assert contrast(t.error, t.surface) >= 4.5
    assert contrast(t.on_accent, t.accent) >= 4.5


@pytest.mark.parametrize("t", THEMES.values(), ids=THEMES)
def test_glyphs_and_chart_marks_stand_out(t: Tokens) -> None:
    for glyph in Glyph:
        for back in (t.surface, t.hover, t.selection):
            assert contrast(glyph.color(t), back) >= 3, (glyph, back)
    for glyph, back in (
        (Glyph.OK, t.success_surface),
        (Glyph.WARNING, t.warning_surface),
        (Glyph.RESTART, t.warning_surface),
        (Glyph.ERROR, t.error_surface),
    ):
        assert contrast(glyph.color(t), back) >= 3
    for mark in (t.planned_baseline, t.unplanned_baseline, t.hotpatch, t.success, t.error):
        assert contrast(mark, t.surface) >= 3


@pytest.mark.parametrize("t", [CONTRAST_LIGHT, CONTRAST_DARK], ids=["light", "dark"])
def test_high_contrast_is_higher(t: Tokens) -> None:
    for back in (t.background, t.surface, t.raised, t.hover, t.selection):
        for text in (t.text, t.secondary, t.accent_text):
            assert contrast(text, back) >= 7, (text, back)
        for line in (t.border, t.divider):
            assert contrast(line, back) >= 3, (line, back)
        for glyph in Glyph:
            assert contrast(glyph.color(t), back) >= 4.5, (glyph, back)
    assert contrast(t.error, t.surface) >= 7
    assert contrast(t.disabled, t.surface) >= 4.5


def test_the_contrast_measure_rejects_low_contrast() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1
