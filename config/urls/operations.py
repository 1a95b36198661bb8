"""The documentation, and what programs look for at known paths."""

from django.urls import path
from django.views.generic import RedirectView

from config import documentation, health, metrics, wellknown

urlpatterns = [
    path("docs/", documentation.show_page, name="docs"),
    path("docs/cmr-client.zip", documentation.download_client),
    path("docs/reference", RedirectView.as_view(pattern_name="api-explorer")),
    path("docs/<path:path>", documentation.show_page),
    path(".well-known/jwks.json", wellknown.jwks, name="jwks"),
    path(".well-known/gpc.json", wellknown.gpc, name="gpc"),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]
