"""Where a participant lives, with its history."""
