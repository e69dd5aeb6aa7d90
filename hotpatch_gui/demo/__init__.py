"""Named scenes of the program: the same ones make captures, the README's pictures and visual tests."""
