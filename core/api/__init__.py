"""Shared parts of all APIs: fields, pages, query parameters, conditional requests, versions."""

from core.api.conditional_requests import (
    ETAG,
    IF_MATCH,
    IF_NONE_MATCH,
    answer_unless_unchanged,
    check_if_match,
    compute_etag,
)
from core.api.fields import (
    Day,
    Moment,
    NamingField,
    Page,
    QueryNumber,
    StrictSerializer,
    describe_list,
)
from core.api.pagination import (
    answer_page,
    check_moment,
    cut_list,
    cut_page,
    read_cursor,
    write_cursor,
)
from core.api.query_parameters import QueryView
from core.api.versions import (
    API_VERSIONS,
    VERSION_ENDINGS,
    VERSION_HEADER,
    VersionEnding,
    read_requested_version,
)

__all__ = [
    "API_VERSIONS",
    "ETAG",
    "IF_MATCH",
    "IF_NONE_MATCH",
    "VERSION_ENDINGS",
    "VERSION_HEADER",
    "Day",
    "Moment",
    "NamingField",
    "Page",
    "QueryNumber",
    "QueryView",
    "StrictSerializer",
    "VersionEnding",
    "answer_page",
    "answer_unless_unchanged",
    "check_if_match",
    "check_moment",
    "compute_etag",
    "cut_list",
    "cut_page",
    "describe_list",
    "read_cursor",
    "read_requested_version",
    "write_cursor",
]
