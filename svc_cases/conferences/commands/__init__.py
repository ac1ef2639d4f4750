"""Changes of meetings (``meetings``), of their agenda (``agenda``), and what is written there."""
