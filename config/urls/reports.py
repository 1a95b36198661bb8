"""Reports: pages and calls of administrators, and a brand's own."""

from django.contrib import admin
from django.urls import path

from cmr.portal import mailbox_counts
from consent.api import (
    reports,
)
from consent.pages import views as report_pages

urlpatterns = [
    path("reports/", report_pages.report, name="reports-overview"),
    path("reports/files", report_pages.order_export, name="reports-exports"),
    path("reports/files/<uuid:export_id>", report_pages.download, name="reports-download"),
    path("reports/own", report_pages.own_report, name="reports-own"),
    path("reports/own/key", report_pages.key, name="reports-key"),
    path("reports/own/close", report_pages.lock, name="reports-lock"),
    path("reports/mailboxes", mailbox_counts.mailbox_counts, name="mailbox-counts"),
    path("reports/<slug:name>", report_pages.report, name="report"),
    path("admin/", admin.site.urls),
    path("api/v1/reports/<slug:name>", reports.AdminReport.as_view()),
]
