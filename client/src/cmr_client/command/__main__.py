"""Run the command line: `python -m cmr_client.command`."""

from cmr_client.command import main

main()
