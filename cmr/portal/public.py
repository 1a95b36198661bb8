"""Pages without a sign-in: one-click unsubscribe, a brand's preferences, and asking for a link."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from brands import workspaces
from brands.models import Channel, Notice, Topic
from cmr import choices, messages, permission_requests, personal_data
from cmr.choices import BadLink, Link, LinkNotProven
from cmr.models import Answer, PermissionRequest
from cmr.portal import letters, words
from cmr.portal.choosing import (
    REFUSED,
    TAKES_BACK,
    InvalidChoice,
    build_terms,
    in_words,
    read_choice,
)
from consent import checks, identity, rules
from consent.checks import Permission
from consent.ledger import NewChoice
from consent.models import LedgerEntry

LinkView = Callable[[HttpRequest, Link], HttpResponse]


def with_link(view: LinkView) -> Callable[[HttpRequest, str], HttpResponse]:
    """Read the URL's link and pass it to the view. For a bad link, say how to get a good one."""

    @wraps(view)
    def guarded_view(request: HttpRequest, token: str) -> HttpResponse:
        try:
            link = choices.read_link(token, now=timezone.now())
        except BadLink:
            return render(request, "cmr/bad_link.html", status=404)
        response = view(request, link)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"  # the URL grants access to the page
        response["X-Robots-Tag"] = "noindex"
        return response

    return guarded_view


@csrf_exempt  # RFC 8058: a mail program posts here, without cookies or an earlier page of ours
@require_http_methods(["GET", "HEAD", "POST"])
@with_link
def unsubscribe(request: HttpRequest, link: Link) -> HttpResponse:
    """Unsubscribe on POST (RFC 8058), any number of times. GET only shows the button."""
    if request.method == "POST":
        choices.unsubscribe_by_link(link, now=timezone.now())
    context = {
        "link": link,
        "brand": link.relationship.brand,
        "what": _what(link),
        "token": link.token,
        "is_done": request.method == "POST",
        "is_connected": workspaces.is_brand_connected(link.relationship.brand, now=timezone.now()),
    }
    return render(request, "cmr/unsubscribe.html", context)


def _what(link: Link) -> str:
    what = words.purpose(link.purpose)
    if link.topic:
        named = Topic.objects.filter(brand=link.relationship.brand_id, code=link.topic)
        what = "“%s”" % (named.values_list("name", flat=True).first() or link.topic)
    if link.channel:
        what = _("%(what)s by %(channel)s") % {"what": what, "channel": words.channel(link.channel)}
    return what


@csrf_exempt  # the secret URL is what grants access
@require_http_methods(["GET", "HEAD", "POST"])
@with_link
def preferences(request: HttpRequest, link: Link) -> HttpResponse:
    """Show what one brand may do. POST changes it for the holder of a link from its mail."""
    error, said, is_refused = "", "", False
    if request.method == "POST":
        try:
            with transaction.atomic():
                if getattr(request, "gpc", False):  # Note [GPC]; before the person's own choice
                    choices.apply_gpc_signal_to_brand(link.relationship, now=timezone.now())
                said = (_answer if "asked" in request.POST else _say)(request, link)
        except REFUSED as wrong:
            error = in_words(wrong)
        except permission_requests.AlreadyAnswered:
            error = _("You had answered this already.")
        except LinkNotProven:
            is_refused = True  # the page says why, and how to get another link
        link = choices.read_link(link.token, now=timezone.now())  # a consent has used it up
    typed = request.POST if error else {}
    context = _page(link) | {"error": error, "said": said, "is_refused": is_refused, "typed": typed}
    status = 422 if error or is_refused else 200
    return render(request, "cmr/preferences.html", context, status=status)


def _say(request: HttpRequest, link: Link) -> str:
    """Record the button's choice, and return it in words.

    Raises:
        InvalidChoice, LinkNotProven
    """
    now, wish = timezone.now(), read_choice(request.POST.get("say", ""))
    if wish.names.contact_point is not None:
        raise InvalidChoice(_("There is no such choice."))
    names = rules.ScopeNames(
        link.relationship.brand.slug, wish.names.purpose, wish.names.channel, wish.names.topic
    )
    if kinds := TAKES_BACK.get(wish.decision):
        scope = rules.resolve_scope_names(names, decision="clear")
        entry = choices.clear_link_choices(link, scope, kinds, now=now)[0]
    else:
        terms = build_terms(request, wish.decision, now)
        scope = rules.resolve_scope_names(names, decision=terms.decision)
        entry = choices.record_link_choice(link, NewChoice(scope, terms), now=now)
    return _describe(entry)


def _answer(request: HttpRequest, link: Link) -> str:
    """Record the answer to the brand's request, and return it in words.

    Raises:
        InvalidChoice, LinkNotProven, permission_requests.AlreadyAnswered
    """
    if not link.proven:
        raise LinkNotProven
    now, known = timezone.now(), [each for each, _notice in _questions(link)]
    one = next((each for each in known if str(each.pk) == request.POST["asked"]), None)
    given = request.POST.get("answer", "")
    if one is None or given not in Answer.values:
        raise InvalidChoice(_("There is no such answer."))
    with transaction.atomic():
        if given == Answer.YES:
            choices.use_link_once(link)
        entries = permission_requests.answer_request(
            one, Answer(given), by=choices.LINK_SOURCE, now=now
        )
    return _describe(entries[0])


def _describe(entry: LedgerEntry) -> str:
    """Return a choice in words, without an address: somebody else may have the link."""
    return words.describe_decision(personal_data.name_entries([entry], with_addresses=False)[0])


def _questions(link: Link) -> list[tuple[PermissionRequest, Notice | None]]:
    """Return the brand's open requests with their notices, if the link may answer them."""
    relationship = link.relationship
    waiting = permission_requests.list_waiting_requests(
        relationship.person_id, brand_id=relationship.brand_id
    )
    return permission_requests.pair_with_notices(waiting, get_language()) if link.proven else []


def _page(link: Link) -> dict[str, Any]:
    relationship, now = link.relationship, timezone.now()
    person, brand = relationship.person_id, relationship.brand
    may = checks.list_brand_permissions(person, [relationship], now=now)[brand.pk]
    shown = Topic.objects.selectable(brand, chosen=[each.topic for each in may])
    topics = list(shown.order_by("name", "pk"))
    names = {topic.code: topic.name for topic in topics}
    about = checks.list_topic_permissions(
        person, [relationship], [(each.purpose_id, each.code) for each in topics], now=now
    )
    optional = [each for each in may if each.decision.rule != "required" and not each.topic]
    return {
        "link": link,
        "brand": brand,
        "asked": [
            (each, notice, names.get(each.topic or "", "")) for each, notice in _questions(link)
        ],
        "is_over": relationship.ended_at is not None,
        "messages_by": _by_purpose([e for e in optional if e.channel]),
        "uses": [e for e in optional if e.channel is None],
        "topics": [
            (topic, next(e for e in about if e.topic == topic.code and e.channel == _via(link)))
            for topic in topics
        ],
        "via": _via(link),
    }


def _via(link: Link) -> str:
    """Return the channel that topics are shown for: the channel of the link's mail."""
    return link.channel or Channel.EMAIL.value


def _by_purpose(may: list[Permission]) -> list[tuple[str, list[Permission]]]:
    codes = dict.fromkeys(each.purpose for each in may)
    return [(code, [each for each in may if each.purpose == code]) for code in codes]


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Send the links to one's preference pages. The answer is the same for any address."""
    address, error = request.POST.get("email", "").replace("\0", "")[:320], ""
    if request.method == "POST":
        try:
            letters.send_links(address, now=timezone.now())
        except identity.InvalidAddress:
            error = _("This is not an e-mail address.")
        except messages.CannotReach:
            error = _("Our mail server cannot send to this address.")
    context = {"address": address, "error": error, "sent": request.method == "POST" and not error}
    return render(request, "cmr/link.html", context, status=422 if error else 200)
