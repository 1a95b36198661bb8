"""The URLs of the whole project, by who comes in: a person, a brand, an administrator, anyone."""

from config.urls import (
    api_brand,
    api_consumer,
    api_public,
    console,
    operations,
    portal,
    public,
    reports,
)

urlpatterns = [
    *api_brand.urlpatterns,  # first: a brand calls the check before every send
    *api_consumer.urlpatterns,
    *api_public.urlpatterns,
    *public.urlpatterns,
    *portal.urlpatterns,
    *console.urlpatterns,
    *reports.urlpatterns,
    *operations.urlpatterns,
]

handler400 = "config.problems.bad_request"
handler404 = "config.problems.not_found"
handler500 = "config.problems.server_error"
