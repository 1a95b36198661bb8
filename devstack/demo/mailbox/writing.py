"""The made-up mailbox as an mbox file, its mails signed, and the DNS records of the keys."""

from __future__ import annotations

import hashlib
import json
import os
import random
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from dkim.canonicalization import CanonicalizationPolicy

from devstack.demo.mailbox.making import MadeMail, MadeMailbox
from devstack.demo.mailbox.shapes import Signer

FOLDER = Path(os.environ.get("CMR_FOLDER") or Path(__file__).resolve().parents[3] / "var")
#: Where `make run` writes the mailbox, and the TXT records that verify its signatures.
FILE = FOLDER / "demo-mailbox.mbox"
RECORDS_FILE = FILE.with_suffix(".dns.json")
KEY_BITS = 1_024  # the shortest that verifiers accept: nothing depends on this key
EXPONENT = 65_537
POLICY = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
#: The headers that are signed, as far as a mail has them.
SIGNED = (
    *("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Id"),
    *("List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"),
)


class Key:
    """The one key that signs everything, under the names of all domains."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self._primes = [_find_prime(chance, KEY_BITS // 2) for _ in range(2)]

    @cached_property
    def _private(self) -> rsa.RSAPrivateKey:
        p, q = self._primes
        d = pow(EXPONENT, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(EXPONENT, p * q)
        parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        return rsa.RSAPrivateNumbers(p, q, d, *parts, public).private_key()

    @cached_property
    def record(self) -> str:
        """Return the TXT record of the public part (RFC 6376)."""
        public = self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the signature of a SHA-256 digest, in base64."""
        algorithm = utils.Prehashed(hashes.SHA256())
        return b64encode(self._private.sign(digest, padding.PKCS1v15(), algorithm))


def _find_prime(chance: random.Random, bits: int) -> int:
    """Return a number that is prime as far as Fermat's test shows, which is enough for a demo."""
    while True:
        number = chance.getrandbits(bits) | (3 << (bits - 2)) | 1
        if number % EXPONENT == 1 or any(number % small == 0 for small in range(3, 2_000, 2)):
            continue
        if all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7)):
            return number


def write_mailbox(box: MadeMailbox, path: Path, *, seed: int = 25) -> None:
    """Write the mailbox to *path*, and beside it the DNS records and the truth as JSON."""
    key = Key(seed)
    records = {_name_record(each): key.record for mail in box.mails for each in mail.signers}
    _write_file(path.with_suffix(".dns.json"), _encode_json(records))
    _write_file(path.with_suffix(".truth.json"), _encode_json(describe_truth(box)))
    _write_file(path, b"".join(build_entry(mail, key) for mail in box.mails))


def _write_file(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(data)
    os.replace(new, path)


def _encode_json(content: Any) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def _name_record(signer: Signer) -> str:
    return f"{signer.selector}._domainkey.{signer.domain}"


def describe_truth(box: MadeMailbox) -> dict[str, Any]:
    """Return the sender of each mail by its Message-ID, and the addresses that were passed on."""
    return {
        "mails": {mail.message_id: asdict(mail.truth) for mail in box.mails},
        "passed_on": [asdict(each) for each in box.passed_on],
    }


def build_entry(mail: MadeMail, key: Key) -> bytes:
    """Return a mail with the line before it, and lines that look like one quoted with `>`."""
    sent = f"From 1{_seconds(mail)}000@xxx {mail.at:%a %b %d %H:%M:%S} +0000 {mail.at:%Y}\r\n"
    text = build_message(mail, key)
    head, _, body = text.partition(b"\r\n\r\n")
    quoted = body.replace(b"\r\nFrom ", b"\r\n>From ")
    return sent.encode() + head + b"\r\n\r\n" + quoted + b"\r\n"


def build_message(mail: MadeMail, key: Key) -> bytes:
    """Return a mail as it was sent, with its signatures."""
    head = "".join(f"{name}: {value}\r\n" for name, value in mail.fields).encode()
    message = head + b"\r\n" + mail.body.encode()
    return b"".join(_sign(message, mail, key)) + message


def _sign(message: bytes, mail: MadeMail, key: Key) -> Iterator[bytes]:
    """Yield a DKIM-Signature header for each signer. dkimpy's own would have the time of now."""
    parsed = dkim.DKIM(message)
    headers = POLICY.canonicalize_headers(parsed.headers)
    body = b64encode(hashlib.sha256(POLICY.canonicalize_body(parsed.body)).digest()).decode()
    present = {name for name, _ in mail.fields}
    names = [name for name in SIGNED if name in present]
    for signer in mail.signers:
        value = (
            f" v=1; a=rsa-sha256; c=relaxed/relaxed; d={signer.domain}; s={signer.selector};\r\n"
            f" t={_seconds(mail)}; h={':'.join(names)};\r\n bh={body};\r\n b="
        ).encode()
        digest = hashlib.sha256()
        wanted = [name.lower().encode() for name in names]
        header = (b"DKIM-Signature", value)
        dkim.hash_headers(digest, POLICY, headers, wanted, header, {})
        yield b"DKIM-Signature:" + value + key.sign_digest(digest.digest()) + b"\r\n"


def _seconds(mail: MadeMail) -> int:
    return int(mail.at.timestamp())
