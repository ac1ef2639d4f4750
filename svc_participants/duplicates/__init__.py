"""Two records of one person: found, explained, linked and taken apart again."""
