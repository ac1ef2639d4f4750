"""Income with its history, and benefits on their way."""
