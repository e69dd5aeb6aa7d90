"""What the operating system gives: folders, the log, the settings file, resources, tuning of the interpreter."""
