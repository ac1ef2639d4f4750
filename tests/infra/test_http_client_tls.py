"""HTTPS: the server's certificate must be vouched for and be for its name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra import clock
from infra.http_client import HttpAddress, HttpClient, HttpUnreachableError

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def certificate(folder: Path, name: str) -> Path:
    """Write a self-signed certificate for a name, and its key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


async def serve(file: Path) -> asyncio.Server:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)


@pytest.fixture
async def secure_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[int, Path]]:
    """A server with a certificate for ``localhost`` that this machine trusts, in this test."""
    file = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    server = await serve(file)
    yield server.sockets[0].getsockname()[1], file
    server.close()
    await server.wait_closed()


async def get(address: str) -> bytes:
    client = HttpClient(address)
    try:
        return (await client.request("GET", "/", {}, timeout_seconds=60)).body
    finally:
        await client.close()


async def test_a_trusted_certificate_for_the_name_is_accepted(
    secure_port: tuple[int, Path],
) -> None:
    assert await get(f"https://localhost:{secure_port[0]}") == b"ok"


async def test_a_certificate_for_another_name_is_refused(secure_port: tuple[int, Path]) -> None:
    with pytest.raises(HttpUnreachableError):
        await get(f"https://127.0.0.1:{secure_port[0]}")


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure_port: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(HttpUnreachableError):
        await get(f"https://localhost:{secure_port[0]}")


def test_https_has_its_own_default_port() -> None:
    assert HttpAddress.parse("https://issuer.example").port == 443
    assert HttpAddress.parse("http://issuer.example").port == 80
