"""`cmr trigger`: create real events in test mode by doing what causes them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from cmr_client import logins
from cmr_client.answers import Limit
from cmr_client.client import Client
from cmr_client.command.looking import line_of

TEST = "cmr_test_"
SOON, LATER = timedelta(seconds=3), timedelta(days=1)
#: Seconds until an event must have come; endings are told by a worker that looks now and then.
PATIENCE = 60


@dataclass(frozen=True)
class Play:
    """An action of a person about a purpose on a channel."""

    client: Client
    contact: str
    purpose: str
    channel: str

    def says(self, decision: str, **more: Any) -> None:
        self.client.testing.choose(
            self.contact, decision, purpose=self.purpose, channel=self.channel, **more
        )

    def clears(self) -> None:
        self.says("deny")
        self.says("clear")

    def ends(self) -> None:
        self.client.testing.end_relationship(self.contact)


PLAYS: dict[str, Callable[[Play], None]] = {
    "relationship.started": lambda play: None,
    "relationship.ended": Play.ends,
    "preference.denied": lambda play: play.says("deny"),
    "preference.granted": lambda play: play.says("grant"),
    "preference.expired": lambda play: play.says("grant", expires_at=_in(SOON)),
    "preference.paused": lambda play: play.says("pause", until=_in(LATER)),
    "preference.pause_ended": lambda play: play.says("pause", until=_in(SOON)),
    "preference.limited": lambda play: play.says("limit", limit=Limit(max=2, per="week")),
    "preference.cleared": Play.clears,
}


def _in(time: timedelta) -> datetime:
    return datetime.now(UTC) + time


@click.command()
@click.argument("event", type=click.Choice(list(PLAYS)), metavar="EVENT")
@click.option("--email", help="The person who acts.  [default: a new person]")
@click.option("--purpose", default="marketing", show_default=True)
@click.option("--channel", default="email", show_default=True)
def trigger(event: str, email: str | None, purpose: str, channel: str) -> None:
    """Make an EVENT happen for real, with a test key (cmr_test_…).

    A person of your test mode does what causes it. The event then reaches your feed and your
    webhooks like any other. EVENT is one of:

    \b
    relationship.started    preference.denied    preference.paused
    relationship.ended      preference.granted   preference.pause_ended
    preference.cleared      preference.limited   preference.expired
    """  # noqa: D301  # click looks for the character, not for the escape sequence
    if not logins.chosen().key.startswith(TEST):
        raise click.ClickException(
            f"This requires a test key ({TEST}…), so that no real person is affected."
        )
    contact = email or f"test-{secrets.token_hex(4)}@example.org"
    with Client() as client:
        before = client.events.newest()
        client.relationships.register(contact, note="cmr trigger")
        PLAYS[event](Play(client, contact, purpose, channel))
        _show(client, event, contact, before)


def _show(client: Client, wanted: str, contact: str, after: int) -> None:
    click.echo(f"{contact}:")
    until = datetime.now(UTC) + timedelta(seconds=PATIENCE)
    while datetime.now(UTC) < until:
        feed = client.events.page(after=after, wait=5)
        for event in feed.events:
            click.echo(line_of(event))
            after = event.sequence
            if event.type == wanted:
                return
    raise click.ClickException(
        f"No {wanted} within {PATIENCE} s; endings require a running worker."
    )
