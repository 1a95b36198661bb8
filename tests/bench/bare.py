"""The limit of a check: Django with one view that reads one row by its key, and nothing else."""

from __future__ import annotations

import environ
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from config.web import Application

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[],
        SECRET_KEY="bare",
        # One connection a thread, kept: the fastest that Django offers.
        DATABASES={"default": environ.Env().db_url() | {"CONN_MAX_AGE": None}},
        # What the product's own server side reads, with the product's values.
        WEB_THREADS=4,
        STREAMS_AT_ONCE=2,
        MAX_BODY_BYTES=1_000_000,
        MAX_BUFFERED_BYTES=200_000_000,
        CONNECTION_IDLE_SECONDS=60.0,
    )
    import django

    django.setup()


def row(request: HttpRequest, number: int) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, subject_id FROM consent_identifier WHERE id = %s", [number])
        key, subject = cursor.fetchone()
    answer = JsonResponse({"id": key, "subject": subject})
    answer["Content-Length"] = len(answer.content)  # else it goes out in chunks, which costs
    return answer


urlpatterns = [path("rows/<int:number>", row)]
application = Application(WSGIHandler())
