"""Applies an import, in a process of its own that a test kills: `python -m … ID [SHARD]`."""

import sys
import uuid

import django

if __name__ == "__main__":
    django.setup()
    from django.utils import timezone

    from consent.imports import applying, shards

    job = uuid.UUID(sys.argv[1])
    print("applying", flush=True)
    shards.prepare_shards(job)
    for shard in map(int, sys.argv[2:]) if sys.argv[2:] else shards.list_shards(job):
        while applying.apply_batch(job, shard=shard, now=timezone.now(), size=200):
            pass
    applying.finish_import(job, now=timezone.now())
