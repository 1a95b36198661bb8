"""The command line `cmr`."""

from __future__ import annotations

import sys

import click
import httpx

from cmr_client.command.checking import check, links
from cmr_client.command.importing import import_
from cmr_client.command.listening import listen
from cmr_client.command.looking import events
from cmr_client.command.scanning import scan
from cmr_client.command.signing_in import login, logout, whoami
from cmr_client.command.triggering import trigger
from cmr_client.problems import CMRError
from cmr_client.transports import package_version

FAILED = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_version(), prog_name="cmr")
def cmr() -> None:
    """Use CMR from the command line: check before you send, and follow every change.

    Sign in once with `cmr login`, or set CMR_URL and CMR_KEY.
    """


for command in (login, logout, whoami, check, links, import_, listen, trigger, events, scan):
    cmr.add_command(command)


def main() -> None:
    """Run the command. Print an error as one line, and exit with code 2."""
    try:
        code = cmr.main(prog_name="cmr", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(FAILED)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except (CMRError, httpx.InvalidURL, OSError, ValueError) as error:
        click.echo(f"cmr: {error}", err=True)
        sys.exit(FAILED)
    sys.exit(code if isinstance(code, int) else 0)
