"""The background thread: the only place that talks to Azure and that writes what was fetched."""
