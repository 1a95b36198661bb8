"""A person's calls of the API."""

from django.urls import path

from cmr.api import (
    checking,
    choices,
    contact_reports,
    contacts,
    data,
    honouring,
    my_permission_requests,
    profile,
    receipts,
    senders,
    sign_in,
    tokens,
)
from cmr.api import relationships as brands_of_mine

urlpatterns = [
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
    path("api/v1/me/permission-requests", my_permission_requests.PermissionRequests.as_view()),
    path(
        "api/v1/me/permission-requests/<uuid:request_id>",
        my_permission_requests.OnePermissionRequest.as_view(),
    ),
    path("api/v1/me/export", data.Export.as_view()),
    path("api/v1/me/contact-reports", contact_reports.ContactReportsView.as_view()),
    path("api/v1/me/relationships", brands_of_mine.Relationships.as_view()),
    path("api/v1/me/relationships/<slug:brand>", brands_of_mine.OneRelationship.as_view()),
    path("api/v1/me/senders", senders.Senders.as_view()),
    path("api/v1/me/purposes", brands_of_mine.PersonPurposes.as_view()),
    path("api/v1/brands/<slug:brand>/topics", brands_of_mine.BrandTopics.as_view()),
    path("api/v1/me/choices", choices.Choices.as_view()),
    path("api/v1/me/check", checking.Check.as_view()),
    path("api/v1/me/preferences", choices.Preferences.as_view()),
    path("api/v1/me/history", choices.History.as_view()),
    path("api/v1/me/history/<uuid:entry_id>/receipt", receipts.Receipt.as_view()),
    path("api/v1/me/history/<uuid:entry_id>/propagation", honouring.Propagation.as_view()),
]
