"""Verifying the signature of one mail of each list, by its headers alone (DKIM, RFC 6376).

The signature of a mail covers its headers and a digest of its body. So a header block without the
body shows who signed the headers, if the signer's key is still in DNS. A mail with a valid
signature may contain another company's link: see `_is_one_click_proven`.

Whoever sends mail chooses the names that are looked up, and the answers. So there are limits: of
look-ups in a scan, of seconds, of the size of an answer, and of all that is parsed.
"""

from __future__ import annotations

import asyncio
import base64
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import aiodns
import dkim
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings
from django.db import transaction
from dkim.canonicalization import CanonicalizationPolicy, InvalidCanonicalizationPolicyError
from dkim.util import InvalidTagValueList, parse_tag_value
from pycares import TXTRecordData

from cmr.mailbox.providers import load_providers
from cmr.models import Consumer, MailboxScan, Sender, SignatureResult
from core import crypto
from mailbox_reader import (
    BulkMail,
    Headers,
    MailProviders,
    ProviderKind,
    Route,
    SenderKey,
    Signature,
    describe_mail,
    find_manual_route,
    find_organisational_domain,
    get_first,
    is_one_click,
    read_headers,
)

#: Header blocks of one scan that are verified, and the longest of them in bytes.
MOST_BLOCKS, MOST_BLOCK = 1_000, 65_536
#: Keys that are looked up in one scan, and how many of them at a time.
MOST_LOOKUPS, LOOKUPS_AT_ONCE = 300, 20
#: Seconds for one look-up, for all look-ups of a scan, and for the verification after them.
LOOKUP_SECONDS, ALL_LOOKUPS_SECONDS, VERIFY_SECONDS = 3.0, 20.0, 10.0
#: The longest key record in characters. One with an RSA key of 4,096 bits has about 750.
MOST_RECORD = 2_048
#: Signatures of one mail, headers of one mail, and headers of one signature that are looked at.
MOST_SIGNATURES, MOST_FIELDS, MOST_COVERED = 5, 500, 100
#: The longest `DKIM-Signature` header in bytes.
MOST_SIGNATURE = 8_192
#: Sizes of RSA keys in bits. Shorter ones are forged easily (RFC 8301), longer ones take long.
RSA_BITS = range(1_024, 8_193)
#: Larger exponents would take long. Nearly all keys have 65,537.
MOST_EXPONENT_BITS = 64
LABEL = rb"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rb"(?=.{1,253}\Z)%b(?:\.%b)*" % (LABEL, LABEL), re.IGNORECASE)
END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
#: The tag with the signature itself, which it does not cover.
B_TAG = re.compile(rb"((?:^|;)\s*b\s*=)[^;]*")
FROM = b"from"

Field = tuple[bytes, bytes]


#: Look-ups may take long, so only half of the threads may wait for them at the same time.
_turns = threading.Semaphore(max(1, settings.WEB_THREADS // 2))


def verify_sender_blocks(
    scan: MailboxScan, blocks: Sequence[bytes], *, now: datetime, wait: float = 0.0
) -> None:
    """Verify one signed header block of each list, and note the result at its sender.

    Blocks of lists that the person has no sender for are ignored. No block is stored or logged, and
    no request is sent but look-ups of keys. If too many verifications run, wait up to *wait*
    seconds; then the senders stay as they are, and a later scan tries again.
    """
    if not blocks or not _turns.acquire(timeout=wait):
        return
    try:
        providers = load_providers()
        mails = list(_read_signed_mails(blocks, providers, now=now))
        senders = _find_senders(scan, mails)
        verified = _verify_mails([mail for mail in mails if mail.key in senders])
    finally:
        _turns.release()
    _note_results(scan, verified, providers)


# -- Reading signatures --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DkimSignature:
    """A signature, and what it was made over."""

    #: The signer's domain, in lower case.
    domain: str
    #: The name of the signer's key in DNS.
    key_name: str
    #: `rsa-sha256` or `ed25519-sha256`.
    algorithm: bytes
    #: Headers that it covers completely: none of that name was added later.
    covers: frozenset[str]
    content: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class _SignedMail:
    key: SenderKey
    sent_at: datetime | None
    is_group: bool
    headers: Headers
    signatures: Sequence[DkimSignature]


def _read_signed_mails(
    blocks: Sequence[bytes], providers: MailProviders, *, now: datetime
) -> Iterator[_SignedMail]:
    for given in blocks[:MOST_BLOCKS]:
        block = END_OF_HEADERS.split(given, 1)[0]  # what follows is not signed
        headers = read_headers(block)
        mail = describe_mail(headers, providers, now=now) if len(block) <= MOST_BLOCK else None
        if mail is not None:
            signatures = [each for each in read_signatures(block) if _is_of(each, mail, providers)]
            yield _SignedMail(mail.sender_key, mail.sent_at, mail.is_group, headers, signatures)


def _is_of(signature: DkimSignature, mail: BulkMail, providers: MailProviders) -> bool:
    """Return whether the mail's organisation signed, or a provider that sends mail for many.

    Anybody may add their own valid signature to a mail that names another company.
    """
    signer = find_organisational_domain(signature.domain)
    is_provider = providers.find_kind(signature.domain) is ProviderKind.SENDING
    return bool(signer) and (signer == mail.organisation or is_provider)


def read_signatures(block: bytes) -> list[DkimSignature]:
    """Return the signatures of a header block that can be verified, without verifying them."""
    try:
        parsed, _body = dkim.rfc822_parse(block)
    except (dkim.DKIMException, IndexError):  # IndexError: the first line continues another
        return []
    fields = [(name, value) for name, value in parsed]
    own = [each for each in fields if each[0].lower() == b"dkim-signature"]
    if len(fields) > MOST_FIELDS:
        return []
    found = (_read_signature(each, fields) for each in own[:MOST_SIGNATURES])
    return [each for each in found if each is not None]


def _read_signature(own: Field, fields: Sequence[Field]) -> DkimSignature | None:
    """Return one signature; None for one that does not follow RFC 6376, or is too weak."""
    if len(own[1]) > MOST_SIGNATURE:
        return None
    try:
        tags = parse_tag_value(own[1])
        policy = CanonicalizationPolicy.from_c_value(tags.get(b"c"))
        value = base64.b64decode(b"".join(tags[b"b"].split()), validate=True)
        names = [each.strip().lower() for each in tags[b"h"].split(b":")]
        signer, selector, algorithm = tags[b"d"], tags[b"s"], tags[b"a"].lower()
    except (InvalidTagValueList, InvalidCanonicalizationPolicyError, KeyError, ValueError):
        return None
    key_name = b"%b._domainkey.%b" % (selector, signer)
    is_usable = (
        tags.get(b"v") == b"1"
        and algorithm in VERIFIERS
        and NAME.fullmatch(key_name)
        and _is_identity_of(tags.get(b"i", b""), signer)
        and FROM in names
        and len(names) <= MOST_COVERED
    )
    if not is_usable:
        return None
    return DkimSignature(
        signer.decode().lower(),
        key_name.decode().lower(),
        algorithm,
        frozenset(_list_covered(names, fields)),
        _build_content(own, fields, names, policy),
        value,
    )


def _is_identity_of(identity: bytes, signer: bytes) -> bool:
    """Return whether the address or domain of `i=` belongs to the domain of `d=`."""
    domain = identity.rpartition(b"@")[2].lower()
    return not domain or domain == signer.lower() or domain.endswith(b"." + signer.lower())


def _list_covered(names: Sequence[bytes], fields: Sequence[Field]) -> Iterator[str]:
    """Yield the names whose every header is signed.

    A signature covers headers from the last to the first. A further header may be added on top, and
    would be the one that is read.
    """
    present = [name.lower() for name, _ in fields]
    for name in set(names):
        if names.count(name) >= present.count(name):
            yield name.decode("ascii", "replace")


def _build_content(
    own: Field, fields: Sequence[Field], names: Sequence[bytes], policy: CanonicalizationPolicy
) -> bytes:
    """Return the bytes that were signed: the chosen headers, then the signature without `b=`."""
    headers = policy.canonicalize_headers(list(fields))
    # With one `From` more than there is, none can be added.
    chosen = dkim.select_headers(headers, [*names, FROM])
    ((name, value),) = policy.canonicalize_headers([(own[0], B_TAG.sub(rb"\1", own[1]))])
    return b"".join(b"%b:%b" % (each[0], each[1]) for each in [*chosen, (name, value.rstrip())])


# -- Verifying with a key ------------------------------------------------------------------------


def verify_signature(signature: DkimSignature, record: str | None) -> SignatureResult:
    """Return the result of verifying a signature with the key of a record from DNS.

    A missing, withdrawn or unsuitable key proves nothing, so the result is `NO_KEY`.
    """
    if record is None:
        return SignatureResult.NO_KEY
    try:
        tags = parse_tag_value(record.encode())
        if not _is_key_for(tags, signature):
            return SignatureResult.NO_KEY
        key = base64.b64decode(b"".join(tags[b"p"].split()), validate=True)
        VERIFIERS[signature.algorithm](key, signature)
    except InvalidSignature:
        return SignatureResult.FAILED
    except (InvalidTagValueList, KeyError, ValueError, UnsupportedAlgorithm):
        return SignatureResult.NO_KEY
    return SignatureResult.PASSED


def _is_key_for(tags: Mapping[bytes, bytes], signature: DkimSignature) -> bool:
    services = {each.strip() for each in tags.get(b"s", b"*").split(b":")}
    digests = {each.strip() for each in tags.get(b"h", b"sha256").split(b":")}
    return (
        tags.get(b"v", b"DKIM1") == b"DKIM1"
        and tags.get(b"k", b"rsa") == signature.algorithm.partition(b"-")[0]
        and bool(services & {b"*", b"email"})
        and b"sha256" in digests
    )


def _verify_rsa(key: bytes, signature: DkimSignature) -> None:
    """Verify a signature.

    Raises:
        InvalidSignature, ValueError, UnsupportedAlgorithm
    """
    loaded = serialization.load_der_public_key(key)
    if not isinstance(loaded, RSAPublicKey) or loaded.key_size not in RSA_BITS:
        raise ValueError("no RSA key of a suitable size")
    if loaded.public_numbers().e.bit_length() > MOST_EXPONENT_BITS:
        raise ValueError("the exponent is too large")
    loaded.verify(signature.value, signature.content, PKCS1v15(), hashes.SHA256())


def _verify_ed25519(key: bytes, signature: DkimSignature) -> None:
    """Verify a signature of the digest, as RFC 8463 has it.

    Raises:
        InvalidSignature, ValueError
    """
    digest = hashes.Hash(hashes.SHA256())
    digest.update(signature.content)
    Ed25519PublicKey.from_public_bytes(key).verify(signature.value, digest.finalize())


#: By algorithm. SHA-1 is left out: nobody may accept it any more (RFC 8301).
VERIFIERS = {b"rsa-sha256": _verify_rsa, b"ed25519-sha256": _verify_ed25519}


# -- Looking keys up -----------------------------------------------------------------------------


def find_keys(names: Iterable[str]) -> Mapping[str, str]:
    """Return the key records of *names* in DNS. A name without an answer in time is left out."""
    wanted = list(dict.fromkeys(names))[:MOST_LOOKUPS]
    return asyncio.run(_look_up_keys(wanted)) if wanted else {}


async def _look_up_keys(names: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    servers = [settings.MAILBOX_DNS_SERVER] if settings.MAILBOX_DNS_SERVER else settings.DNS_SERVERS
    resolver = aiodns.DNSResolver(nameservers=servers or None, timeout=LOOKUP_SECONDS, tries=1)
    places = asyncio.Semaphore(LOOKUPS_AT_ONCE)

    async def look_up(name: str) -> None:
        async with places:
            if record := await _look_up_key(resolver, name):
                found[name] = record

    with suppress(TimeoutError):
        async with asyncio.timeout(ALL_LOOKUPS_SECONDS):
            await asyncio.gather(*map(look_up, names))
    await resolver.close()
    return found


async def _look_up_key(resolver: aiodns.DNSResolver, name: str) -> str:
    """Return the key record of a name; empty if there is none, or if it is too long."""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            result = await resolver.query_dns(name, "TXT")
    except (aiodns.error.DNSError, TimeoutError, UnicodeError):
        return ""
    texts = [each.data.data for each in result.answer if isinstance(each.data, TXTRecordData)]
    keys = [text for text in texts if b"p=" in text]
    # Several records mean nothing (RFC 6376, 3.6.2.2).
    is_one = len(keys) == 1 and len(keys[0]) <= MOST_RECORD
    return keys[0].decode("ascii", "replace") if is_one else ""


# -- Results -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _VerifiedMail:
    mail: _SignedMail
    results: Sequence[tuple[DkimSignature, SignatureResult]]


def _verify_mails(mails: Sequence[_SignedMail]) -> Sequence[_VerifiedMail]:
    """Return the mails with the results of their signatures, as many as there is time for."""
    keys = find_keys(each.key_name for mail in mails for each in mail.signatures)
    until = time.monotonic() + VERIFY_SECONDS
    verified: list[_VerifiedMail] = []
    for mail in mails:
        if time.monotonic() > until:
            break
        results = [
            (each, verify_signature(each, keys.get(each.key_name))) for each in mail.signatures
        ]
        verified.append(_VerifiedMail(mail, results))
    return verified


def _note_results(
    scan: MailboxScan, verified: Sequence[_VerifiedMail], providers: MailProviders
) -> None:
    with transaction.atomic():
        # Another batch of mails may set other values of the same senders.
        Consumer.objects.select_for_update(no_key=True).get(pk=scan.consumer_id)
        senders = _find_senders(scan, [each.mail for each in verified])
        changed = [
            sender
            for each in verified
            if (sender := senders.get(each.mail.key)) and _note_result(sender, each, providers)
        ]
        columns = ["signature", "unsubscribe", "route"]
        Sender.objects.bulk_update(changed, columns, batch_size=500)


def _find_senders(scan: MailboxScan, mails: Sequence[_SignedMail]) -> dict[SenderKey, Sender]:
    organisations = {mail.key.organisation for mail in mails}
    found = Sender.objects.filter(consumer=scan.consumer_id, organisation__in=organisations)
    return {each.key: each for each in found}


def _note_result(sender: Sender, verified: _VerifiedMail, providers: MailProviders) -> bool:
    """Set the result at the sender. Return whether anything was set.

    Only a newer verified mail replaces a verified one: keys of old mail are often gone.
    """
    mail, results = verified.mail, verified.results
    passed = [each for each, result in results if result is SignatureResult.PASSED]
    is_older = bool(mail.sent_at and sender.last_at and mail.sent_at < sender.last_at)
    if sender.signature == SignatureResult.PASSED and (is_older or not passed):
        return False
    if passed:
        _note_verified(sender, mail, passed, providers)
    else:
        has_failed = results and all(result is SignatureResult.FAILED for _, result in results)
        sender.signature = SignatureResult.FAILED if has_failed else SignatureResult.NO_KEY
    return True


def _note_verified(
    sender: Sender, mail: _SignedMail, passed: Sequence[DkimSignature], providers: MailProviders
) -> None:
    """Keep the verified way to unsubscribe. A way that no signature covers is none."""
    value = get_first(mail.headers, "list-unsubscribe")
    is_covered = any("list-unsubscribe" in each.covers for each in passed)
    sender.signature = SignatureResult.PASSED
    sender.unsubscribe = crypto.encrypt_text(value) if value and is_covered else None
    is_group = mail.is_group or sender.is_group
    if not is_group and _is_one_click_proven(mail.headers, passed, providers):
        sender.route = Route.ONE_CLICK.value
    else:
        sender.route = find_manual_route(value).value


def _is_one_click_proven(
    headers: Headers, passed: Sequence[DkimSignature], providers: MailProviders
) -> bool:
    """Return whether one valid signature covers both headers, and the link is its signer's.

    A link may also be a sending provider's. Any other would let an attacker sign their own mail
    with somebody else's link.
    """
    signatures = [Signature(each.domain, each.covers) for each in passed]
    return any(is_one_click(headers, [each], "", providers) for each in signatures)
