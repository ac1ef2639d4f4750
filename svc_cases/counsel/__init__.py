"""Who acts for a participant in legal matters: case workers, and counsel of record."""
