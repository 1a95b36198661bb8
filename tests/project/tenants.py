"""Brands with something of everything, each marked with a word that no other may ever read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from brands import campaigns
from brands.catalogue import privacy_notices, topics
from brands.credentials import brand_keys
from brands.models import Brand, BrandKey
from cmr.inbound import inlets
from cmr.permission_requests import requests
from cmr.permission_requests.requests import RequestedPermission
from consent.identity.identifiers import Contact
from consent.imports import jobs, receiving
from consent.models import Send
from consent.relationships import lifecycle
from tests.factories import create_subscription

#: The tables that hang on a brand; what they hold of one must not move by another's calls.
TABLES = {
    "brands_brandkey": "brand_id",
    "brands_event": "brand_id",
    "brands_topic": "brand_id",
    "brands_notice": "brand_id",
    "brands_campaign": "brand_id",
    "brands_subscription": "brand_id",
    "consent_relationship": "brand_id",
    "consent_ledgerentry": "brand_id",
    "consent_import": "brand_id",
    "consent_send": "brand_id",
    "cmr_inlet": "brand_id",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """One brand. `secret` stands in texts that it alone may read, and that nobody has to send;
    `known` has what exists, by its name."""

    brand: Brand
    secret: str
    key: str
    known: Mapping[str, Any]

    def state(self) -> list[Any]:
        """What all its rows are, as one number a table."""
        found = []
        with connection.cursor() as cursor:
            for table, column in TABLES.items():
                cursor.execute(
                    f"SELECT count(*), sum(hashtext((to_jsonb(t) - 'last_used_on')::text)) "
                    f"FROM {table} t WHERE {column} = %s",
                    [self.brand.pk],
                )
                found.append((table, cursor.fetchone()))
        return found


def settled(brand: Brand, word: str, now: datetime) -> Tenant:
    """*brand* with a person, a topic, a notice, a webhook, an import and whatever else there is."""
    email, secret = f"{word}@example.org", f"secret-of-{word}"
    topic, _ = topics.create_topic(
        brand, code=f"{word}-topic", name=f"{secret} topic", purpose="marketing"
    )
    privacy_notices.write_notice(
        brand, code=f"{word}-notice", texts={"en": f"{secret} text"}, now=now
    )
    campaign, _ = campaigns.find_or_create_campaign(
        brand, code=f"{word}-campaign", called=secret, now=now
    )
    hook = create_subscription(brand, f"https://{secret}.example/hook", now=now)
    contact = Contact(email=email, namespace=brand.namespace)
    person, _ = lifecycle.register_relationship(
        brand, contact, now=now, note=f"{secret} note", ref=word
    )
    job = jobs.begin_import(brand, note=f"{secret} import", tells=False, now=now)
    receiving.receive_part(job, 1, io.BytesIO(b"email\nnobody\n"), form="csv", now=now)
    asked = requests.ask_person(
        person, RequestedPermission("research", "email", None, f"{secret} asks"), now=now
    )
    sent = Send.objects.create(subject=person.person, brand=brand, purpose_id="marketing", at=now)
    inlet, _ = inlets.open_inlet(brand, provider="postmark")
    spare = brand_keys.issue_key(brand, name=f"{secret} key")
    known = {
        "subscription_id": str(hook.pk),
        "send_id": str(sent.pk),
        "import_id": str(job.pk),
        "request_id": str(asked.pk),
        "inlet_id": str(inlet.pk),
        "key_id": BrandKey.objects.get(prefix=brand_keys.read_key_prefix(spare)).pk,
        "topic": topic.code,
        "code": campaign.code,
        "contact": {"email": email},
        "ref": word,
    }
    return Tenant(brand, secret, brand_keys.issue_key(brand, name=f"{secret} own key"), known)
