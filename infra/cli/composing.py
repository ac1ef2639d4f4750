"""`compose`: hands over to the composition step of the development stack."""

from infra.cli.data_folder import REPOSITORY
from infra.cli.errors import CommandError


def compose_supergraph(*, check: bool) -> str:
    """Compose, or with `check` only compare; return one line. Raises CommandError."""
    from infra.dev.compose.compose import ComposeError, compose, is_current

    try:
        if check:
            if not is_current(REPOSITORY):
                message = "the supergraph is stale; run ./goldenthread compose"
                raise CommandError(message)
            return "the supergraph is up to date"
        return compose(REPOSITORY)
    except ComposeError as error:
        raise CommandError(str(error)) from error
