"""The catalogue: purposes, the brand's topics, and the notices that people are shown."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from brands import workspaces
from brands.catalogue import (
    BadNotice,
    OtherTopic,
    TooManyNotices,
    TooManyTopics,
    TopicCannotBeRefused,
    UnknownTopicPurpose,
    create_topic,
    find_current_notices,
    list_notice_versions,
    rename_topic,
    withdraw_topic,
    write_notice,
)
from brands.models import JurisdictionRegime, Purpose, Topic
from cmr.console.access import WorkspaceAccess, for_members
from cmr.console.forms import NewNoticeForm, NoticeForm, TopicForm, TopicNameForm
from core.problem_details import write_sentence

PAGE_SIZE = 50
VERSIONS = 20
BAD_TOPIC = (
    UnknownTopicPurpose,
    TopicCannotBeRefused,
    OtherTopic,
    TooManyTopics,
)
BAD_NOTICE = (BadNotice, TooManyNotices)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def catalogue(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Show purposes, topics and notices. POST creates a topic."""
    form = TopicForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _make_topic(request, access, form):
        return _back(access)
    mine = Topic.objects.filter(brand=access.brand).order_by(
        F("retired_at").desc(nulls_first=True), "name", "pk"
    )
    context = {
        "access": access,
        "page": "catalogue",
        "form": form,
        "purposes": _purposes(),
        "topics": Paginator(mine.select_related("purpose"), PAGE_SIZE).get_page(
            request.GET.get("page")
        ),
        "notices": find_current_notices(access.brand),
    }
    return render(request, "console/catalogue.html", context, status=422 if form.errors else 200)


def _purposes() -> list[Purpose]:
    rows = JurisdictionRegime.objects.order_by("jurisdiction", "channel")
    found = Purpose.objects.order_by("position")
    return list(found.prefetch_related(Prefetch("regimes", queryset=rows)))


def _make_topic(request: HttpRequest, access: WorkspaceAccess, form: TopicForm) -> bool:
    try:
        topic, is_new = create_topic(access.brand, **form.cleaned_data)
    except BAD_TOPIC as error:
        form.add_error(None, write_sentence(error))
        return False
    messages.success(request, f"{topic.name} is {'a topic now' if is_new else 'there'}.")
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def topic(request: HttpRequest, access: WorkspaceAccess, code: str) -> HttpResponse:
    """Show one topic. POST renames it."""
    one = get_object_or_404(Topic.objects.select_related("purpose"), brand=access.brand, code=code)
    form = TopicNameForm(request.POST or None, initial={"name": one.name})
    if request.method == "POST" and form.is_valid():
        rename_topic(one, form.cleaned_data["name"])
        messages.success(request, f"It is called {one.name} now.")
        return _back(access)
    context = {"access": access, "page": "catalogue", "topic": one, "form": form}
    return render(request, "console/topic.html", context, status=422 if form.errors else 200)


@require_POST
@for_members
def retire_topic(request: HttpRequest, access: WorkspaceAccess, code: str) -> HttpResponse:
    one = get_object_or_404(Topic, brand=access.brand, code=code)
    withdraw_topic(one, now=timezone.now())
    messages.success(request, f"{one.name} is offered to nobody any more.")
    return _back(access)


@require_POST
@for_members
def bring_back_topic(request: HttpRequest, access: WorkspaceAccess, code: str) -> HttpResponse:
    one = get_object_or_404(Topic, brand=access.brand, code=code)
    try:
        create_topic(access.brand, code=one.code, name=one.name, purpose=one.purpose_id)
    except BAD_TOPIC as error:
        messages.error(request, write_sentence(error))
    else:
        messages.success(request, f"{one.name} is offered again.")
    return _back(access)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def new_notice(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    form = NewNoticeForm(request.POST or None, texts={})
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        if list_notice_versions(access.brand, code):
            form.add_error("code", "There is one of this code; its next version is on its page.")
        elif _write(request, access, form, code):
            return redirect(f"{access.path}/catalogue/notices/{code}")
    context = {"access": access, "page": "catalogue", "form": form}
    return render(request, "console/new_notice.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def notice(request: HttpRequest, access: WorkspaceAccess, code: str) -> HttpResponse:
    """Show one notice in all its versions. POST writes the next version."""
    if not (versions := list_notice_versions(access.brand, code)):
        raise Http404
    form = NoticeForm(request.POST or None, texts=versions[0].texts)
    if request.method == "POST" and form.is_valid() and _write(request, access, form, code):
        return redirect(f"{access.path}/catalogue/notices/{code}")
    context = {
        "access": access,
        "page": "catalogue",
        "form": form,
        "code": code,
        "current": versions[0],
        "versions": Paginator(versions, VERSIONS).get_page(request.GET.get("page")),
    }
    return render(request, "console/notice.html", context, status=422 if form.errors else 200)


def _write(request: HttpRequest, access: WorkspaceAccess, form: NoticeForm, code: str) -> bool:
    try:
        version, is_new = write_notice(
            access.brand, code=code, texts=form.texts(), now=timezone.now()
        )
    except BAD_NOTICE as error:
        form.add_error(None, write_sentence(error))
        return False
    said = f"{version} is what people are shown now." if is_new else "That is how it reads already."
    messages.success(request, said)
    return True


@require_POST
@for_members
def copy(request: HttpRequest, access: WorkspaceAccess) -> HttpResponse:
    """Copy the test mode's catalogue to live mode."""
    if access.workspace.live_id is not None:
        new_topics = workspaces.copy_topics(access.workspace)
        new_notices = workspaces.copy_notices(access.workspace, now=timezone.now())
        said = f"Taken over: {new_topics} topics, {new_notices} notices."
        messages.success(request, said)
    return redirect("console-catalogue", workspace=access.workspace.slug, mode="live")


def _back(access: WorkspaceAccess) -> HttpResponse:
    return redirect("console-catalogue", workspace=access.workspace.slug, mode=access.mode)
