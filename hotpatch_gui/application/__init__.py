"""The program: what ties the window, the engine and the commands together."""
