"""Case notes: written once, amended, never overwritten."""
