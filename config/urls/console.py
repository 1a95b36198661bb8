"""Pages of the people who work for a brand."""

from django.urls import path

from cmr.console import campaigns as console_campaigns
from cmr.console import catalogue as console_catalogue
from cmr.console import imports as console_imports
from cmr.console import inbox, team, trial, webhook_acts, workspaces
from cmr.console import inlets as console_inlets
from cmr.console import keys as console_keys
from cmr.console import reports as console_reports
from cmr.console import requests as console_requests
from cmr.console import webhooks as console_webhooks

MODE = "console/<slug:workspace>/<str:mode>"
HOOK = f"{MODE}/webhooks/<uuid:subscription_id>"
ONE_IMPORT = f"{MODE}/imports/<uuid:import_id>"

urlpatterns = [
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
]
