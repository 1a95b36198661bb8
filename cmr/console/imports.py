"""Importing people and their consents from a file: upload, check and start."""

from __future__ import annotations

import uuid
from dataclasses import asdict, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from brands.events import publish_task
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import ColumnsForm, DefaultsForm, ImportForm, size
from cmr.console.paging import PAGE_SIZE
from consent.imports import (
    LONGEST_FIELDS,
    BadPart,
    Expired,
    ImportNotOpen,
    PreviewedRow,
    TooManyImports,
    cancel_import,
    choose_mapping,
    find_file,
    group_problems,
    guess_mapping,
    preview_rows,
    read_first_row,
    read_mapping,
    stage_file,
    start_import,
    store_file,
    write_bad_rows,
    write_problems_csv,
)
from consent.models import Import, ImportFile
from core.json_bodies import upload_limit
from core.problem_details import write_sentence

CSV = "text/csv; charset=utf-8"
#: The size of the form besides its file, in bytes.
FIELDS = 65_536
STEPS = {1: "File", 2: "Columns", 3: "All rows", 4: "Check", 5: "Import"}
#: The effect of a row, in words for people.
DOES = {
    "grant": "a new yes",
    "deny": "a new no",
    "person": "adds the person alone",
    "nothing": "says nothing new",
    "kept_no": "not taken: the person said no here",
    "ended": "not taken: the person ended it",
    "unknown_person": "not taken: nobody has this reference",
    "bad": "not taken",
}


def body_limit() -> int:
    """Return the form's largest body in bytes: a file of the maximum size, and the other fields."""
    return upload_limit() + FIELDS


@csrf_exempt  # the CSRF token is in the body, which is read only if its size is allowed
@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def imports(request: HttpRequest, access: WorkspaceAccess) -> HttpResponseBase:
    """List the imports, newest first. POST starts one with its file."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > body_limit():
        return _refuse_large(request, access)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _imports(request, access)


imports.max_body_bytes = body_limit  # type: ignore[attr-defined]


@csrf_protect
def _imports(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile) and (file.size or 0) > upload_limit():
        return _refuse_large(request, access)
    if request.method == "POST" and form.is_valid() and (job := _keep(access, form)):
        return _to(access, job, "columns")
    return _render_form(request, access, form, status=422 if form.errors else 200)


def _keep(access: WorkspaceAccess, form: ImportForm) -> Import | None:
    """Return the import with its file, or None if it was refused; the form has the reason."""
    data = form.cleaned_data
    try:
        return store_file(
            access.brand,
            data["file"],
            name=data["file"].name or "",
            form=form.form_of_file(),
            now=timezone.now(),
            encoding=data["encoding"],
            separator=data["separator"],
        )
    except TooManyImports as error:
        form.add_error(None, f"{write_sentence(error)} Start or cancel one of them first.")
    except BadPart as error:
        form.add_error("file", write_sentence(error))
    return None


def _refuse_large(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Say how to import large files. Nothing of this one is kept."""
    return _render_form(request, access, ImportForm(), status=413, is_too_large=True)


def _render_form(
    request: HttpRequest,
    access: WorkspaceAccess,
    form: ImportForm,
    *,
    status: int,
    is_too_large: bool = False,
) -> HttpResponse:
    mine = Import.objects.filter(brand=access.brand).order_by("-pk")
    found = Paginator(mine, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"access": access, "page": "imports", "imports": found, "form": form}
    context |= {"is_too_large": is_too_large, "most": size(upload_limit())}
    context |= {"steps": STEPS, "step": 1}
    return render(request, "console/imports.html", context, status=status)


@require_safe
@for_members
def template(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Download a file with only the headings."""
    headings = ",".join(LONGEST_FIELDS) + "\r\n"
    return HttpResponse(headings, content_type=CSV, headers=_named("import.csv"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def columns(request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID) -> HttpResponse:
    """Ask what each column of the file is. The guessed meanings are preselected."""
    if (kept := _open_file(request, access, import_id)) is None:
        return _back(access, import_id)
    form = ColumnsForm(kept, read_first_row(kept), request.POST or None)
    if request.method == "POST" and form.is_valid():
        choose_mapping(kept, replace(read_mapping(kept), columns=form.columns()))
        return _to(access, kept.job, "defaults")
    context = {"kept": kept, "tool": guess_mapping(kept.headings).tool, "form": form, "step": 2}
    return _step(request, access, "console/import_columns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def defaults(request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID) -> HttpResponse:
    """Ask for the values of all rows. POST reads the file and records nothing."""
    if (kept := _open_file(request, access, import_id)) is None:
        return _back(access, import_id)
    form = DefaultsForm(request.POST or None, initial=_initial(kept))
    if request.method == "POST" and form.is_valid():
        choose_mapping(kept, form.choices(read_mapping(kept).columns))
        if _stage(kept, form):
            return _to(access, kept.job)
    context = {"kept": kept, "form": form, "step": 3}
    return _step(request, access, "console/import_defaults.html", context)


def _initial(kept: ImportFile) -> dict[str, Any]:
    """Return the earlier choices, or the ones that most files need."""
    initial = asdict(read_mapping(kept)) | {"note": kept.job.note, "tells": kept.job.tells}
    return initial if kept.job.note else initial | {"purpose": "marketing", "channel": "email"}


def _stage(kept: ImportFile, form: DefaultsForm) -> bool:
    """Read the file. Return whether that succeeded; if not, the form has the reason."""
    data = form.cleaned_data
    try:
        stage_file(kept, note=data["note"], tells=data["tells"], now=timezone.now())
    except (BadPart, ImportNotOpen, Expired) as error:
        form.add_error(None, write_sentence(error))
        return False
    if not kept.job.parts.filter(rows__gt=0).exists():
        form.add_error(None, "The file has headings and no rows.")
        return False
    return True


def _step(
    request: HttpRequest, access: WorkspaceAccess, template: str, context: dict[str, Any]
) -> HttpResponse:
    context |= {"access": access, "page": "imports", "job": context["kept"].job, "steps": STEPS}
    return render(request, template, context, status=422 if context["form"].errors else 200)


def _open_file(
    request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID
) -> ImportFile | None:
    """Return the file whose columns can still be chosen; None for a member who may only view."""
    job = _job(access, import_id)
    if not access.may_change or job.state != Import.State.OPEN:
        return None
    if (kept := find_file(job, now=timezone.now())) is None:
        messages.error(request, "The file is not kept any more: upload it again.")
    return kept


def _back(access: WorkspaceAccess, import_id: uuid.UUID) -> HttpResponse:
    return redirect("console-import", access.workspace.slug, access.mode, import_id)


@require_safe
@for_members
def one_import(request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID) -> HttpResponse:
    """Show what was read, what each row would do, the progress, and the result."""
    job = _job(access, import_id)
    kept = find_file(job, now=timezone.now()) if access.may_change else None
    if kept and job.state == Import.State.OPEN and not job.rows:
        return _to(access, job, "defaults" if kept.chosen else "columns")
    context = {
        "access": access,
        "page": "imports",
        "job": job,
        "kept": kept,
        "foreseen": _foresee(kept) if kept and job.state == Import.State.OPEN else [],
        "good": job.rows - job.bad,
        "groups": group_problems(job),
        "steps": STEPS if kept else {},
        "step": 4 if job.state == Import.State.OPEN else 5,
    }
    return render(request, "console/import.html", context)


def _foresee(kept: ImportFile) -> list[tuple[PreviewedRow, str]]:
    found = preview_rows(kept, now=timezone.now())
    return [(each, DOES[each.does]) for each in found]


@require_safe
@for_members
def bad_rows(
    request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID
) -> HttpResponseBase:
    """Download the rejected rows as uploaded, for members who may upload them again."""
    if not access.may_change:
        raise PermissionDenied
    if (kept := find_file(_job(access, import_id), now=timezone.now())) is None:
        raise Http404
    headers = _named("bad-rows.csv")
    return StreamingHttpResponse(write_bad_rows(kept), content_type=CSV, headers=headers)


@require_safe
@for_members
def exceptions(
    request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID
) -> HttpResponseBase:
    lines = write_problems_csv(_job(access, import_id))
    return StreamingHttpResponse(lines, content_type=CSV, headers=_named("exceptions.csv"))


@require_POST
@for_members
def start(request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID) -> HttpResponse:
    job = _job(access, import_id)
    if job.state == Import.State.OPEN and job.rows <= job.bad:
        messages.error(request, "There is no row that could be taken.")
        return _to(access, job)
    try:
        start_import(job, now=timezone.now())
    except ImportNotOpen as error:
        messages.error(request, write_sentence(error))
    else:
        publish_task("consent.apply_imports")
    return _to(access, job)


@require_POST
@for_members
def cancel(request: HttpRequest, access: WorkspaceAccess, import_id: uuid.UUID) -> HttpResponse:
    job = _job(access, import_id)
    try:
        cancel_import(job, now=timezone.now())
    except ImportNotOpen as error:
        messages.error(request, write_sentence(error))
    return _to(access, job)


def _job(access: WorkspaceAccess, import_id: uuid.UUID) -> Import:
    return get_object_or_404(Import, pk=import_id, brand=access.brand)


def _to(access: WorkspaceAccess, job: Import, step: str = "") -> HttpResponse:
    name = f"console-import-{step}" if step else "console-import"
    return redirect(name, access.workspace.slug, access.mode, job.pk)


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
