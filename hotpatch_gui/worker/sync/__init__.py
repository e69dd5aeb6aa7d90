"""Reading from Azure into the file: the fleet, its changes, or one machine."""
