"""Calls of the API that need no account, and its description."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from cmr.api import (
    receipts,
    sign_in,
)

urlpatterns = [
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-explorer"),
    path("api/v1/session", sign_in.Session.as_view()),
    path("api/v1/session/end", sign_in.SignOut.as_view()),
    path("api/v1/receipts/verify", receipts.Verification.as_view()),
    path("api/v1/tokens", sign_in.Tokens.as_view()),
]
