"""Run the command line; errors are one line on standard error and a status that is not 0."""

import os
import sys

from infra.cli.app import app
from infra.cli.errors import CommandError


def main() -> None:
    """Run one command and exit."""
    try:
        app(prog_name="goldenthread")
    except CommandError as error:
        sys.stderr.write(f"goldenthread: {error}\n")
        sys.exit(error.status)
    except BrokenPipeError:
        # The reader has gone (`... | head`); keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


main()
