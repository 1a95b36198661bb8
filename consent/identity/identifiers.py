"""The mapping from an address to its Subject, without storing the address.

The digest is an HMAC-SHA-256, keyed with a secret pepper, of the SHA-256 of the normalised address.
So a brand may send the SHA-256 instead of the address. A thief of the table can only guess
addresses, and needs the pepper for it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from functools import cache
from typing import NamedTuple

import email_validator
import phonenumbers
from django.conf import settings

from brands.models import Brand
from consent.models import Identifier, Subject
from core.errors import DomainError

PLAIN = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
#: A number such as 4915112345678.0. The library would read the 0 as the last digit of another
#: number.
SPREADSHEET_NUMBER = re.compile(r"\+?[0-9]{7,}\.0+")
OLD_MEXICAN_MOBILE = re.compile(r"\+521[0-9]{10}")
#: The block size of SHA-256, in bytes.
BLOCK = 64
#: The last labels of the domain names that the library refuses, such as `localhost`.
SPECIAL = {name.rpartition(".")[2] for name in email_validator.SPECIAL_USE_DOMAIN_NAMES}


class InvalidAddress(DomainError):
    """Not an e-mail address or phone number. The text says why, without repeating the address."""

    code = "invalid_contact"
    field = "contact"


class Contact(NamedTuple):
    """How a brand names a person: exactly one of the first four fields is set."""

    email: str | None = None
    phone: str | None = None
    sha256: str | None = None
    ref: str | None = None
    #: The same address may belong to another person in each namespace. See `Brand.namespace`.
    namespace: bytes = b""


def normalise_email(text: str) -> str:
    """Return the form that all spellings of one mailbox share.

    The form has widths as in RFC 8265, lower case, NFC, and the domain in Unicode without its final
    dot. In the local part ς becomes σ, because what `str.lower` makes of Σ depends on the next
    letter. In the domain both stay as they are, because IDNA 2008 distinguishes them, as it does ß
    and ss.

    Raises:
        InvalidAddress: not of the form that RFC 5321 and RFC 6531 allow.
    """
    text = text.strip()
    if _is_plain(lowered := text.lower()):
        return lowered
    local, at, domain = _map_widths(text).strip().rpartition("@")
    try:
        valid = email_validator.validate_email(
            f"{local}{at}{_strip_last_dot(domain)}",
            check_deliverability=False,
            allow_quoted_local=True,
        )
    except email_validator.EmailNotValidError as error:
        raise InvalidAddress("this is not an e-mail address") from error
    # The library removes needless quotes, so quotes that remain are needed.
    if valid.local_part.startswith('"'):
        raise InvalidAddress("an address with a quoted local part is not supported")
    local, at, domain = unicodedata.normalize("NFC", valid.normalized.lower()).rpartition("@")
    return f"{local.replace('ς', 'σ')}{at}{domain}"


def _map_widths(text: str) -> str:
    """Return *text* with full-width and half-width characters as usual ones (RFC 8265, 3.3.2).

    For example, ａ becomes a, and ＠ becomes @, as a Japanese keyboard types them.
    """
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFKC", sign)
        if unicodedata.decomposition(sign).startswith(("<wide>", "<narrow>"))
        else sign
        for sign in text
    )


def _strip_last_dot(domain: str) -> str:
    """Return the name without the dot of the root; 。 also separates labels (RFC 3490, 3.1)."""
    return domain.replace("。", ".").removesuffix(".")


def _is_plain(text: str) -> bool:
    """Return whether the library would return *text* unchanged, at a fiftieth of its cost.

    Anything unusual is left to the library. A property test compares the two.
    """
    if len(text) > 254 or not PLAIN.fullmatch(text):
        return False
    local, _, domain = text.partition("@")
    last = domain.rpartition(".")[2]
    return len(local) <= 64 and "--" not in domain and last not in SPECIAL


def normalise_phone(text: str) -> str:
    """Return the number in E.164 format, such as +4915112345678.

    Mexico dropped the 1 for mobiles in 2019, so we remove it. Messengers still send +52 1 55 1234
    5678 for +52 55 1234 5678.

    Raises:
        InvalidAddress: not a possible number, without its country or area code, with an extension,
            or a number as a spreadsheet writes it (ending in .0).
    """
    if SPREADSHEET_NUMBER.fullmatch(text.strip()):
        raise InvalidAddress(
            "a spreadsheet turned this into a number: write it as text, without .0"
        )
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException as error:
        raise InvalidAddress("a phone number must start with + and its country code") from error
    if number.extension:
        raise InvalidAddress("leave the extension out: messages and calls cannot reach it")
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if OLD_MEXICAN_MOBILE.fullmatch(written):
        return f"+52{written[4:]}"
    _check_length(phonenumbers.is_possible_number_with_reason(number))
    return written


def _check_length(judged: int) -> None:
    if judged == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        raise InvalidAddress("the area code is missing")
    if judged != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidAddress("no phone number has this length")


def compute_identifier_digest(normalised: str, *, namespace: bytes = b"") -> bytes:
    """Return the digest of 32 bytes under which a normalised address is stored."""
    return compute_digest_of_sha256(
        hashlib.sha256(normalised.encode()).digest(), namespace=namespace
    )


def compute_digest_of_sha256(sha256: bytes, *, namespace: bytes = b"") -> bytes:
    inner, outer = _keyed()
    inner, outer = inner.copy(), outer.copy()
    inner.update(sha256)
    inner.update(namespace)
    outer.update(inner.digest())
    return outer.digest()


@cache
def _keyed() -> tuple[hashlib._Hash, hashlib._Hash]:
    """Return both halves of the HMAC (RFC 2104) with the pepper.

    This does most of its work only once.
    """
    key = _pepper() if len(_pepper()) <= BLOCK else hashlib.sha256(_pepper()).digest()
    padded = key.ljust(BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)


@cache
def _pepper() -> bytes:
    return str(settings.IDENTIFIER_PEPPER).encode()


def compute_contact_digest(contact: Contact) -> bytes | None:
    """Return the digest of the contact's address; None for a brand's own reference.

    Raises:
        InvalidAddress: the contact is not a valid address.
    """
    sha256 = compute_contact_sha256(contact)
    return None if sha256 is None else compute_digest_of_sha256(sha256, namespace=contact.namespace)


def compute_contact_sha256(contact: Contact) -> bytes | None:
    """Return the SHA-256 of the contact's normalised address; None for a brand's own reference.

    Raises:
        InvalidAddress: the contact is not a valid address.
    """
    if contact.email is not None:
        return hashlib.sha256(normalise_email(contact.email).encode()).digest()
    if contact.phone is not None:
        return hashlib.sha256(normalise_phone(contact.phone).encode()).digest()
    if contact.sha256 is not None:
        return _sha256_from_hex(contact.sha256)
    return None


def _sha256_from_hex(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text)
    except ValueError as error:
        raise InvalidAddress("a SHA-256 has 64 hexadecimal digits") from error
    if len(raw) != 32:
        raise InvalidAddress("a SHA-256 has 64 hexadecimal digits")
    return raw


def find_or_create_identifier(
    address_digest: bytes, *, made_up_by: Brand | None = None
) -> Identifier:
    """Return the identifier for a digest. Create it with a new Subject if it does not exist.

    If the digest belongs to a test brand, pass the brand as *made_up_by*: the person is fictitious.

    Accepted race: two callers may both create a Subject. One row wins the digest, and the other
    Subject stays empty, which is harmless.
    """
    found = Identifier.objects.filter(digest=address_digest).first()
    if found:
        return found
    identifier, _ = Identifier.objects.get_or_create(
        digest=address_digest, defaults={"subject": Subject.objects.create(made_up_by=made_up_by)}
    )
    return identifier


def reassign_address(identifier: Identifier, address_digest: bytes) -> Identifier:
    """Return a new identifier with a new subject for an address that has passed to another person.

    Choices and records about the address stay with its previous owner. So the old row keeps its id,
    under a random digest that no address has.
    """
    identifier.digest = secrets.token_bytes(32)
    identifier.save(update_fields=["digest"])
    new = find_or_create_identifier(address_digest)
    new.former = identifier
    new.save(update_fields=["former"])
    return new
