"""Which training is required of whom, and who is due, overdue or exempt, and why."""
