"""An endpoint's address leads to the public internet or is not called (HD-38)."""

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.webhooks import destination
from gateway.webhooks.call import call
from gateway.webhooks.destination import Destination, DestinationError, look_up
from infra.errors import RuleError
from svc_consent.webhooks.rules import check_url

PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "198.18.0.1", "::1", "::", "fe80::1%eth0",  # noqa: S104 - refused, not bound to
    "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1",
    "2001:db8::1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]


def _answering(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead to these addresses; return which names were looked up."""
    asked: list[str] = []

    async def getaddrinfo(_loop: object, host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    _answering(monkeypatch, address)
    with pytest.raises(DestinationError):
        await look_up("https://partner.example/hook", allows_loopback=False)
    _answering(monkeypatch, PUBLIC[0], address)  # hidden behind a public one
    with pytest.raises(DestinationError):
        await look_up("https://partner.example/hook", allows_loopback=False)


async def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in PUBLIC:
        asked = _answering(monkeypatch, address)
        found = await look_up("https://partner.example:8443/a?b=c", allows_loopback=False)
        assert found == Destination(address, 8443, "partner.example", "/a?b=c", is_secure=True)
        assert asked == ["partner.example"]


async def test_a_guard_that_believes_names_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin of the refusals above."""
    monkeypatch.setattr(destination, "is_public", lambda _address: True)
    with pytest.raises(pytest.fail.Exception):
        await test_a_name_that_leads_inside_is_refused(monkeypatch, "169.254.169.254")


@pytest.mark.parametrize("url", ["http://partner.example/", "ftp://partner.example/", "https:///x"])
async def test_only_https_is_called(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    _answering(monkeypatch, PUBLIC[0])
    with pytest.raises(DestinationError):
        await look_up(url, allows_loopback=False)


async def test_a_developer_may_call_the_own_machine_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _answering(monkeypatch, "127.0.0.1")
    found = await look_up("http://localhost:9/x", allows_loopback=True)
    assert (found.address, found.is_secure) == ("127.0.0.1", False)
    _answering(monkeypatch, "10.0.0.1")
    with pytest.raises(DestinationError):
        await look_up("http://localhost:9/x", allows_loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/x", "https://partner.example/x#f", "https://a:b@partner.example/x",
        "https://a@partner.example", "https://127.0.0.1/x", "https://10.1.2.3/", "https://[::1]/",
        "https://localhost/x", "https://gateway/x", "https://db.internal/", "https://x.local/",
        "https://partner.example:99999/", "https://partner.example:0/", "https://pärtner.example/",
        "https://partner.example/a b", "https://partner.example\\@10.0.0.1/", "partner.example",
        "https://partner.example/\r\nx: y", "https://" + "a" * 600 + ".example/", "",
    ],
)  # fmt: skip
def test_an_address_that_no_endpoint_needs_is_not_registered(url: str) -> None:
    with pytest.raises(RuleError):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    ["https://partner.example/hook?x=1", "https://a.b.example:8443", "https://93.184.216.34/x"],
)
def test_a_public_address_is_registered_as_it_is(url: str) -> None:
    assert check_url(url) == url


@asynccontextmanager
async def _server(
    answer: bytes, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Serve raw bytes, whatever is asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()


def _here(port: int, *, is_secure: bool = False, host: str = "partner.example") -> Destination:
    return Destination("127.0.0.1", port, host, "/hook", is_secure)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204), (b"HTTP/1.0 200\r\n\r\n", 200),
        (b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n", 302),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None), (b"HTTP/2 200 OK\r\n", None),
        (b"garbage\r\n", None), (b"", None), (b"x" * 100_000, None), (b"HTTP/1.1 20\n", None),
    ],
    ids=["204", "1.0", "redirect", "informational", "h2", "garbage", "nothing", "long", "short"],
)  # fmt: skip
async def test_only_the_first_line_of_an_answer_is_read(answer: bytes, status: int | None) -> None:
    async with _server(answer) as (port, asked):
        assert await call(_here(port), {"webhook-id": "1"}, b"{}") == status
        assert asked[0].startswith(b"POST /hook HTTP/1.1\r\nhost: partner.example")


async def test_nobody_there_and_nobody_answering_is_no_status() -> None:
    async with _server(b"") as (port, _):
        pass
    assert await call(_here(port), {}, b"{}") is None
    silent = asyncio.Event()

    async def wait(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await call(_here(port), {}, b"{}", timeout_seconds=0.2) is None
    silent.set()
    server.close()


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's side with a certificate for a name, and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{name}.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


async def test_the_certificate_must_be_of_the_endpoints_name(tmp_path: Path) -> None:
    server, trusting = _certificate(tmp_path, "partner.example")
    async with _server(b"HTTP/1.1 200 OK\r\n\r\n", server) as (port, asked):
        right, wrong = (
            _here(port, is_secure=True),
            _here(port, is_secure=True, host="other.example"),
        )
        assert await call(right, {}, b"{}", tls=trusting) == 200
        assert await call(wrong, {}, b"{}", tls=trusting) is None
        assert await call(right, {}, b"{}") is None  # no authority of this machine vouches for it
        assert len(asked) == 1


async def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    """HD-57, for what the gateway calls."""
    server, trusting = _certificate(tmp_path, "partner.example")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        server.minimum_version = ssl.TLSVersion.TLSv1
        server.maximum_version = ssl.TLSVersion.TLSv1_1
    server.set_ciphers("ALL:@SECLEVEL=0")
    async with _server(b"HTTP/1.1 200 OK\r\n\r\n", server) as (port, asked):
        assert await call(_here(port, is_secure=True), {}, b"{}", tls=trusting) is None
        assert asked == []


def test_addresses_are_told_apart() -> None:
    assert [destination.is_public(each) for each in PUBLIC] == [True, True]
    assert all(not destination.is_public(each) for each in PRIVATE)
    assert ipaddress.ip_address("64:ff9b::a00:1").is_global  # why the list of networks is needed
