"""What was done in the directory, by whom, and why: every change, never rewritten."""
