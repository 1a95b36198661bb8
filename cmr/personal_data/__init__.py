"""A person's own data: history, export and erasure."""

from cmr.personal_data.erasure import erase_account
from cmr.personal_data.export import build_export_tables, write_csv_export, write_json_export
from cmr.personal_data.history import HistoryCursor, NamedEntry, list_changes, name_entries

__all__ = [
    "HistoryCursor",
    "NamedEntry",
    "build_export_tables",
    "erase_account",
    "list_changes",
    "name_entries",
    "write_csv_export",
    "write_json_export",
]
