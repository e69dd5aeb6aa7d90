"""Long tests that a seed repeats: ``python -m tests.torture --kills 500 --seed 1``."""
