"""The operating system: folders, log, settings file, resources, tuning of the interpreter."""
