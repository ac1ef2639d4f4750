"""Exchange with the academy's training system: files or REST, idempotent, reconciled."""
