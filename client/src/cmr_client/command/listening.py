"""`cmr listen`: forward the change feed to a local endpoint, like webhooks."""

from __future__ import annotations

import sys
import time
from fnmatch import fnmatchcase

import click

from cmr_client.answers import Event
from cmr_client.client import Client
from cmr_client.command.forwarding import Forwarder, is_taken, new_secret

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
#: So patient that a service that is started anew is waited for.
RETRIES = 1_000


@click.command()
@click.option(
    "--forward-to", "url", required=True, help="Your endpoint, such as http://localhost:9000/hook"
)
@click.option(
    "--secret", help="Secret to sign with, whsec_….  [default: a new one, which is printed]"
)
@click.option(
    "--after", type=click.IntRange(min=0), help="Start after this sequence.  [default: the newest]"
)
@click.option(
    "--types",
    multiple=True,
    metavar="PATTERN",
    help="Only these event types, such as preference.*; repeatable.",
)
def listen(url: str, secret: str | None, after: int | None, types: tuple[str, ...]) -> None:
    """Forward each event to an endpoint on your machine, signed like a webhook.

    No tunnel is needed. Events are sent one after another, in order. An event that is not accepted
    (any answer but 2xx) is sent again until it is. Ctrl-C ends it.
    """
    secret = secret or new_secret()
    forwarder = Forwarder(url, secret)
    try:
        with Client() as client:
            after = client.events.newest() if after is None else after
        click.echo(f"Forwarding events after {after} to {url}, signed with {secret}")
        _hand_on(forwarder, after, types)
    except KeyboardInterrupt:
        sys.exit(0)


def _hand_on(forwarder: Forwarder, after: int, types: tuple[str, ...]) -> None:
    with Client(retries=RETRIES) as client:
        for event in client.events.follow(after=after):
            if is_wanted(event, types):
                _insist(forwarder, event)


def is_wanted(event: Event, types: tuple[str, ...]) -> bool:
    return not types or any(fnmatchcase(event.type, pattern) for pattern in types)


def _insist(forwarder: Forwarder, event: Event) -> None:
    """Send an event until it is accepted, so that none is lost or overtaken."""
    pause = FIRST_PAUSE
    while not is_taken(forward(forwarder, event, then=f", again in {pause:.0f} s")):
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def forward(forwarder: Forwarder, event: Event, *, then: str = "") -> str:
    """Send an event once and print the result, with *then* if it failed. Return the status."""
    began = time.monotonic()
    status = forwarder.send(event)
    took = (time.monotonic() - began) * 1_000
    more = "" if is_taken(status) else then
    click.echo(f"{event.sequence:>6}  {event.type:<24}  {status}  {took:.0f} ms{more}")
    return status
