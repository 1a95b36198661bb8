"""Applies an import, in a process of its own that a test kills: `python -m … ID`."""

import sys
import uuid

import django

if __name__ == "__main__":
    django.setup()
    from django.utils import timezone

    from consent.imports import applying

    print("applying", flush=True)
    while applying.apply_batch(uuid.UUID(sys.argv[1]), now=timezone.now(), size=200):
        pass
