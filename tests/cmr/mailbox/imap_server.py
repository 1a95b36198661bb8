"""A real IMAP server with TLS on this machine, and one that says what a test wants."""

from __future__ import annotations

import asyncio
import imaplib
import socket
import ssl
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer, IMAPService

USER, PASSWORD = "demouser", "only-this-app"
#: Until a server listens.
PATIENCE = 30.0  # seconds


def make_certificate(folder: Path, name: str = "localhost") -> Path:
    """Write a certificate for *name* that signs itself, and its key. Return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


def load_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


class MailServer:
    """pymap, with one user and the folders that a test makes."""

    def __init__(self, certificate: Path) -> None:
        self.port = 0
        self._context = load_context(certificate)
        self._certificate = certificate
        self._is_ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._is_ready.wait(PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        parser = ArgumentParser()
        parser.set_defaults(debug=False, passlib_cfg=None)
        DictBackend.add_subparser("dict", parser.add_subparsers())
        IMAPService.add_arguments(parser)
        args = parser.parse_args(["--no-tls", "dict", "--demo-password", PASSWORD])
        backend, config = await DictBackend.init(args)
        callback = ProxyProtocolReader(config.proxy_protocol).get_callback(
            IMAPServer(backend.login, config)
        )
        server = await asyncio.start_server(callback, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._task = asyncio.current_task()
        self._is_ready.set()
        await server.serve_forever()

    def close(self) -> None:
        assert self._task is not None
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)

    @contextmanager
    def signed_in(self) -> Iterator[imaplib.IMAP4_SSL]:
        """Yield a client of the test's own."""
        context = ssl.create_default_context(cafile=str(self._certificate))
        client = imaplib.IMAP4_SSL("localhost", self.port, ssl_context=context)
        client.login(USER, PASSWORD)
        yield client
        client.logout()

    def fill(self, folder: str, mails: list[bytes]) -> None:
        """Append mails to a folder, which is made if needed."""
        with self.signed_in() as client:
            if folder != "INBOX":
                client.create(f'"{folder}"')
            for mail in mails:
                answer = client.append(f'"{folder}"', "", "", mail)
                assert answer[0] == "OK", answer


class FakeServer:
    """Accepts one connection by TLS after the other, and lets a function talk."""

    def __init__(self, certificate: Path, talk: Callable[[ssl.SSLSocket], None]) -> None:
        self._context = load_context(certificate)
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as tls:
                self._talk(tls)

    def close(self) -> None:
        self._listener.close()
