"""Counts, rates and reports of what people decided and how brands honoured it."""

from consent.reporting.anomalies import refresh_all_anomalies, refresh_due_anomalies
from consent.reporting.cell_suppression import K as SMALLEST_COUNT
from consent.reporting.cell_suppression import mask_small_total
from consent.reporting.consent_survival import refresh_all_survival, refresh_due_survival
from consent.reporting.contact_reports import InTheFuture, list_contact_reports, report_contact
from consent.reporting.counters import count_new_events, count_refusal, rebuild_all_counts
from consent.reporting.reports.catalogue import REPORTS, NoSuchReport, build_named_report
from consent.reporting.reports.choices import ReportFilter, build_filters, list_brands, name_values
from consent.reporting.reports.exports import (
    EXPORT_TABLES,
    TooManyExports,
    order_export,
    read_export_content,
    write_waiting_exports,
)
from consent.reporting.reports.figures import WITHHELD, Card, Column, Figure, Report, Value
from consent.reporting.reports.files import XLSX, write_figure_csv, write_figure_xlsx
from consent.reporting.reports.names import CodeNames, find_row_brand, read_row_names
from consent.reporting.reports.own import DEFAULT_WEEKS, build_own_report, read_own_query
from consent.reporting.reports.query import (
    DEFAULT_REPORT_DAYS,
    REPORT_FILTERS,
    REPORT_PRESETS,
    BadQuery,
    read_report_query,
)
from consent.reporting.reports.summaries import send_due_summary
from consent.reporting.reports.survival import SURVIVAL_GROUPS
from consent.reporting.reports.weeks import WEEK_PRESETS, list_whole_weeks
from consent.reporting.time_to_honour import refresh_all_honour_times, refresh_due_honour_times

__all__ = [
    "DEFAULT_REPORT_DAYS",
    "DEFAULT_WEEKS",
    "EXPORT_TABLES",
    "REPORTS",
    "REPORT_FILTERS",
    "REPORT_PRESETS",
    "SMALLEST_COUNT",
    "SURVIVAL_GROUPS",
    "WEEK_PRESETS",
    "WITHHELD",
    "XLSX",
    "BadQuery",
    "Card",
    "CodeNames",
    "Column",
    "Figure",
    "InTheFuture",
    "NoSuchReport",
    "Report",
    "ReportFilter",
    "TooManyExports",
    "Value",
    "build_filters",
    "build_named_report",
    "build_own_report",
    "count_new_events",
    "count_refusal",
    "find_row_brand",
    "list_brands",
    "list_contact_reports",
    "list_whole_weeks",
    "mask_small_total",
    "name_values",
    "order_export",
    "read_export_content",
    "read_own_query",
    "read_report_query",
    "read_row_names",
    "rebuild_all_counts",
    "refresh_all_anomalies",
    "refresh_all_honour_times",
    "refresh_all_survival",
    "refresh_due_anomalies",
    "refresh_due_honour_times",
    "refresh_due_survival",
    "report_contact",
    "send_due_summary",
    "write_figure_csv",
    "write_figure_xlsx",
    "write_waiting_exports",
]
