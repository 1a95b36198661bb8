"""The owners of one workspace erase their accounts at the same moment: one has to stay."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest

from cmr import members
from cmr.models import Consumer, Member, Role
from cmr.personal_data import erasure
from tests.factories import open_account
from tests.races.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def erase(consumer: Consumer, now: datetime) -> bool:
    """Return whether the account could be erased."""
    try:
        erasure.erase_account(consumer, first_stop=True, by="api", now=now)
    except members.LastOwner:
        return False
    return True


@pytest.mark.parametrize("turn", range(3))
def test_erase_two_owners_concurrently_keeps_one(turn: int, now: datetime) -> None:
    people = [open_account(f"{name}@example.org", now=now) for name in ("olga", "nora")]
    workspace = members.begin_workspace_as_owner(
        people[0].user, name="Acme", domain="acme.example", now=now
    )
    Member.objects.create(workspace=workspace, user=people[1].user, role=Role.OWNER, since=now)
    erased = together(*[partial(erase, each, now) for each in people])
    assert sorted(erased) == [False, True]
    assert Member.objects.get(workspace=workspace).role == Role.OWNER
