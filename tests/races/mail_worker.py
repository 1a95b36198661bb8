"""Sends what waits in the outbox, in a process of its own that a test kills: `python -m … PORT`."""

import sys

import django

if __name__ == "__main__":
    django.setup()
    from django.conf import settings

    from cmr import tasks

    settings.EMAIL_BACKEND = "cmr.messages.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(sys.argv[1])
    tasks.send_waiting()
