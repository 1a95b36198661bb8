"""The URLs of the whole project."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from brands.api import (
    attempts,
    brand,
    campaigns,
    catalogue,
    event_types,
    events,
    keys,
    subscriptions,
)
from cmr.api import (
    asking,
    checking,
    choices,
    contact_reports,
    contacts,
    data,
    honouring,
    inbound,
    inlets,
    permission_requests,
    profile,
    receipts,
    sign_in,
    test_mode,
    tokens,
)
from cmr.api import links as brand_links
from cmr.api import relationships as brands_of_mine
from cmr.console import campaigns as console_campaigns
from cmr.console import catalogue as console_catalogue
from cmr.console import imports as console_imports
from cmr.console import inbox, team, trial, webhook_acts, workspaces
from cmr.console import inlets as console_inlets
from cmr.console import keys as console_keys
from cmr.console import reports as console_reports
from cmr.console import requests as console_requests
from cmr.console import webhooks as console_webhooks
from cmr.portal import (
    addresses,
    asked,
    choosing,
    confirming_by_code,
    directory,
    home,
    past,
    proof,
    public,
    recovering,
    security,
    you,
)
from cmr.portal import brand as brand_page
from cmr.portal import data as own_data
from cmr.portal.steady import steady
from config import documentation, health, metrics, wellknown
from consent.api import (
    batches,
    checks,
    exports,
    imports,
    relationships,
    reports,
    sends,
    suppressions,
)
from consent.pages import views as report_pages

MODE = "console/<slug:workspace>/<str:mode>"
HOOK = f"{MODE}/webhooks/<uuid:subscription_id>"
ONE_IMPORT = f"{MODE}/imports/<uuid:import_id>"
ONE_SUBSCRIPTION = "api/v1/subscriptions/<uuid:subscription_id>"

urlpatterns = [
    path("api/v1/check", checks.Check.as_view()),  # first, because it is called before every send
    # Public pages
    path("", home.home, name="home"),
    path("u/<str:token>", public.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/", public.unsubscribe),  # the form that some mail programs write
    path("p/<str:token>", public.preferences, name="preferences"),
    path("p/<str:token>/", public.preferences),
    path("inbound/mail/<slug:provider>/<str:secret>", inlets.receive, name="inlet"),
    path("inbound/sms/<slug:provider>/<str:secret>", inlets.receive, name="sms-inlet"),
    path("link", steady(public.ask_for_link), name="link"),
    path("recover/<str:token>", recovering.recover, name="recover"),
    path("erased", own_data.erased, name="erased"),
    path("language", set_language, name="language"),
    path("account/login/", steady(account.login), name="account_login"),
    path(
        "account/login/code/",
        steady(account.request_login_code),
        name="account_request_login_code",
    ),
    path("account/signup/", steady(account.signup), name="account_signup"),
    path("account/password/reset/", steady(account.password_reset), name="account_reset_password"),
    path(
        "account/confirm-email/",
        steady(account.email_verification_sent),
        name="account_email_verification_sent",
    ),
    path("account/email/", RedirectView.as_view(pattern_name="addresses"), name="account_email"),
    path("account/", include("allauth.account.urls")),
    path("account/factors/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    # Pages of consumers
    path("brands", directory.brands, name="brands"),
    path("brands/<slug:slug>", brand_page.brand, name="brand"),
    path("brands/<slug:slug>/end", brand_page.end, name="end-relationship"),
    path("brands/<slug:slug>/contacted", brand_page.contacted, name="contacted"),
    path("choose", choosing.choose, name="choose"),
    path("undo", choosing.undo, name="undo"),
    path("explain", choosing.explain, name="explain"),
    path("add", directory.add, name="add"),
    path("asked", asked.asked, name="asked"),
    path("asked/<uuid:request_id>", asked.answer, name="answer"),
    path("history", past.changes, name="history"),
    path("history/<uuid:entry_id>", past.change, name="change"),
    path("history/<uuid:entry_id>/receipt", proof.receipt, name="receipt"),
    path("history/<uuid:entry_id>/receipt.jws", proof.download, name="receipt-download"),
    path("reported", past.reports, name="reports"),
    path("you", you.you, name="you"),
    path("you/addresses", addresses.addresses, name="addresses"),
    path("you/addresses/add", addresses.add_address, name="add-address"),
    path("you/addresses/prove/<int:pending_id>", addresses.prove_address, name="prove-address"),
    path("you/addresses/remove/<int:point_id>", addresses.remove_address, name="remove-address"),
    path(
        "you/addresses/restore/<int:removed_id>", addresses.restore_address, name="restore-address"
    ),
    path("you/confirm", confirming_by_code.confirm_by_code, name="confirm-by-code"),
    path("you/security", security.security, name="security"),
    path("you/security/end", security.sign_out_everywhere, name="sign-out-everywhere"),
    path("you/tokens", security.tokens, name="tokens"),
    path("you/tokens/<int:token_id>/revoke", security.revoke_token, name="revoke-token"),
    path("you/data", own_data.data, name="data"),
    path("you/data.json", own_data.download, {"form": "json"}, name="download-json"),
    path("you/data.zip", own_data.download, {"form": "zip"}, name="download-csv"),
    path("you/erase", own_data.erase, name="erase"),
    # Pages of the people who work for a brand
    path("console/", workspaces.index, name="console-index"),
    path("console/new", workspaces.begin, name="console-new"),
    path("console/join/<str:token>", team.join, name="console-join"),
    path("console/<slug:workspace>/domain", workspaces.domain, name="console-domain"),
    path("console/<slug:workspace>/team", team.team, name="console-team"),
    path("console/<slug:workspace>/team/close", team.close, name="console-close"),
    path("console/<slug:workspace>/team/<int:member_id>", team.change, name="console-member"),
    path(
        "console/<slug:workspace>/team/invitations/<int:invitation_id>/withdraw",
        team.withdraw,
        name="console-withdraw",
    ),
    path(f"{MODE}/", workspaces.overview, name="console"),
    path(f"{MODE}/keys", console_keys.keys, name="console-keys"),
    path(f"{MODE}/keys/links", console_keys.rotate_link_key, name="console-rotate-link-key"),
    path(f"{MODE}/keys/new", console_keys.issue, name="console-issue-key"),
    path(f"{MODE}/keys/<int:key_id>/rotate", console_keys.rotate, name="console-rotate-key"),
    path(f"{MODE}/keys/<int:key_id>/revoke", console_keys.revoke, name="console-revoke-key"),
    path(f"{MODE}/catalogue", console_catalogue.catalogue, name="console-catalogue"),
    path(f"{MODE}/catalogue/copy", console_catalogue.copy, name="console-copy-topics"),
    path(f"{MODE}/catalogue/topics/<slug:code>", console_catalogue.topic, name="console-topic"),
    path(
        f"{MODE}/catalogue/topics/<slug:code>/retire",
        console_catalogue.retire_topic,
        name="console-retire-topic",
    ),
    path(
        f"{MODE}/catalogue/topics/<slug:code>/bring-back",
        console_catalogue.bring_back_topic,
        name="console-bring-back-topic",
    ),
    path(f"{MODE}/catalogue/new-notice", console_catalogue.new_notice, name="console-new-notice"),
    path(f"{MODE}/catalogue/notices/<slug:code>", console_catalogue.notice, name="console-notice"),
    path(f"{MODE}/webhooks", console_webhooks.webhooks, name="console-webhooks"),
    path(f"{MODE}/webhooks/new", console_webhooks.subscribe, name="console-new-webhook"),
    path(HOOK, console_webhooks.webhook, name="console-webhook"),
    path(f"{HOOK}/edit", console_webhooks.edit, name="console-edit-webhook"),
    path(f"{HOOK}/delete", console_webhooks.delete, name="console-delete-webhook"),
    path(f"{HOOK}/ping", webhook_acts.ping, name="console-ping"),
    path(f"{HOOK}/enable", webhook_acts.enable, name="console-enable"),
    path(f"{HOOK}/disable", webhook_acts.disable, name="console-disable"),
    path(f"{HOOK}/rotate", webhook_acts.rotate, name="console-rotate-secret"),
    path(f"{HOOK}/seek", webhook_acts.seek, name="console-seek"),
    path(f"{HOOK}/replay", webhook_acts.replay, name="console-replay"),
    path(f"{HOOK}/replay-parked", webhook_acts.replay_parked, name="console-replay-parked"),
    path(f"{MODE}/events", inbox.events, name="console-events"),
    path(f"{MODE}/events/happen", trial.happen, name="console-happen"),
    path(f"{MODE}/events/<int:sequence>", inbox.event, name="console-event"),
    path(
        f"{MODE}/events/<int:sequence>/again/<uuid:subscription_id>",
        inbox.send_again,
        name="console-send-again",
    ),
    path(f"{MODE}/inlets", console_inlets.inlets, name="console-inlets"),
    path(f"{MODE}/inlets/new", console_inlets.open_inlet, name="console-new-inlet"),
    path(f"{MODE}/inlets/<uuid:inlet_id>/key", console_inlets.set_key, name="console-inlet-key"),
    path(
        f"{MODE}/inlets/<uuid:inlet_id>/country",
        console_inlets.set_country,
        name="console-inlet-country",
    ),
    path(f"{MODE}/inlets/<uuid:inlet_id>/close", console_inlets.close, name="console-close-inlet"),
    path(f"{MODE}/mails", trial.mails, name="console-mails"),
    path(f"{MODE}/imports", console_imports.imports, name="console-imports"),
    path(f"{MODE}/imports/template.csv", console_imports.template, name="console-import-template"),
    path(ONE_IMPORT, console_imports.one_import, name="console-import"),
    path(f"{ONE_IMPORT}/columns", console_imports.columns, name="console-import-columns"),
    path(f"{ONE_IMPORT}/defaults", console_imports.defaults, name="console-import-defaults"),
    path(f"{ONE_IMPORT}/bad-rows.csv", console_imports.bad_rows, name="console-bad-rows"),
    path(f"{ONE_IMPORT}/exceptions.csv", console_imports.exceptions, name="console-exceptions"),
    path(f"{ONE_IMPORT}/start", console_imports.start, name="console-start-import"),
    path(f"{ONE_IMPORT}/cancel", console_imports.cancel, name="console-cancel-import"),
    path(f"{MODE}/requests", console_requests.requests, name="console-requests"),
    path(f"{MODE}/requests/new", console_requests.ask, name="console-ask"),
    path(f"{MODE}/campaigns", console_campaigns.campaigns, name="console-campaigns"),
    path(
        f"{MODE}/campaigns/<int:campaign_id>", console_campaigns.campaign, name="console-campaign"
    ),
    path(f"{MODE}/reports", console_reports.reports, name="console-reports"),
    # Pages of administrators, and a brand's own reports
    path("reports/", report_pages.report, name="reports-overview"),
    path("reports/files", report_pages.order_export, name="reports-exports"),
    path("reports/files/<uuid:export_id>", report_pages.download, name="reports-download"),
    path("reports/own", report_pages.own_report, name="reports-own"),
    path("reports/own/key", report_pages.key, name="reports-key"),
    path("reports/own/close", report_pages.lock, name="reports-lock"),
    path("reports/<slug:name>", report_pages.report, name="report"),
    path("admin/", admin.site.urls),
    path("receipts/verify", proof.verify, name="verify-receipt"),
    # The documentation
    path("docs/", documentation.show_page, name="docs"),
    path("docs/cmr-client.zip", documentation.download_client),
    path("docs/reference", RedirectView.as_view(pattern_name="api-explorer")),
    path("docs/<path:path>", documentation.show_page),
    # What programs look for at known paths
    path(".well-known/jwks.json", wellknown.jwks, name="jwks"),
    path(".well-known/gpc.json", wellknown.gpc, name="gpc"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    # The API: anybody
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-explorer"),
    path("api/v1/session", sign_in.Session.as_view()),
    path("api/v1/session/end", sign_in.SignOut.as_view()),
    path("api/v1/receipts/verify", receipts.Verification.as_view()),
    path("api/v1/tokens", sign_in.Tokens.as_view()),
    # The API: consumers
    path("api/v1/tokens/current", sign_in.CurrentToken.as_view()),
    path("api/v1/brands", brands_of_mine.Directory.as_view()),
    path("api/v1/me", profile.Profile.as_view()),
    path("api/v1/me/contact-points", contacts.ContactPoints.as_view()),
    path("api/v1/me/tokens", tokens.Tokens.as_view()),
    path("api/v1/me/tokens/<int:token_id>", tokens.OneToken.as_view()),
    path("api/v1/me/removed-contact-points", contacts.RemovedContactPoints.as_view()),
    path(
        "api/v1/me/removed-contact-points/<int:removed_id>/restore",
        contacts.Restoration.as_view(),
    ),
    path("api/v1/me/contact-points/<int:point_id>", contacts.OneContactPoint.as_view()),
    path(
        "api/v1/me/contact-points/<int:pending_id>/verify",
        contacts.ContactPointVerification.as_view(),
    ),
    path("api/v1/imports", imports.Imports.as_view()),
    path("api/v1/imports/<uuid:import_id>", imports.OneImport.as_view()),
    path("api/v1/imports/<uuid:import_id>/parts/<int:number>", imports.Part.as_view()),
    path("api/v1/imports/<uuid:import_id>/start", imports.Start.as_view()),
    path("api/v1/imports/<uuid:import_id>/exceptions", imports.Exceptions.as_view()),
    path("api/v1/links", brand_links.Links.as_view()),
    path("api/v1/links/key", brand_links.LinkKey.as_view()),
    path("api/v1/links/key/rotate", brand_links.LinkKeyRotation.as_view()),
    path("api/v1/inbound/sms", inbound.Sms.as_view()),
    path("api/v1/inbound/mail", inbound.Mail.as_view()),
    path("api/v1/inbound/inlets", inlets.Inlets.as_view()),
    path("api/v1/inbound/inlets/<uuid:inlet_id>", inlets.OneInlet.as_view()),
    path("api/v1/permission-requests", permission_requests.PermissionRequests.as_view()),
    path(
        "api/v1/permission-requests/<uuid:request_id>",
        permission_requests.OnePermissionRequest.as_view(),
    ),
    path("api/v1/me/permission-requests", asking.PermissionRequests.as_view()),
    path("api/v1/me/permission-requests/<uuid:request_id>", asking.OnePermissionRequest.as_view()),
    path("api/v1/me/export", data.Export.as_view()),
    path("api/v1/me/contact-reports", contact_reports.ContactReportsView.as_view()),
    path("api/v1/me/relationships", brands_of_mine.Relationships.as_view()),
    path("api/v1/me/relationships/<slug:brand>", brands_of_mine.OneRelationship.as_view()),
    path("api/v1/me/purposes", brands_of_mine.PersonPurposes.as_view()),
    path("api/v1/brands/<slug:brand>/topics", brands_of_mine.BrandTopics.as_view()),
    path("api/v1/me/choices", choices.Choices.as_view()),
    path("api/v1/me/check", checking.Check.as_view()),
    path("api/v1/me/preferences", choices.Preferences.as_view()),
    path("api/v1/me/history", choices.History.as_view()),
    path("api/v1/me/history/<uuid:entry_id>/receipt", receipts.Receipt.as_view()),
    path("api/v1/me/history/<uuid:entry_id>/propagation", honouring.Propagation.as_view()),
    # The API: brands
    path("api/v1/checks", batches.Checks.as_view()),
    path("api/v1/checks/stream", batches.Stream.as_view()),
    path("api/v1/exports/preferences", exports.Preferences.as_view()),
    path("api/v1/suppressions", suppressions.Suppressions.as_view()),
    path("api/v1/sends/reserve", sends.Reserve.as_view()),
    path("api/v1/sends/<uuid:send_id>", sends.OneSend.as_view()),
    path("api/v1/relationships", relationships.Relationships.as_view()),
    path("api/v1/choices", relationships.Choices.as_view()),
    path("api/v1/events", events.Events.as_view()),
    path("api/v1/event-types", event_types.EventTypes.as_view()),
    path("api/v1/events/newest", events.NewestEvent.as_view()),
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
    path("api/v1/keys", keys.Keys.as_view()),
    path("api/v1/keys/current", keys.CurrentKey.as_view()),
    path("api/v1/keys/<int:key_id>", keys.OneKey.as_view()),
    path("api/v1/keys/<int:key_id>/rotate", keys.Rotation.as_view()),
    path("api/v1/test/choices", test_mode.Choices.as_view()),
    path("api/v1/test/relationships/end", test_mode.End.as_view()),
    path(
        "api/v1/test/permission-requests/<uuid:request_id>/answer",
        test_mode.AnswerRequest.as_view(),
    ),
    path("api/v1/test/mails", test_mode.Mails.as_view()),
    path("api/v1/brand", brand.Ours.as_view()),
    path("api/v1/brand/purposes", catalogue.Purposes.as_view()),
    path("api/v1/brand/topics", catalogue.Topics.as_view()),
    path("api/v1/brand/topics/<slug:code>", catalogue.OneTopic.as_view()),
    path("api/v1/brand/notices", catalogue.Notices.as_view()),
    path("api/v1/brand/notices/<slug:code>", catalogue.OneNotice.as_view()),
    path("api/v1/campaigns", campaigns.Campaigns.as_view()),
    path("api/v1/campaigns/stats", campaigns.ManyStats.as_view()),
    path("api/v1/campaigns/<str:code>", campaigns.OneCampaign.as_view()),
    path("api/v1/campaigns/<str:code>/stats", campaigns.Stats.as_view()),
    path("api/v1/reports/own", reports.OwnReport.as_view()),
    # The API: admins
    path("api/v1/reports/<slug:name>", reports.AdminReport.as_view()),
]

handler400 = "config.problems.bad_request"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"
