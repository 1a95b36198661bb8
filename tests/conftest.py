"""The cast: acme (a brand), rival (a brand that must see nothing), ana (a consumer), an admin."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import time_machine
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from brands.api.stream_slots import slots
from brands.credentials import brand_keys
from brands.models import Brand, Topic
from brands.webhooks.delivery.worker import DeliveryWorker
from cmr.accounts import ownership
from cmr.models import Consumer, User
from cmr.sign_in import access_tokens
from config.postgres.owner import become_owner
from consent.ledger.recording import Actor
from consent.models import Relationship
from consent.relationships import lifecycle
from tests.building import build_documentation
from tests.fast_flush import empty_quickly
from tests.ownership import as_application_from_the_start

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

ROOT = Path(__file__).resolve().parents[1]
EMAIL = "ana@example.org"
PASSWORD = "only-ana-knows-it"
JSON = "application/json"
#: The head and the body of an answer go out apart, and the second would wait 40 ms for the first.
WSGIRequestHandler.disable_nagle_algorithm = True
# No random test fails because the machine is slow.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
#: Fixtures that take many seconds.
SLOW = {"product"}


@dataclass(frozen=True, slots=True)
class Api:
    """Somebody at the API's door. A crash behind it is a 500, as it is for a real caller."""

    bearer: str | None = None
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **query: Any) -> Answer:
        return self.client.get(f"/api/v1/{path}", query, headers=self._headers())

    def post(self, path: str, json: Any = None, **headers: str) -> Answer:
        return self.send("POST", path, dumps(json).encode(), **headers)

    def put(self, path: str, json: Any, **headers: str) -> Answer:
        return self.send("PUT", path, dumps(json).encode(), **headers)

    def patch(self, path: str, json: Any, **headers: str) -> Answer:
        return self.send("PATCH", path, dumps(json).encode(), **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.send("DELETE", path, b"", JSON, **headers)

    def send(
        self, method: str, path: str, body: bytes = b"", content_type: str = JSON, **headers: str
    ) -> Answer:
        """For bodies that no decent program sends; *headers* are written with underscores."""
        given = self._headers() | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.generic(method, f"/api/v1/{path}", body, content_type, headers=given)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long goes first: no worker ends with it alone, and one worker starts a product."""
    items.sort(key=lambda item: not SLOW.intersection(getattr(item, "fixturenames", ())))


def pytest_collection_finish() -> None:
    """What was imported and collected stays; let the collector not look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The tests' database is made, migrated and dropped by the owner."""
    become_owner()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """What is tested runs as the application, on the owner's login: see `tests.ownership`."""
    empty_quickly()
    with as_application_from_the_start():
        yield


@pytest.fixture(scope="module")
def module_transaction(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Hold a transaction around those of a file's tests, for what is made once and only read.

    Not for a file with tests that commit.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches beyond this machine fails here, and not one day for want of a network."""
    connect = socket.socket.connect

    def stay_home(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "::1"
        assert ip_address(host).is_loopback, f"a test connects to {host}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", stay_home)


@pytest.fixture(autouse=True)
def _quick_and_forgetful(settings: Settings) -> None:
    """Hashes passwords fast, and answers at once."""
    settings.ADDRESS_FORM_SECONDS = 0
    settings.WHITENOISE_AUTOREFRESH = True  # or each new client would list the static files
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _streams_give_their_places_back() -> Iterator[None]:
    """An answer of the test client is part of a circle: a stream that is left open ends late."""
    yield
    if slots.count_taken():
        gc.collect()


@pytest.fixture
def still_clock() -> Iterator[None]:
    """What is counted by the minute must not see one end on a slow machine."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


@pytest.fixture
def now() -> datetime:
    """When the cast came together."""
    return datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def documentation(settings: Settings) -> Path:
    """Serve the pages of the tests' own build; return their folder."""
    settings.DOCS_FOLDER = build_documentation()
    return Path(settings.DOCS_FOLDER)


@pytest.fixture
def acme(db: None) -> Brand:
    return Brand.objects.create(slug="acme", name="Acme")


@pytest.fixture
def rival(db: None) -> Brand:
    return Brand.objects.create(slug="rival", name="Rival")


@pytest.fixture
def offers(acme: Brand) -> Topic:
    """A topic of acme's, under marketing."""
    return Topic.objects.create(
        brand=acme, code="weekly-offers", name="Weekly offers", purpose_id="marketing"
    )


@pytest.fixture
def ana(db: None, now: datetime) -> Consumer:
    return ownership.open_account(email=EMAIL, password=PASSWORD, verified_at=now)


@pytest.fixture
def admin(db: None) -> User:
    return User.objects.create_superuser("admin@example.org", PASSWORD)


@pytest.fixture
def met(ana: Consumer, acme: Brand, now: datetime) -> Relationship:
    """Ana has added acme; rival knows nothing of it."""
    return lifecycle.start_relationship(ana.subject_id, acme, by=Actor("api"), now=now)[0]


@pytest.fixture
def acme_key(acme: Brand) -> str:
    return _used(brand_keys.issue_key(acme, name="tests"))


@pytest.fixture
def rival_key(rival: Brand) -> str:
    return _used(brand_keys.issue_key(rival, name="tests"))


def _used(key: str) -> str:
    """The first use of the day is noted already: it costs a statement."""
    brand_keys.recognise_key(key, now=datetime.now(UTC))
    return key


@pytest.fixture
def ana_token(ana: Consumer) -> str:
    token = access_tokens.issue_token(ana, name="tests")
    access_tokens.recognise_token(token, now=datetime.now(UTC))  # as with keys
    return token


@pytest.fixture
def as_acme(acme_key: str) -> Api:
    return Api(acme_key)


@pytest.fixture
def as_rival(rival_key: str) -> Api:
    return Api(rival_key)


@pytest.fixture
def as_ana(ana_token: str) -> Api:
    return Api(ana_token)


@pytest.fixture
def as_ana_signed_in(ana: Consumer) -> Api:
    """By a fresh session, which alone decides who gets into the account."""
    api = Api()
    api.client.force_login(ana.user)
    return api


@pytest.fixture
def browser(ana: Consumer) -> Client:
    """Ana's browser, signed in."""
    client = Client()
    client.force_login(ana.user)
    return client


@pytest.fixture
def as_admin(admin: User) -> Api:
    """By session: admins have no tokens."""
    api = Api()
    api.client.force_login(admin)
    return api


@pytest.fixture
def worker() -> Iterator[DeliveryWorker]:
    """Delivers, as a worker process does. It has its own connections to the database."""
    delivery = DeliveryWorker()
    yield delivery
    delivery.close()


@pytest.fixture
def nobody(db: None) -> Api:
    return Api()
