"""Named scenes of the real window, for pictures and visual tests."""
