"""The time of the demo: its clock, as the window moves it."""
