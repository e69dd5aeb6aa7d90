"""Addresses outside the user's clouds that the program can read."""

PUBLIC_FEED = "https://api.msrc.microsoft.com/cvrf/v3.0/"
"""Microsoft's Security Update API: public, without a sign-in."""
