"""`cmr login`, `cmr logout` and `cmr whoami`."""

from __future__ import annotations

import click

from cmr_client import logins
from cmr_client.client import Client
from cmr_client.command.showing import show_table
from cmr_client.problems import NotFound


@click.command()
@click.option(
    "--url", help="URL of the service, such as https://cmr.example. Prompted for if left out."
)
@click.option("--key", help="Your key. Prompted for, without echo, if left out.")
def login(url: str | None, key: str | None) -> None:
    """Check a URL and a key, and store them for the other commands.

    They are stored in ~/.config/cmr/config.json (or under XDG_CONFIG_HOME), readable only by you.
    """
    url = url or click.prompt("URL of the service")
    key = key or click.prompt("Key", hide_input=True)
    with Client(url, key) as client:
        name = _names(client)[0][1]
        file = logins.keep(logins.Login(client.url, key))
    click.echo(f"Signed in as {name}. Stored in {file}")


@click.command()
def logout() -> None:
    """Delete the stored URL and key. The key itself remains valid."""
    click.echo("Forgotten." if logins.forget() else "Nothing was stored.")


@click.command()
def whoami() -> None:
    """Print the brand and the key that the commands use."""
    with Client() as client:
        show_table([*_names(client), ("service", client.url)])


def _names(client: Client) -> list[tuple[str, object]]:
    """Return the names of the brand and the key. Raise CMRError if the key is invalid."""
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
