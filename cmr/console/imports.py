"""People and their consents from a file: received, looked at, and applied."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brands.wakeup import publish
from brands.wire import takes_upload
from cmr.console.access import Place, for_members
from cmr.console.forms import ImportForm, sentence, size
from cmr.console.paging import PAGE_SIZE
from consent.imports import jobs, problems, receiving, rows, sources
from consent.models import Import

CSV = "text/csv; charset=utf-8"
#: So many bad rows are on the page; the file has all.
FIRST = 20


@takes_upload
@csrf_exempt  # the token is part of the body, which is read only when its size is known
@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def imports(request: HttpRequest, place: Place) -> HttpResponseBase:
    """The imports, newest first; POST begins one with its file."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_UPLOAD_BYTES:
        return _too_large(request, place)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _imports(request, place)


@csrf_protect
def _imports(request: HttpRequest, place: Place) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and (job := _receive(place, form)):
        return _to(place, job)
    return _shown(request, place, form, status=422 if form.errors else 200)


def _receive(place: Place, form: ImportForm) -> Import | None:
    """The import with its file; None where it was refused, as the form then says."""
    note, tells, file = (form.cleaned_data[name] for name in ("note", "tells", "file"))
    now = timezone.now()
    try:
        job = jobs.begin(place.brand, note=note, tells=tells, now=now)
    except jobs.TooManyImports as error:
        form.add_error(None, f"{sentence(error)} Start or cancel one of them first.")
        return None
    try:
        receiving.receive(job, 1, file, form=form.form_of_file(), now=now)
    except sources.BadPart as error:
        form.add_error("file", sentence(error))
        job.delete()
        return None
    return job


def _too_large(request: HttpRequest, place: Place) -> HttpResponse:
    form = ImportForm()
    most = size(settings.MAX_UPLOAD_BYTES)
    problem = f"A file may have {most} here. Send larger ones in parts, by API or `cmr import`."
    return _shown(request, place, form, status=413, problem=problem)


def _shown(
    request: HttpRequest, place: Place, form: ImportForm, *, status: int, problem: str = ""
) -> HttpResponse:
    mine = Import.objects.filter(brand=place.brand).order_by("-pk")
    found = Paginator(mine, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"place": place, "page": "imports", "imports": found, "form": form}
    context["problem"] = problem
    return render(request, "console/imports.html", context, status=status)


@require_safe
@for_members
def template(request: HttpRequest, place: Place) -> HttpResponse:
    """A file with the headings alone."""
    headings = ",".join(rows.LONGEST) + "\r\n"
    return HttpResponse(headings, content_type=CSV, headers=_named("import.csv"))


@require_safe
@for_members
def one_import(request: HttpRequest, place: Place, import_id: uuid.UUID) -> HttpResponse:
    """What was read of it, what was not, how far it is, and what came of it."""
    job = _job(place, import_id)
    context = {
        "place": place,
        "page": "imports",
        "job": job,
        "problems": [*map(problems.Told(job).said, problems.of(job)[:FIRST])],
    }
    return render(request, "console/import.html", context)


@require_safe
@for_members
def exceptions(request: HttpRequest, place: Place, import_id: uuid.UUID) -> HttpResponseBase:
    lines = problems.csv_lines(_job(place, import_id))
    return StreamingHttpResponse(lines, content_type=CSV, headers=_named("exceptions.csv"))


@require_POST
@for_members
def start(request: HttpRequest, place: Place, import_id: uuid.UUID) -> HttpResponse:
    job = _job(place, import_id)
    try:
        jobs.start(job, now=timezone.now())
    except jobs.NotOpen as error:
        messages.error(request, sentence(error))
    else:
        publish("consent.apply_imports")
    return _to(place, job)


@require_POST
@for_members
def cancel(request: HttpRequest, place: Place, import_id: uuid.UUID) -> HttpResponse:
    job = _job(place, import_id)
    try:
        jobs.cancel(job, now=timezone.now())
    except jobs.NotOpen as error:
        messages.error(request, sentence(error))
    return _to(place, job)


def _job(place: Place, import_id: uuid.UUID) -> Import:
    return get_object_or_404(Import, pk=import_id, brand=place.brand)


def _to(place: Place, job: Import) -> HttpResponse:
    return redirect("console-import", place.workspace.slug, place.mode, job.pk)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
