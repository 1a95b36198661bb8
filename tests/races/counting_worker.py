"""Counts streams for ever, in a process of its own that a test kills: `python -m` it."""

import django

if __name__ == "__main__":
    django.setup()
    from consent.reporting import counters

    print("counting", flush=True)
    while True:
        counters.count_new_events()
