"""The whole map on one screen."""

from django.contrib import admin
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from brands.api import attempts, brand, catalogue, event_types, events, subscriptions
from cmr import portal
from cmr.api import choices, honouring, profile, sign_in
from cmr.api import relationships as brands_of_mine
from cmr.guessing import limited
from config import health, metrics
from consent import pages
from consent.api import batches, checks, relationships, reports, sends, suppressions

ONE_SUBSCRIPTION = "api/v1/subscriptions/<uuid:subscription_id>"

urlpatterns = [
    path("api/v1/check", checks.Check.as_view()),  # first, since it is asked before every send
    path("", portal.home, name="home"),
    path("brands", portal.brands, name="brands"),
    path("choose", portal.choose, name="choose"),
    path("add", portal.add, name="add"),
    path("sign-in", limited(portal.SignIn.as_view()), name="sign-in"),
    path("sign-out", portal.SignOut.as_view(), name="sign-out"),
    path("reports/opt-outs", pages.opt_outs, name="opt-outs"),
    path("admin/login/", limited(admin.site.login)),
    path("admin/", admin.site.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    # The API: anybody
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/v1/session", sign_in.Session.as_view()),
    path("api/v1/session/end", sign_in.SignOut.as_view()),
    path("api/v1/tokens", sign_in.Tokens.as_view()),
    # The API: consumers
    path("api/v1/tokens/current", sign_in.CurrentToken.as_view()),
    path("api/v1/brands", brands_of_mine.Directory.as_view()),
    path("api/v1/me", profile.Profile.as_view()),
    path("api/v1/me/relationships", brands_of_mine.Relationships.as_view()),
    path("api/v1/me/relationships/<slug:brand>", brands_of_mine.OneRelationship.as_view()),
    path("api/v1/me/choices", choices.Choices.as_view()),
    path("api/v1/me/preferences", choices.Preferences.as_view()),
    path("api/v1/me/history", choices.History.as_view()),
    path("api/v1/me/history/<uuid:entry_id>/propagation", honouring.Propagation.as_view()),
    # The API: brands
    path("api/v1/checks", batches.Checks.as_view()),
    path("api/v1/checks/stream", batches.Stream.as_view()),
    path("api/v1/suppressions", suppressions.Suppressions.as_view()),
    path("api/v1/sends/reserve", sends.Reserve.as_view()),
    path("api/v1/sends/<uuid:send_id>", sends.OneSend.as_view()),
    path("api/v1/relationships", relationships.Relationships.as_view()),
    path("api/v1/choices", relationships.Choices.as_view()),
    path("api/v1/events", events.Events.as_view()),
    path("api/v1/event-types", event_types.EventTypes.as_view()),
    path("api/v1/events/overdue", events.Overdue.as_view()),
    path("api/v1/events/ack", events.Acknowledge.as_view()),
    path("api/v1/subscriptions", subscriptions.Subscriptions.as_view()),
    path(ONE_SUBSCRIPTION, subscriptions.OneSubscription.as_view()),
    path(f"{ONE_SUBSCRIPTION}/rotate", subscriptions.Rotate.as_view()),
    path(f"{ONE_SUBSCRIPTION}/enable", subscriptions.Enable.as_view()),
    path(f"{ONE_SUBSCRIPTION}/jwks.json", subscriptions.Jwks.as_view()),
    path(f"{ONE_SUBSCRIPTION}/disable", subscriptions.Disable.as_view()),
    path(f"{ONE_SUBSCRIPTION}/seek", subscriptions.Seek.as_view()),
    path(f"{ONE_SUBSCRIPTION}/ping", subscriptions.Ping.as_view()),
    path(f"{ONE_SUBSCRIPTION}/attempts", attempts.Attempts.as_view()),
    path(f"{ONE_SUBSCRIPTION}/parked", attempts.Parked.as_view()),
    path(f"{ONE_SUBSCRIPTION}/replay", attempts.Replay.as_view()),
    path("api/v1/brand", brand.Ours.as_view()),
    path("api/v1/brand/purposes", catalogue.Purposes.as_view()),
    path("api/v1/brand/topics", catalogue.Topics.as_view()),
    # The API: admins
    path("api/v1/reports/opt-outs", reports.OptOuts.as_view()),
]

handler400 = "config.problems.bad_request"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"
