"""What goes wrong at the command line, said in one line."""


class CommandError(Exception):
    """A command cannot do what was asked. The message is one sentence for a person.

    `status` is the exit status: 1 for what went wrong, 2 for what was asked wrongly.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status
