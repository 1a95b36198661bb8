"""`cmr scan`: list who sends bulk mail, without an account and without network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmr_client.command.showing import clean_text, show_columns, show_json

if TYPE_CHECKING:
    from cmr_client.command.mail_files import MailboxReading
    from mailbox_reader import Sender

NOTHING_READ = 2
HEADINGS = ("mails", "organisation", "name", "kind", "unsubscribe", "first", "last")
ROUTES = {"one_click": "one click", "mailto": "by mail", "web": "web page", "none": "-"}


@click.command()
@click.argument("paths", metavar="FILE|FOLDER...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print each sender as a line of JSON.")
@click.option(
    "--providers",
    metavar="FILE",
    type=click.File(encoding="utf-8"),
    help="More domains that send for many companies, one a line. Write `mailbox` behind a domain "
    "that gives addresses to people, and `group` behind one that runs groups.",
)
def scan(paths: Sequence[str], *, as_json: bool, providers: Iterable[str] | None) -> int:
    """List who sends you bulk mail, from the headers of mail on this machine.

    FILE is an mbox file, a single mail, or a ZIP of those, such as from Google Takeout. Folders are
    read with all that is in them, such as a Maildir; `-` is the standard input. You need no
    account. Nothing is sent or stored, and the texts of mails are skipped.

    The exit code is 0 if mail was read, and 2 if there was none.
    """
    # Only here: its list of public suffixes would slow down every other command.
    from cmr_client.command import mail_files

    reading = mail_files.MailboxReading(mail_files.read_providers(providers or ()))
    named = [Path(path) for path in paths]
    files = reading.list_files(named)
    with _show_progress(mail_files.sum_sizes(files)) as advance:
        for file in files:
            reading.read_file(file, is_named=file in named, advance=advance)
    _show(reading, as_json=as_json)
    return 0 if reading.mails else NOTHING_READ


@contextmanager
def _show_progress(size: int) -> Iterator[Callable[[int], None]]:
    """Show how far it is, if a person watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=size, label="reading", file=sys.stderr) as bar:
        yield bar.update


def _show(reading: MailboxReading, *, as_json: bool) -> None:
    for problem in reading.problems:
        click.echo(f"cmr: {clean_text(problem)}", err=True)
    if as_json:
        for sender in reading.senders:
            show_json(sender.to_json())
    elif reading.mails:
        _show_senders(list(reading.senders), reading)
    if not reading.mails:
        click.echo("cmr: no mail was read", err=True)


def _show_senders(senders: Sequence[Sender], reading: MailboxReading) -> None:
    if senders:
        show_columns(HEADINGS, [_list_cells(sender) for sender in senders], right=1)
        click.echo()
    organisations = {sender.key.organisation for sender in senders}
    click.echo(
        f"Mails read: {reading.mails:,}. Bulk mail: {reading.bulk:,}. Senders: {len(senders):,}. "
        f"Organisations: {len(organisations):,}."
    )


def _list_cells(sender: Sender) -> list[str]:
    shown = sender.to_json()
    return [
        f"{sender.mails:,}",
        sender.key.organisation,
        sender.name,
        _describe_kind(sender),
        ROUTES[shown["route"]],
        (shown["first"] or "")[:10],
        (shown["last"] or "")[:10],
    ]


def _describe_kind(sender: Sender) -> str:
    if sender.is_group:
        return "group"
    if sender.key.is_transactional:
        return "receipts"
    return "list" if sender.key.list_id else ""
