"""The web server's side of Django: read a body, run the request in a thread, send the answer.

One event loop in each process reads and sends, so a slow client uses memory but never a thread.
`config.asgi:application` is what the server runs.
"""

from config.web.application import Application

__all__ = ["Application"]
