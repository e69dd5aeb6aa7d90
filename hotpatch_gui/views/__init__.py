"""The window: pages, dialogs, widgets. Reads the file through models; asks through Services."""
