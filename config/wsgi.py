"""The door for the web server."""

import gc
import os
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

from config import idle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An answer that is whole goes to the server as a list: it need not be read piece by piece."""
    response = django(environ, start_response)
    if not isinstance(response, HttpResponse):
        return response  # a stream
    response.close()  # Django's end of the request
    return [response.content]


# What stands after the start stands for good: the collector need not walk through it again each
# time a batch of ten thousand has made as many short-lived objects.
gc.freeze()
gc.set_threshold(50_000, 20, 50)
idle.watch(seconds=settings.CONNECTION_IDLE_SECONDS)
