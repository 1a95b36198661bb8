"""Mails of invented companies, signed by dkimpy, and their keys as records in DNS."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.hostile.names import Names

SIGNED = (
    *("from", "to", "subject", "date", "message-id", "list-id"),
    *("list-unsubscribe", "list-unsubscribe-post"),
)
BODY = b"\r\n\r\nSECRET-BODY-LINE of the mail.\r\n"


@dataclass(frozen=True)
class Signer:
    """A domain with a selector and a key."""

    domain: str
    selector: str = "s1"
    bits: int = 2_048

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        der = (
            make_key(self.bits, self.domain)
            .public_key()
            .public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"

    def sign(
        self, mail: bytes, *, covers: tuple[str, ...] = SIGNED, form: str = "relaxed"
    ) -> bytes:
        """Return the mail with a signature on top."""
        key = make_key(self.bits, self.domain).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        signature: bytes = dkim.sign(
            mail,
            self.selector.encode(),
            self.domain.encode(),
            key,
            canonicalize=(form.encode(), b"simple"),
            include_headers=[each.encode() for each in covers],
        )
        return signature + mail


def publish(names: Names, signer: Signer, record: str | None = None) -> None:
    """Put the signer's key into DNS, or another *record*. A text has at most 255 characters."""
    text = signer.record if record is None else record
    pieces = [text[at : at + 250] for at in range(0, max(len(text), 1), 250)]
    names.texts[signer.name] = ['" "'.join(pieces)]


@cache
def make_key(bits: int, domain: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def make_mail(
    domain: str = "acme.example",
    *,
    number: int = 1,
    at: datetime,
    unsubscribe: str = "<https://acme.example/stop?u=1>, <mailto:stop@acme.example>",
    post: bool = True,
    more: str = "",
) -> bytes:
    """Return a newsletter of a company, without a signature."""
    lines = [
        f"From: Acme News <news@{domain}>",
        "To: ana@example.org",
        f"Subject: SECRET-SUBJECT number {number}",
        f"Date: {format_datetime(at)}",
        f"Message-ID: <{number}@{domain}>",
        f"List-Id: Acme News <news.{domain}>",
        f"List-Unsubscribe: {unsubscribe}",
        *(["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if post else []),
        *([more] if more else []),
    ]
    return "\r\n".join(lines).encode() + BODY


def get_block(mail: bytes) -> bytes:
    """Return the headers of a mail."""
    return mail.partition(b"\r\n\r\n")[0]


def make_mbox(mails: list[bytes]) -> bytes:
    """Return an mbox file."""
    begin = b"From 1@xxx Mon Jan 05 10:00:00 +0000 2026\n"
    return b"".join(begin + each.replace(b"\r\n", b"\n") + b"\n" for each in mails)
