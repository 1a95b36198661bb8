"""`cmr login`, `cmr logout`, `cmr whoami`."""

from __future__ import annotations

import click

from cmr_client import logins
from cmr_client.client import Client
from cmr_client.command.showing import show_table
from cmr_client.problems import NotFound


@click.command()
@click.option("--url", help="Where the service is, as https://cmr.example. Asked for if left out.")
@click.option("--key", help="Your key. Asked for, and not shown, if left out.")
def login(url: str | None, key: str | None) -> None:
    """Try an address and a key, and keep them for the other commands.

    They are kept in ~/.config/cmr/config.json (or under XDG_CONFIG_HOME), for your eyes only.
    """
    url = url or click.prompt("Address of the service")
    key = key or click.prompt("Key", hide_input=True)
    with Client(url, key) as client:
        name = _names(client)[0][1]
        file = logins.keep(logins.Login(client.url, key))
    click.echo(f"Signed in as {name}. Kept in {file}")


@click.command()
def logout() -> None:
    """Forget the address and the key. The key itself stays good."""
    click.echo("Forgotten." if logins.forget() else "There was nothing to forget.")


@click.command()
def whoami() -> None:
    """Which brand and which key the commands speak for."""
    with Client() as client:
        show_table([*_names(client), ("service", client.url)])


def _names(client: Client) -> list[tuple[str, object]]:
    """The brand's name first. Raises CMRError where the key is no good."""
    try:
        key = client.keys.current()
    except NotFound:  # the service is older than this call
        brand = client.brand.get()
        return [("brand", f"{brand.name} ({brand.slug})")]
    brand = key.brand or client.brand.get()
    return [
        ("brand", f"{brand.name} ({brand.slug})"),
        ("key", key.name),
        ("mode", key.mode),
        ("scopes", ", ".join(key.scopes)),
        ("expires", key.expires_at),
    ]
