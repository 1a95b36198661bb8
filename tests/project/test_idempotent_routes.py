"""Every POST of the API takes an `Idempotency-Key`, or does the same when it is repeated."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from brands.api.idempotency import KEY, REPLAYED
from brands.credentials import brand_keys
from brands.models import Brand
from cmr.accounts import access, ownership
from cmr.models import Consumer, PendingContact
from consent.models import Relationship
from tests.conftest import EMAIL, Api
from tests.factories import create_test_brand, open_account
from tests.project.tenants import Tenant, settled
from tests.project.test_routes import table_states

#: Calls that take no key, and why they need none.
WITHOUT = {
    "check": "it records nothing",
    "checks": "it records nothing",
    "checks/stream": "it records nothing",
    "links": "it records nothing",
    "me/check": "it records nothing",
    "receipts/verify": "it records nothing",
    "events/ack": "a repeat confirms the same",
    "imports/{import_id}/start": "a repeat finds it started",
    "subscriptions/{subscription_id}/enable": "a repeat finds it enabled",
    "subscriptions/{subscription_id}/disable": "a repeat finds it disabled",
    "subscriptions/{subscription_id}/seek": "a repeat puts it in the same place",
    "subscriptions/{subscription_id}/ping": "it sends what means nothing",
    "session": "each sign-in is a session of its own",
    "session/end": "a repeat finds nobody signed in",
    "tokens": "nobody is known before the password is checked, which each call does anew",
}
#: Answered as of now, with another status: docs/api.md.
AS_OF_NOW = {"sends/reserve"}

MARKETING = {"purpose": "marketing", "channel": "email"}
PERSON = {"contact": {"email": "acme@example.org"}}
NO = {"scope": MARKETING, "decision": "deny"}
#: By path: the body of a call that is answered 2xx once the cast has come together.
BODIES: dict[str, Any] = {
    "brand/topics": {"code": "news", "name": "News", "purpose": "marketing"},
    "campaigns": {"code": "summer"},
    "choices": PERSON | NO,
    "imports": {"note": "Our list"},
    "inbound/inlets": {"provider": "postmark"},
    "inbound/mail": {"from": "acme@example.org", "text": "unsubscribe", "subject": ""},
    "inbound/sms": {"from": "+4915112345678", "text": "STOP"},
    "keys": {"name": "another", "scopes": ["check"]},
    "keys/{key_id}/rotate": {"hours": 1},
    "links/key/rotate": {"revoke_old": False},
    "me/choices": {"scope": {"brand": "acme", **MARKETING}, "decision": "deny"},
    "me/contact-reports": {
        "brand": "acme",
        **MARKETING,
        "contacted_at": "2026-01-20T10:00:00Z",
    },
    "me/contact-points": {"kind": "email", "value": "new@example.org"},
    "me/contact-points/{pending_id}/verify": {"code": "from the mail"},
    "me/permission-requests/{request_id}": {"answer": "yes"},
    "me/relationships": {"brand": "rival"},
    "me/removed-contact-points/{removed_id}/restore": None,
    "me/tokens": {"name": "script", "scope": "read"},
    "permission-requests": PERSON | {"purpose": "research", "channel": "sms", "text": "Yes?"},
    "relationships": {"contact": {"email": "new@example.org"}, "note": "Bought a bicycle."},
    "sends/reserve": PERSON | {"purpose": "service", "channel": "email"},
    "subscriptions": {"url": "https://acme.example/hook"},
    "subscriptions/{subscription_id}/replay": {"parked": True},
    "subscriptions/{subscription_id}/rotate": None,
    "test/choices": PERSON | NO,
    "test/permission-requests/{request_id}/answer": {"answer": "yes"},
    "test/relationships/end": PERSON,
}


def posts() -> Iterator[tuple[str, dict[str, Any]]]:
    generator: Any = SchemaGenerator
    schema: dict[str, Any] = generator().get_schema(public=True)
    for path, operations in schema["paths"].items():
        if "post" in operations:
            yield path.removeprefix("/api/v1/"), operations["post"]


def takes_key(operation: dict[str, Any]) -> bool:
    return KEY in {each["name"] for each in operation["parameters"]}


def test_every_post_takes_a_key_or_says_why_not() -> None:
    found = dict(posts())
    assert {path for path, each in found.items() if not takes_key(each)} == set(WITHOUT)
    assert {path for path, each in found.items() if takes_key(each)} == set(BODIES)


@dataclass(frozen=True, slots=True)
class Cast:
    """Whoever calls, and what exists for each of them."""

    brand: Tenant
    ana: Consumer
    as_ana: Api

    def api(self, path: str) -> Api:
        return self.as_ana if path.startswith("me/") else Api(self.brand.key)

    def fill(self, path: str) -> str:
        """Return *path* with ids of what exists."""
        known = dict(self.brand.known)
        if path.startswith("me/permission-requests"):
            known["request_id"] = self._ask_ana()
        if "pending_id" in path:
            self.as_ana.post("me/contact-points", {"kind": "email", "value": "more@example.org"})
            known["pending_id"] = PendingContact.objects.get().pk
        if "removed_id" in path:
            now = timezone.now()
            point = ownership.add_contact(self.ana, kind="email", value="b@example.org", now=now)
            known["removed_id"] = access.remove_address(point, now=now).pk
        return re.sub(r"\{(\w+)\}", lambda match: str(known[match[1]]), path)

    def _ask_ana(self) -> str:
        body = {"contact": {"email": EMAIL}, "purpose": "research", "channel": "sms", "text": "Y?"}
        asked: str = Api(self.brand.key).post("permission-requests", body).json()["id"]
        return asked


@pytest.fixture
def cast(acme: Brand, rival: Brand, ana: Consumer, as_ana_signed_in: Api) -> Callable[..., Cast]:
    def come_together(path: str) -> Cast:
        brand = acme
        if path.startswith("test/"):
            brand = create_test_brand()
        if path.startswith(("me/permission", "me/contact-reports")):
            as_ana_signed_in.post("me/relationships", {"brand": "acme"})
        return Cast(settled(brand, "acme", timezone.now()), ana, as_ana_signed_in)

    return come_together


@pytest.mark.parametrize("path", sorted(BODIES))
def test_a_repeat_changes_nothing(path: str, cast: Callable[..., Cast]) -> None:
    them = cast(path)
    api, filled, body = them.api(path), them.fill(path), BODIES[path]
    if path.endswith("verify"):
        body = {"code": mail.outbox[0].subject and mail.outbox[0].body.split()[0]}
    first = api.post(filled, body, Idempotency_Key="k-1")
    assert 200 <= first.status_code < 300, first.content
    before, mails = table_states(), len(mail.outbox)
    again = api.post(filled, body, Idempotency_Key="k-1")
    assert again.headers[REPLAYED] == "true" and REPLAYED not in first.headers
    if path not in AS_OF_NOW:
        assert (again.status_code, again.content) == (first.status_code, first.content)
    other = api.post(filled, {**(body or {}), "hours": 7}, Idempotency_Key="k-1")
    assert other.status_code == 422
    if path not in AS_OF_NOW:  # which looks at the question before it looks at the key
        assert other.json()["code"] == "idempotency_key_reused"
    assert table_states() == before and len(mail.outbox) == mails


def test_a_person_s_key_is_their_own(
    as_ana: Api, met: Relationship, as_acme: Api, rival: Brand
) -> None:
    ben = open_account("b@example.org")
    as_ben = Api()
    as_ben.client.force_login(ben.user)
    body = BODIES["me/choices"]
    first = as_ana.post("me/choices", body, Idempotency_Key="k-1")
    answer = as_ben.post("me/choices", body, Idempotency_Key="k-1")
    assert answer.status_code == 201 and REPLAYED not in answer.headers
    assert first.json() != answer.json()


def test_a_secret_is_shown_again_to_its_own_credential_alone(acme: Brand) -> None:
    """A key of few scopes must not get the text of one that may do more, by guessing."""
    strong, weak = (
        Api(brand_keys.issue_key(acme, name="s")),
        Api(brand_keys.issue_key(acme, name="w", scopes=["keys"])),
    )
    body = {"name": "another", "scopes": ["check"]}
    first = strong.post("keys", body, Idempotency_Key="k-1")
    answer = weak.post("keys", body, Idempotency_Key="k-1")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert strong.post("keys", body, Idempotency_Key="k-1").json() == first.json()
