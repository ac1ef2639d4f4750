"""Under whose token rows are sent, and to where: the own platform, or one that is deployed.

A token comes from a file or from the environment, never from an argument: arguments are in the
list of processes, and in the shell's history.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError
from infra.cli.tokens import DEFAULT_SECONDS, mint

TOKEN_VARIABLE = "GT_IMPORT_TOKEN"  # noqa: S105 - the name of the variable
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_RENEW_SECONDS = DEFAULT_SECONDS / 2
_LONGEST_TOKEN = 16_384

Token = Callable[[], str]


class PersonaToken:
    """A token of a persona of the development issuer, renewed before it ends."""

    def __init__(self, folder: DataFolder, persona: str) -> None:
        self._folder, self._persona = folder, persona
        self._made_at, self._text = float("-inf"), ""

    def __call__(self) -> str:
        """Return the token."""
        if time.monotonic() - self._made_at > _RENEW_SECONDS:
            self._made_at = time.monotonic()
            self._text = mint(self._folder, self._persona, DEFAULT_SECONDS)
        return self._text


def given_token(file: Path | None) -> Token:
    """Return the token of a deployment's issuer, from a file or else from the environment.

    A file is read anew for each row: whoever renews the token writes it while the import goes on.

    Raises:
        CommandError: there is none, or what is there is no token.
    """
    if file is None:
        text = os.environ.get(TOKEN_VARIABLE, "")
        _check(text, f"say who imports: {TOKEN_VARIABLE} in the environment, or --token-file")
        return text.strip

    def read() -> str:
        try:
            found = file.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            message = f"the token's file cannot be read: {type(error).__name__}"
            raise CommandError(message, status=2) from None
        _check(found, "the token's file holds no token")
        return found.strip()

    read()
    return read


def checked_url(url: str) -> str:
    """Return the address of a deployment's gateway.

    Raises:
        CommandError: a token would go over the network in the clear, or it is no address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.username or parts.query or parts.fragment:
        raise CommandError("--url takes an address like https://HOST/graphql", status=2)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise CommandError("--url takes https; http to this machine only", status=2)
    return url


def _check(text: str, otherwise: str) -> None:
    token = text.strip()
    if not token or len(token) > _LONGEST_TOKEN or not token.isascii() or len(token.split()) > 1:
        raise CommandError(otherwise, status=2)
