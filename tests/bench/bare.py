"""The limit of a check: Django with one view that reads one row by its key, and nothing else."""

from __future__ import annotations

import environ
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from config import settings as product

#: The web server's own side is the product's, and reads the product's settings and apps.
OF_THE_PRODUCT = {name: value for name, value in vars(product).items() if name.isupper()}
OURS = {
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "ROOT_URLCONF": __name__,
    # One connection a thread, kept: the fastest that Django offers.
    "DATABASES": {"default": environ.Env().db_url() | {"CONN_MAX_AGE": None}},
}

if not settings.configured:
    settings.configure(**OF_THE_PRODUCT | OURS)
    import django

    django.setup()
    settings.MIDDLEWARE = []  # only now: an app refuses to start without its own

from config.web import Application  # noqa: E402 - it needs the apps


def row(request: HttpRequest, number: int) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, subject_id FROM consent_identifier WHERE id = %s", [number])
        key, subject = cursor.fetchone()
    answer = JsonResponse({"id": key, "subject": subject})
    answer["Content-Length"] = len(answer.content)  # else it goes out in chunks, which costs
    return answer


urlpatterns = [path("rows/<int:number>", row)]
application = Application(WSGIHandler())
