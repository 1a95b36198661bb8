"""Every page there is, by name."""

from __future__ import annotations

from tests.browser.world import HOOK, World


def public(world: World) -> dict[str, str]:
    """The pages that need no login."""
    return {
        "welcome": "/",
        "sign-up": "/account/signup/",
        "sign-in": "/account/login/",
        "sign-in-by-code": "/account/login/code/",
        "password-forgotten": "/account/password/reset/",
        "unsubscribe": f"/u/{world.link}",
        "preferences": f"/p/{world.link}",
        "bad-link": "/u/nothing",
        "link": "/link",
        "verify-receipt": "/receipts/verify",
        "erased": "/erased",
    }


def documentation() -> dict[str, str]:
    """One of each kind."""
    return {
        "docs": "/docs/",
        "docs-quickstart": "/docs/quickstart",
        "docs-guide": "/docs/webhooks",
        "docs-program": "/docs/examples/brand/brand.py",
        "docs-events": "/docs/events",
        "docs-search": "/docs/search?q=retry",
    }


def of_admins(world: World) -> dict[str, str]:
    """The reports."""
    return {
        "reports": "/reports/?days=90",
        "reports-breakdown": "/reports/opt-outs?days=90&by=brand",
        "reports-campaigns": "/reports/campaigns?days=90",
        "reports-reasons": "/reports/reasons?days=90",
        "reports-survival": "/reports/survival?by=source",
        "reports-honour": "/reports/honour?days=90",
        "reports-contacts": "/reports/contacts",
        "reports-power": "/reports/power",
        "reports-mailboxes": "/reports/mailboxes",
        "reports-files": "/reports/files",
        "reports-key": "/reports/own/key",
    }


def of_brands() -> dict[str, str]:
    """A brand's own reports."""
    return {"reports-own": "/reports/own?weeks=13"}


def of_developers() -> dict[str, str]:
    """The console's, of the workspace of `world.developer`."""
    here = "/console/acme"
    return {
        "console-new": "/console/new",
        "console": f"{here}/test/",
        "console-live": f"{here}/live/",
        "console-keys": f"{here}/test/keys",
        "console-new-key": f"{here}/test/keys/new",
        "console-catalogue": f"{here}/test/catalogue",
        "console-topic": f"{here}/test/catalogue/topics/weekly-offers",
        "console-new-notice": f"{here}/test/catalogue/new-notice",
        "console-notice": f"{here}/test/catalogue/notices/newsletter",
        "console-webhooks": f"{here}/test/webhooks",
        "console-new-webhook": f"{here}/test/webhooks/new",
        "console-webhook": f"{here}/test/webhooks/{HOOK}",
        "console-edit-webhook": f"{here}/test/webhooks/{HOOK}/edit",
        "console-delete-webhook": f"{here}/test/webhooks/{HOOK}/delete",
        "console-events": f"{here}/test/events",
        "console-event": f"{here}/test/events/2",
        "console-inlets": f"{here}/test/inlets",
        "console-new-inlet": f"{here}/test/inlets/new",
        "console-mails": f"{here}/test/mails",
        "console-imports": f"{here}/live/imports",
        "console-requests": f"{here}/live/requests",
        "console-ask": f"{here}/live/requests/new",
        "console-campaigns": f"{here}/live/campaigns",
        "console-reports": f"{here}/live/reports?weeks=13",
        "console-no-reports": f"{here}/test/reports",
        "console-team": f"{here}/team",
        "console-domain": f"{here}/domain",
    }


def own(world: World) -> dict[str, str]:
    """The consumer's, after `world.fill_mailbox`."""
    return {
        "home": "/",
        "company": "/companies/stargaze-tv.example",
        "company-asked": "/companies/tidy-home.example",
        "company-group": "/companies/googlegroups.com",
        "brand": "/brands/acme",
        "brand-of-nobody": "/brands/rival",
        "contacted": "/brands/acme/contacted",
        "find-brands": "/brands",
        "find-companies": "/companies/find",
        "delete-mailbox": "/companies/delete",
        "requests": "/asked",
        "passed-on": "/companies/passed-on",
        "first-day": "/welcome/you",
        "first-day-choices": "/welcome/choices",
        "first-day-companies": "/welcome/companies",
        "first-day-passkey": "/welcome/passkey",
        "history": "/history",
        "change": f"/history/{world.entry.pk}",
        "receipt": f"/history/{world.entry.pk}/receipt",
        "reported": "/reported",
        "you": "/you",
        "addresses": "/you/addresses",
        "signing-in": "/you/security",
        "tokens": "/you/tokens",
        "confirm": "/you/confirm",
        "factors": "/account/factors/",
        "sessions": "/account/sessions/",
        "set-password": "/account/password/change/",
        "your-data": "/you/data",
    }
