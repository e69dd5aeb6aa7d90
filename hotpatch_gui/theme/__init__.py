"""Colours, fonts, glyphs and icons. Used by views and models only."""
