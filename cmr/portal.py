"""The person's pages. Narrow still: every brand, the three commonest wishes, what changed last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from brands.models import Brand, Channel
from cmr import history, preferences
from cmr.models import Consumer
from cmr.preferences import Wish
from consent import permissions
from consent.ledger import NewChoice
from consent.models import Relationship
from consent.permissions import Permission
from consent.resolution import DecisionKind, Scope
from consent.scopes import Names

PAGE_SIZE = 50

#: What a button on the home page means: decision, purpose, channel, and what we then say.
WISHES: Mapping[str, tuple[DecisionKind, str | None, str | None, str]] = {
    "nothing": ("deny", None, None, "{brand} may send you nothing but what it must."),
    "no_email": ("deny", "marketing", "email", "No more marketing by email from {brand}."),
    "yes_email": ("grant", "marketing", "email", "{brand} may send you marketing by email."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One brand on the home page, its state in words."""

    relationship: Relationship
    marketing: list[str]
    uses: list[str]


class SignIn(auth_views.LoginView):
    template_name = "cmr/sign_in.html"
    redirect_authenticated_user = True


class SignOut(auth_views.LogoutView):
    next_page = "home"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    consumer = _consumer(request)
    if consumer is None:
        if getattr(request.user, "is_staff", False):
            return redirect("opt-outs")
        return render(request, "cmr/welcome.html")
    mine = Relationship.objects.active().filter(person=consumer.subject_id)
    ordered = mine.select_related("brand").order_by("brand__name", "brand__id")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    brand_ids = [relationship.brand_id for relationship in page]
    may = permissions.of_brands(consumer.subject_id, brand_ids, now=timezone.now())
    context = {
        "page": page,
        "rows": [_row(relationship, may[relationship.brand_id]) for relationship in page],
        "history": history.changes(consumer.subject_id, limit=10),
    }
    return render(request, "cmr/home.html", context)


def _row(relationship: Relationship, may: list[Permission]) -> Row:
    allowed = [each for each in may if each.decision.allowed]
    return Row(
        relationship,
        [Channel(e.channel).label for e in allowed if e.purpose == "marketing" and e.channel],
        [e.purpose.replace("_", " ") for e in allowed if e.channel is None],
    )


@require_safe
@login_required
def brands(request: HttpRequest) -> HttpResponse:
    consumer = _consumer(request)
    if consumer is None:
        return redirect("home")
    words = request.GET.get("q", "")[:100].replace("\0", "").strip()
    found = Brand.objects.matching(words).order_by("name", "id")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    active = Relationship.objects.active().filter(person=consumer.subject_id, brand__in=list(page))
    mine = set(active.values_list("brand_id", flat=True))
    return render(request, "cmr/brands.html", {"page": page, "q": words, "mine": mine})


@require_POST
@login_required
def add(request: HttpRequest) -> HttpResponse:
    consumer = _consumer(request)
    brand = get_object_or_404(Brand, slug=_text(request, "brand"))
    if consumer is not None:
        preferences.add_brand(consumer, brand, by="portal", now=timezone.now())
        messages.success(request, f"{brand.name} is now one of your brands.")
    return redirect("home")


@require_POST
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    consumer = _consumer(request)
    brand = get_object_or_404(Brand, slug=_text(request, "brand"))
    wish = WISHES.get(_text(request, "wish"))
    if consumer is None or wish is None:
        return HttpResponse("There is no such wish.", status=422)
    decision, purpose, channel, done = wish
    names = Names(brand=brand.slug, purpose=purpose, channel=channel)
    choice = Wish(names, NewChoice(Scope(), decision))
    preferences.choose(consumer, [choice], by="portal", now=timezone.now())
    messages.success(request, done.format(brand=brand.name))
    return redirect("home")


def _consumer(request: HttpRequest) -> Consumer | None:
    return getattr(request.user, "consumer", None)


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:100].replace("\0", "")
