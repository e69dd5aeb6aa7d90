"""The cloud, over the official SDKs. Import its submodules inside the worker thread: they cost 0.8 s."""
