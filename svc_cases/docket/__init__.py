"""The door to the public record: look-ups by number and by office, and its corrections."""
