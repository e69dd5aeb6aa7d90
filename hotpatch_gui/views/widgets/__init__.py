"""Parts that pages and dialogs share."""
