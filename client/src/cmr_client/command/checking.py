"""`cmr check` and `cmr links`."""

from __future__ import annotations

import click

from cmr_client.answers import Decision
from cmr_client.client import Client
from cmr_client.command.showing import show_json, show_table

#: Exit codes. What goes wrong is 2, as for every command.
YES, NO, NOT_NOW = 0, 1, 3
ANSWERS = {YES: "yes", NO: "no", NOT_NOW: "yes, but not now"}


@click.command()
@click.argument("contact", metavar="EMAIL")
@click.option("--purpose", required=True, help="Purpose: marketing, service, research, …")
@click.option("--channel", help="Channel: email, sms, voice, push, post, in_app, messaging.")
@click.option("--topic", help="One of your own topics.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole decision as a line of JSON.")
def check(contact: str, purpose: str, channel: str | None, topic: str | None, as_json: bool) -> int:
    """Check whether you may contact a person now. EMAIL may also be a phone number with +.

    The exit code is 0 for yes, 1 for no, 3 for yes but not now (quiet hours, or a used-up limit),
    and 2 for an error.
    """
    with Client() as client:
        decision = client.check(contact, purpose=purpose, channel=channel, topic=topic)
    if as_json:
        show_json(decision)
    else:
        _show(decision)
    return _exit_code(decision)


def _exit_code(decision: Decision) -> int:
    if not decision.allowed:
        return NO
    return YES if decision.not_before is None else NOT_NOW


def _show(decision: Decision) -> None:
    because = decision.because
    show_table(
        [
            ("allowed", ANSWERS[_exit_code(decision)]),
            ("rule", decision.rule),
            ("because", because and f"{because.decision} by {because.maker}, {because.made_at}"),
            ("not before", decision.not_before),
            ("remaining", decision.remaining),
            ("valid until", decision.valid_until),
        ]
    )


@click.command()
@click.argument("contact", metavar="EMAIL")
@click.option("--purpose", help="Purpose of the mail. Default: everything that you may send.")
@click.option("--channel", help="Channel of the message.")
@click.option("--topic", help="One of your own topics.")
@click.option("--campaign", help="Your campaign. Unsubscribes by the link are counted to it.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON.")
def links(
    contact: str,
    *,
    purpose: str | None,
    channel: str | None,
    topic: str | None,
    campaign: str | None,
    as_json: bool,
) -> None:
    """Print the links and headers that a mail to EMAIL must carry."""
    with Client() as client:
        made = client.links.make(
            contact, purpose=purpose, channel=channel, topic=topic, campaign=campaign
        )
    if as_json:
        show_json(made)
        return
    show_table([("one click", made.one_click_url), ("preferences", made.preferences_url)])
    click.echo()
    for name, value in made.headers.items():
        click.echo(f"{name}: {value}")
