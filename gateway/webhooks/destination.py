"""Where an endpoint's name leads: only to the public internet, and looked at before each call.

The address that was looked at is the one that is called, so that a name which changes its mind
between the two (DNS rebinding) gains nothing. OWASP's cheat sheet on server-side request forgery.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_EMBEDDING: Final = tuple(
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")
)
"""IPv6 addresses that lead to an IPv4 address inside them (NAT64, 6to4)."""


class DestinationError(Exception):
    """The address must not be called, or leads nowhere. The text is static."""


@dataclass(frozen=True, slots=True)
class Destination:
    """What is called: the address as looked up, and the name that the certificate must have."""

    address: str
    port: int
    host: str
    path: str
    is_secure: bool


def is_public(address: str) -> bool:
    """Return whether an address is one of the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif any(found in network for network in _EMBEDDING):
            return False
    return found.is_global and not found.is_multicast


async def look_up(url: str, *, allows_loopback: bool) -> Destination:
    """Return where a URL leads.

    Args:
        url: of an endpoint, checked when it was registered.
        allows_loopback: on a developer's machine: receivers on the machine itself, without TLS.

    Raises:
        DestinationError: not to a server on the public internet, by none of its addresses.
    """
    parts = urlsplit(url)
    host, is_secure = parts.hostname, parts.scheme == "https"
    if not host or not (is_secure or (allows_loopback and parts.scheme == "http")):
        raise DestinationError("no address to call")
    port = parts.port or (443 if is_secure else 80)
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise DestinationError("the name leads nowhere") from None
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        is_own = allows_loopback and ipaddress.ip_address(address.partition("%")[0]).is_loopback
        # One private address among public ones is a trap, not a coincidence.
        if not (is_own or is_public(address)):
            raise DestinationError("not on the public internet")
    if not addresses:
        raise DestinationError("the name leads nowhere")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(addresses[0], port, host, path, is_secure)
