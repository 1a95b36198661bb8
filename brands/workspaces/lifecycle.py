"""Life cycle of workspaces: create one, make it live, close its brands."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from itertools import chain, count
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from brands import catalogue
from brands.models import Brand, BrandKey, Subscription, Topic, Workspace
from core import http

#: Slugs that a workspace must not have, because they are pages of the console.
RESERVED = ("new", "join")


class BadDomain(ValueError):
    """The domain is not a public host name; the message says why."""


class DomainTaken(Exception):
    """Another workspace has proven this domain; a member of it can invite."""


def begin_workspace(*, name: str, domain: str, now: datetime) -> Workspace:
    """Create a workspace with a test brand, which is usable at once. Return the workspace.

    Raises:
        BadDomain, DomainTaken
    """
    host = read_domain(domain)
    if Workspace.objects.filter(domain=host).exclude(proven_at=None).exists():
        raise DomainTaken("another workspace has this domain")
    with transaction.atomic():
        slug = _free_slug(name, Workspace)
        test = Brand.objects.create(slug=_free_slug(f"{slug}-test", Brand), name=name, test=True)
        return Workspace.objects.create(
            slug=slug,
            name=name,
            domain=host,
            challenge=secrets.token_urlsafe(24),
            test=test,
            created_at=now,
        )


def make_workspace_live(workspace: Workspace, *, now: datetime) -> Brand:
    """Give a workspace whose domain is proven its live brand. Return the brand.

    It is the directory's brand with this web site, or a new brand if there is none.

    Raises:
        DomainTaken: another workspace proved the domain first.
    """
    try:
        with transaction.atomic():
            live = _in_directory(workspace.domain) or _new_brand(workspace)
            adopt_live_brand(workspace, live, now=now)
    except IntegrityError as error:
        raise DomainTaken("another workspace has this domain") from error
    return live


def close_brands(brands: Sequence[Brand], *, now: datetime) -> None:
    """Revoke all keys of *brands* and remove their webhooks. Call it in a transaction.

    People's choices about the brands stay in force.
    """
    BrandKey.objects.filter(brand__in=brands, revoked_at=None).update(revoked_at=now)
    hooks = Subscription.objects.filter(brand__in=brands).exclude(disabled_reason="removed")
    hooks.update(disabled_at=now, disabled_reason="removed")


def adopt_live_brand(workspace: Workspace, live: Brand, *, now: datetime) -> None:
    """Make *live* the workspace's live brand. Copy the test brand's topics and notices to it."""
    workspace.live, workspace.proven_at = live, now
    workspace.save(update_fields=["live", "proven_at"])
    copy_topics(workspace)
    copy_notices(workspace, now=now)


def copy_topics(workspace: Workspace) -> int:
    """Copy the test brand's topics that the live brand lacks. Return how many were copied."""
    held = set(Topic.objects.filter(brand=workspace.live).values_list("code", flat=True))
    offered = Topic.objects.filter(brand=workspace.test, retired_at=None)
    new = [
        Topic(brand=workspace.live, purpose_id=t.purpose_id, code=t.code, name=t.name)
        for t in offered.exclude(code__in=held)
    ]
    return len(Topic.objects.bulk_create(new))


def copy_notices(workspace: Workspace, *, now: datetime) -> int:
    """Copy the test brand's notices that the live brand lacks. Return how many were copied.

    Only the newest version is copied, as version 1.
    """
    assert workspace.live is not None
    held = {each.code for each in catalogue.find_current_notices(workspace.live)}
    new = [each for each in catalogue.find_current_notices(workspace.test) if each.code not in held]
    for each in new:
        catalogue.write_notice(workspace.live, code=each.code, texts=each.texts, now=now)
    return len(new)


def find_proven_domain(brand: Brand) -> str:
    """Return the domain that the brand's company has proven; "" if it has proven none."""
    theirs = Workspace.objects.filter(Q(test=brand) | Q(live=brand), proven_at__isnull=False)
    return theirs.values_list("domain", flat=True).first() or ""


def read_domain(text: str) -> str:
    """Return the host name in *text*, which may be a whole URL, without a leading `www.`.

    Raises:
        BadDomain
    """
    text = text.strip().lower()
    host = (urlsplit(text).netloc if "://" in text else text.partition("/")[0]).removeprefix("www.")
    try:
        url = http.check_url(f"https://{host}/")
    except (http.ForbiddenUrl, ValueError) as error:
        raise BadDomain("this is not the name of a public website") from error
    is_name = "." in host and re.search(r"[a-z]", host) and not url.explicit_port
    if not is_name and not settings.OUTBOUND_ALLOW_LOOPBACK:
        raise BadDomain("give only the name, as in acme.example")
    return url.raw_authority.removesuffix(".")


def _in_directory(domain: str) -> Brand | None:
    """Return the directory's brand with this web site that belongs to no workspace, or None."""
    free = Brand.objects.live().filter(workspace_of_live=None, website__icontains=domain)
    mine = (each for each in free.order_by("pk") if _host(each.website) == domain)
    return next(mine, None)


def _host(website: str) -> str:
    text = website if "://" in website else f"//{website}"
    return urlsplit(text.lower()).netloc.removeprefix("www.")


def _new_brand(workspace: Workspace) -> Brand:
    slug = _free_slug(workspace.name, Brand)
    website = f"https://{workspace.domain}"
    return Brand.objects.create(slug=slug, name=workspace.name, website=website)


def _free_slug(name: str, model: type[Brand] | type[Workspace]) -> str:
    """Return the slug of *name*, with a number appended if it is taken. Example: `acme-2`."""
    base = slugify(name)[:45] or "brand"
    taken = set(model.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken.update(RESERVED)
    numbered = (f"{base}-{n}" for n in count(2))
    return next(each for each in chain([base], numbered) if each not in taken)
