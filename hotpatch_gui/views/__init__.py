"""The window: pages, dialogs, widgets. Reads through models, and makes requests through Services."""
