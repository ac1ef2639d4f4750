"""One HTTP request to a program of this machine, over a Unix socket or a loopback port."""

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

from infra.cli.errors import CommandError

_TIMEOUT_SECONDS = 5.0


class _UnixConnection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(address: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Send a request and return status and JSON body (None when it is no JSON).

    `address` is ``unix:/path`` or ``http://127.0.0.1:8000``. Raises CommandError when nobody
    answers there.
    """
    if address.startswith("unix:"):
        connection: http.client.HTTPConnection = _UnixConnection(address.removeprefix("unix:"))
    else:
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(
            parts.hostname or "127.0.0.1", parts.port, timeout=_TIMEOUT_SECONDS
        )
    content = None if body is None else json.dumps(body)
    headers = {} if content is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        message = f"no answer from {address}: {error}"
        raise CommandError(message) from error
    finally:
        connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, None
