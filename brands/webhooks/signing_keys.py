"""A subscription's secrets: encrypted at rest, and rotated with a time in which both sign."""

from __future__ import annotations

from datetime import datetime, timedelta

from brands.models import Subscription
from brands.webhooks import signing
from brands.webhooks.signing import Signer
from core.crypto import decrypt_text, encrypt_text, reencrypt_field

#: How long the old secret signs beside the new one.
ROTATION = timedelta(hours=24)


def list_secrets(subscription: Subscription, *, now: datetime) -> list[str]:
    """Return the secrets that sign now, newest first."""
    until = subscription.previous_secret_until
    encrypted = [subscription.secret]
    if until and now < until and subscription.previous_secret:
        encrypted.append(subscription.previous_secret)
    return [decrypt_text(bytes(each)) for each in encrypted]


def build_signer(subscription: Subscription, *, now: datetime) -> Signer:
    return Signer(list_secrets(subscription, now=now))


def replace_secret(subscription: Subscription, *, now: datetime) -> str:
    """Store a new secret and return it; the old one goes on signing for `ROTATION`."""
    secret = signing.generate_secret(subscription.signature)
    subscription.previous_secret = subscription.secret
    subscription.previous_secret_until = now + ROTATION
    subscription.secret = encrypt_text(secret)
    subscription.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    return secret


def describe_key(secret: str) -> dict[str, str]:
    """Return what the brand verifies with: `secret` (shared) or `public_key` (of a key pair)."""
    if secret.startswith(signing.PREFIX["v1a"]):
        return {"public_key": signing.build_public_key(secret)}
    return {"secret": secret}


def list_public_keys(subscription: Subscription, *, now: datetime) -> list[dict[str, str]]:
    """Return the JSON Web Keys that verify now, newest first; none for shared secrets."""
    if subscription.signature != "v1a":
        return []
    return [signing.build_jwk(secret) for secret in list_secrets(subscription, now=now)]


def reencrypt_secrets() -> int:
    """Encrypt the secrets of all subscriptions with today's key. Return how many there are."""
    everything = Subscription.objects.all()
    return sum(reencrypt_field(everything, name) for name in ("secret", "previous_secret"))
