"""`cmr trigger`, and a person's place in test mode: what happens there happens for real."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.live_server_helper import LiveServer

from brands.credentials import brand_keys
from brands.events.types import EVENT_TYPES
from brands.models import Brand
from cmr_client import Client, NotAllowed
from consent.models import Relationship
from tests.client.conftest import MAILS, Command
from tests.conftest import EMAIL

pytestmark = pytest.mark.django_db(transaction=True)

#: Said afterwards, on a page: no call of a brand brings it about.
ON_A_PAGE = {"preference.explained"}


@pytest.fixture
def trial(db: None) -> Brand:
    """Acme's brand to try things with."""
    return Brand.objects.create(slug="acme-test", name="Acme (test)", test=True)


@pytest.fixture
def trial_key(trial: Brand) -> str:
    return brand_keys.issue_key(trial, name="tests")


@pytest.fixture
def trial_client(service: LiveServer, trial_key: str) -> Iterator[Client]:
    with Client(service.url, trial_key) as client:
        yield client


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("event", sorted(EVENT_TYPES.keys() - ON_A_PAGE))
def test_every_event_can_be_made_to_happen(
    event: str, cmr: Command, environment: dict[str, str], trial_key: str, trial: Brand
) -> None:
    environment["CMR_KEY"] = trial_key
    done = cmr("trigger", event)
    assert done.returncode == 0, done.stderr
    whom, *lines = done.stdout.splitlines()
    assert whom.endswith("@example.org:") and f" {event} " in lines[-1]
    assert trial.events.order_by("sequence").last().type == event  # type: ignore[union-attr]


def test_the_same_person_goes_on(
    cmr: Command, environment: dict[str, str], trial_key: str, trial_client: Client
) -> None:
    environment["CMR_KEY"] = trial_key
    for event in ("preference.granted", "preference.denied"):
        assert cmr("trigger", event, "--email", EMAIL, "--purpose", "research").returncode == 0
    decision = trial_client.check(EMAIL, purpose="research", channel="email")
    assert decision.rule == "person_denied"
    assert Relationship.objects.count() == 1


def test_a_key_says_its_mode(
    cmr: Command, environment: dict[str, str], trial_key: str, acme_client: Client
) -> None:
    environment["CMR_KEY"] = trial_key
    assert "mode     test" in cmr("whoami").stdout
    key = acme_client.keys.current()
    assert (key.mode, key.brand and key.brand.slug) == ("live", "acme")


def test_in_a_persons_place(trial_client: Client) -> None:
    trial_client.relationships.register(EMAIL, note="Shop")
    asked = trial_client.permission_requests.ask(
        EMAIL, **MAILS, text="May we?", evidence="Asked for it by the form"
    )
    assert [mail.subject for mail in trial_client.testing.mails()]
    trial_client.testing.answer(asked.id, "yes")
    assert trial_client.permission_requests.get(asked.id).answer == "yes"
    assert trial_client.check(EMAIL, **MAILS).allowed
    trial_client.testing.end_relationship(EMAIL)
    assert trial_client.check(EMAIL, **MAILS).rule == "no_relationship"


def test_a_live_key_speaks_for_nobody(acme_client: Client, met: Relationship) -> None:
    with pytest.raises(NotAllowed) as refused:
        acme_client.testing.choose(EMAIL, "grant")
    assert refused.value.code == "test_only"


def test_keys_are_made_replaced_and_revoked(acme_client: Client, service: LiveServer) -> None:
    made = acme_client.keys.create("reader", scopes=["events"])
    assert made.key and made.key not in repr(made)
    instead = acme_client.keys.rotate(made.id, hours=1)
    for text in (made.key, instead.key):
        with Client(service.url, text) as client:
            assert client.events.newest() == 0
    acme_client.keys.revoke(instead.id)
    revoked = {each.id for each in acme_client.keys.list() if each.revoked_at}
    assert revoked == {instead.id}
