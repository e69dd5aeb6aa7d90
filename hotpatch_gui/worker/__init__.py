"""The engine: the only place that talks to Azure and writes the file."""
