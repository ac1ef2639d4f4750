"""Why the platform does not start."""


class UpError(Exception):
    """`up` cannot start or go on; the message is one sentence for a person."""
