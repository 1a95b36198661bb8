"""Opening, finding and closing inlets: the URLs at which providers post events and messages."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from brands import credentials
from brands.models import Brand
from cmr.inbound import providers
from cmr.inbound.posts import NotSigned
from cmr.inbound.providers import Letter
from cmr.models import Inlet, InletCount, InletOutcome, UsedToken
from core import crypto
from core.errors import DomainError

KIND = "cmr_inlet"
#: The number of inlets that a brand may have open.
MOST = 20
#: Mailgun's tokens are kept for longer than its signatures are accepted (12 hours).
TOKENS_KEPT = timedelta(days=1)


class TooManyInlets(DomainError):
    """The brand already has `MOST` open inlets."""

    status = 409
    code = "too_many_inlets"


class ProviderHasNoNumbers(DomainError):
    """Only inlets for text messages have a country."""

    code = "not_here"
    field = "country"


def open_inlet(
    brand: Brand, *, provider: str, signing_key: str = "", country: str = ""
) -> tuple[Inlet, str]:
    """Open an inlet. Return it with its URL, which cannot be shown again.

    Raises:
        TooManyInlets, ProviderHasNoNumbers, providers.BadKey
    """
    made = credentials.generate_credential(KIND)
    inlet = Inlet(brand=brand, provider=provider, prefix=made.prefix, digest=made.digest)
    inlet.signing_key = _sealed(provider, signing_key)
    inlet.country = _check_country(provider, country)
    with transaction.atomic():
        Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)  # so the count is exact
        if list_inlets(brand).count() >= MOST:
            raise TooManyInlets(f"a brand can have at most {MOST} inlets")
        inlet.save()
    return inlet, build_inlet_url(provider, made.text)


def build_inlet_url(provider: str, secret: str) -> str:
    medium = providers.PROVIDERS[provider].medium
    return f"{settings.PUBLIC_URL}/inbound/{medium}/{provider}/{secret}"


def list_inlets(brand: Brand) -> QuerySet[Inlet]:
    """Return the brand's open inlets."""
    return Inlet.objects.filter(brand=brand, closed_at=None)


def find_inlet(provider: str, secret: str) -> Inlet | None:
    """Return the open inlet with this URL, and its brand loaded; None if there is none."""
    if (prefix := credentials.read_credential_prefix(secret, kind=KIND)) is None:
        return None
    known = Inlet.objects.filter(prefix=prefix, provider=provider, closed_at=None)
    inlet = known.select_related("brand").first()
    return inlet if inlet and credentials.matches_digest(secret, bytes(inlet.digest)) else None


def set_signing_key(inlet: Inlet, signing_key: str) -> None:
    """Accept only posts that this key verifies; with an empty key, accept every post.

    Raises:
        providers.BadKey
    """
    inlet.signing_key = _sealed(inlet.provider, signing_key)
    inlet.save(update_fields=["signing_key"])


def set_country(inlet: Inlet, country: str) -> None:
    """Read numbers without `+` as numbers of a country; with an empty one, as international.

    Raises:
        ProviderHasNoNumbers
    """
    inlet.country = _check_country(inlet.provider, country)
    inlet.save(update_fields=["country"])


def has_numbers(provider: str) -> bool:
    """Return whether this provider's messages come from phone numbers."""
    return providers.PROVIDERS[provider].medium == "sms"


def read_signing_key(inlet: Inlet) -> str:
    """Return the key that verifies the provider's signatures; empty if the brand set none."""
    return crypto.decrypt_text(bytes(inlet.signing_key)) if inlet.signing_key else ""


def reencrypt_keys() -> int:
    """Encrypt the signing keys of all inlets with the current key. Return how many."""
    return crypto.reencrypt_field(Inlet.objects.all(), "signing_key")


def ask_to_confirm(inlet: Inlet, url: str) -> None:
    """Save the URL that the provider wants opened. The brand opens it; we open no such URL."""
    Inlet.objects.filter(pk=inlet.pk).update(confirm_url=url)


def bind_topic(inlet: Inlet, topic: str) -> None:
    """Bind the inlet to the topic of its first message.

    Raises:
        NotSigned: the inlet is bound to another topic.
    """
    if not inlet.topic_arn:
        Inlet.objects.filter(pk=inlet.pk, topic_arn="").update(topic_arn=topic)
        inlet.refresh_from_db(fields=["topic_arn"])
    if inlet.topic_arn != topic:
        raise NotSigned("it comes by another topic than the first")


def use_token(inlet: Inlet, letter: Letter, *, now: datetime) -> None:
    """Bind a signed token to the content it came with. Mailgun's retry of the same content passes.

    Raises:
        NotSigned: the token came earlier with other content.
    """
    token = hashlib.sha256(letter.token.encode()).digest()
    content = hashlib.sha256(repr((letter.events, letter.messages)).encode()).digest()
    used = UsedToken.objects.filter(inlet=inlet)
    used.filter(used_at__lt=now - TOKENS_KEPT).delete()
    defaults = {"content": content, "used_at": now}
    known, _ = used.get_or_create(inlet=inlet, token=token, defaults=defaults)
    if bytes(known.content) != content:
        raise NotSigned("the token came before, with another content")


def count_outcomes(inlet: Inlet, outcomes: Mapping[str, int], *, now: datetime) -> None:
    """Add the number of events per outcome to the inlet's counts."""
    for outcome, number in outcomes.items():
        counted = InletCount.objects.filter(inlet=inlet, outcome=outcome)
        adding = {"count": F("count") + number, "last_at": now}
        if number and not counted.update(**adding):
            first = InletCount(inlet=inlet, outcome=outcome, last_at=now)
            InletCount.objects.bulk_create([first], ignore_conflicts=True)
            counted.update(**adding)


def list_counts(inlet: Inlet) -> list[InletCount]:
    """Return the inlet's counts, in the order of `InletOutcome`."""
    order = list(InletOutcome.values)
    return sorted(inlet.counts.all(), key=lambda each: order.index(each.outcome))


def verifies_signatures(inlet: Inlet) -> bool:
    """Return whether the inlet accepts only signed posts."""
    return inlet.provider == "amazon_ses" or inlet.signing_key is not None


def close_inlet(brand: Brand, inlet_id: uuid.UUID, *, now: datetime) -> bool:
    """Close the inlet. Return False if the brand has no such open inlet."""
    return list_inlets(brand).filter(pk=inlet_id).update(closed_at=now) == 1


def _check_country(provider: str, country: str) -> str:
    if country and not has_numbers(provider):
        raise ProviderHasNoNumbers(
            f"{providers.PROVIDERS[provider].name} forwards no phone numbers, so it needs "
            "no country"
        )
    return country


def _sealed(provider: str, signing_key: str) -> bytes | None:
    if not signing_key:
        return None
    providers.check_key(provider, signing_key)
    return crypto.encrypt_text(signing_key)
