"""`cmr events`: list events, and send them again."""

from __future__ import annotations

import click

from cmr_client.answers import Event
from cmr_client.client import Client
from cmr_client.command.forwarding import Forwarder, is_taken, new_secret
from cmr_client.command.listening import forward
from cmr_client.problems import CMRError

USUAL = 20


@click.group()
def events() -> None:
    """List the events of the stream, or send some again."""


@events.command("list")
@click.option("--after", type=click.IntRange(min=0), help="Start after this sequence.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=USUAL,
    show_default=True,
    help="Maximum number of events.",
)
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
def list_(after: int | None, limit: int, as_json: bool) -> None:
    """List events in order; without --after, the latest ones."""
    with Client() as client:
        if after is None:
            after = max(0, client.events.newest() - limit)
        for event, _ in zip(client.events.read(after=after), range(limit), strict=False):
            click.echo(event.body if as_json else line_of(event))


def line_of(event: Event) -> str:
    subject = event.data.get("subject", {})
    whom = subject.get("ref") or subject.get("id", "")
    scope = event.data.get("scope") or {}
    about = " ".join(scope[part] for part in ("purpose", "channel", "topic") if scope.get(part))
    when = f"{event.timestamp:%Y-%m-%d %H:%M:%S}"
    return f"{event.sequence:>6}  {when}  {event.type:<24}  {whom}  {about}".rstrip()


@events.command()
@click.argument("sequences", metavar="SEQUENCE...", nargs=-1, required=True, type=int)
@click.option("--subscription", metavar="ID", help="Let the service send them to this webhook.")
@click.option("--forward-to", "url", help="Send them to an endpoint on your machine.")
@click.option("--secret", help="Secret to sign with, as in `cmr listen`.")
def resend(
    sequences: tuple[int, ...], subscription: str | None, url: str | None, secret: str | None
) -> int:
    """Send events again, to a webhook (--subscription) or to your machine (--forward-to).

    The exit code is 1 if your endpoint did not accept one.
    """
    if bool(subscription) == bool(url):
        raise click.UsageError("Give either --subscription or --forward-to.")
    with Client() as client:
        if subscription:
            again = sum(
                client.subscriptions.replay(subscription, first=each, last=each)
                for each in sequences
            )
            click.echo(f"{again} will be sent again.")
            return 0
        return _hand_on(client, sequences, url or "", secret)


def _hand_on(client: Client, sequences: tuple[int, ...], url: str, secret: str | None) -> int:
    if secret is None:
        secret = new_secret()
        click.echo(f"Signed with {secret}")
    forwarder = Forwarder(url, secret)
    taken = [is_taken(forward(forwarder, _event(client, each))) for each in sequences]
    return 0 if all(taken) else 1


def _event(client: Client, sequence: int) -> Event:
    """Return one event of the stream. Raise ClickException if it does not exist."""
    none = click.ClickException(f"There is no event {sequence}.")
    try:
        feed = client.events.page(after=max(0, sequence - 1), limit=1)
    except CMRError as error:
        raise none if error.code == "beyond_stream" else error from None
    for event in feed.events:
        if event.sequence == sequence:
            return event
    raise none
