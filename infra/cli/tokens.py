"""`token PERSONA`: an access token from the dev issuer, over its private socket."""

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError
from infra.cli.local_http import ask

DEFAULT_SECONDS = 600


def mint(folder: DataFolder, persona: str, seconds: int) -> str:
    """Return an access token. Raises CommandError for an unknown persona, or when nothing runs."""
    run = folder.running()
    known = sorted(row["persona"] for row in folder.demo()["personas"])
    if persona not in known:
        message = f"unknown persona {persona!r}; known are: {', '.join(known)}"
        raise CommandError(message, status=2)
    request = {"persona": persona, "seconds": seconds}
    status, answer = ask(run["sockets"]["issuer"], "POST", "/mint", request)
    if status != 200 or not isinstance(answer, dict):
        reason = answer.get("error_description") if isinstance(answer, dict) else None
        message = f"the issuer refused: {reason or f'HTTP status {status}'}"
        raise CommandError(message)
    return str(answer["access_token"])
