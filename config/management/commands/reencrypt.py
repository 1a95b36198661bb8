"""`manage.py reencrypt`: writes what is stored encrypted anew, with the keys of today."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from brands import webhooks
from cmr import allauth_hooks, inbound, mailbox
from consent import identity

#: What is stored encrypted, and what encrypts it anew.
STORED = {
    "secrets of webhooks": webhooks.reencrypt_secrets,
    "signing keys of mail providers": inbound.reencrypt_keys,
    "texts of people's mailboxes": mailbox.reencrypt_texts,
    "second factors": allauth_hooks.reencrypt_factors,
    "hashes of addresses": identity.reencrypt_hashes,
}


class Command(BaseCommand):
    help = "Encrypts what is stored with the keys of today, after which old keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, encrypt in STORED.items():
            try:
                self.stdout.write(f"{encrypt():8} {name}")
            except (InvalidToken, identity.HashUnreadable) as error:
                raise CommandError(
                    f"The {name} cannot be read. "
                    "Put the key that they were written with into the setting for old keys."
                ) from error
