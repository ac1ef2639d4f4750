"""One call of an endpoint: POST, and the status of the answer. Nothing else of it is read.

No redirect is followed, no connection is kept, and an answer is cut off after its first line.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from gateway.webhooks.destination import Destination

TIMEOUT_SECONDS: Final = 10.0
_MAX_LINE = 4096
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
_INFORMATIONAL = range(100, 200)


async def call(
    destination: Destination,
    headers: Mapping[str, str],
    body: bytes,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    tls: ssl.SSLContext | None = None,
) -> int | None:
    """Send an event and return the status of the answer; None without a proper one.

    Args:
        destination: where to, as just looked up.
        headers: of the event; static names and values without line breaks.
        body: the event.
        timeout_seconds: for all of it, connecting included.
        tls: which certificates count; the machine's authorities unless stated.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _call(destination, headers, body, tls)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None


async def _call(
    destination: Destination, headers: Mapping[str, str], body: bytes, tls: ssl.SSLContext | None
) -> int | None:
    secure = (tls or ssl.create_default_context()) if destination.is_secure else None
    reader, writer = await asyncio.open_connection(
        destination.address,
        destination.port,
        limit=_MAX_LINE,
        ssl=secure,
        server_hostname=destination.host if secure else None,
    )
    try:
        host = f"[{destination.host}]" if ":" in destination.host else destination.host
        lines = [
            f"POST {destination.path} HTTP/1.1",
            f"host: {host}:{destination.port}",
            "connection: close",
            f"content-length: {len(body)}",
            "user-agent: golden-thread-webhooks/1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        writer.write("\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body)
        await writer.drain()
        found = _STATUS.match(await reader.readuntil(b"\n"))
        status = int(found[1]) if found else None
        return None if status in _INFORMATIONAL else status
    finally:
        writer.close()
        with suppress(OSError, ssl.SSLError):
            writer.transport.abort()
