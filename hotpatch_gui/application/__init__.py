"""The program: combines window, engine and commands."""
