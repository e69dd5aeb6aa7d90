"""Colors, fonts, glyphs and icons for views and models."""
