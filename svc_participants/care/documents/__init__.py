"""Documents by their hash: what they are, and their bytes in parts."""
