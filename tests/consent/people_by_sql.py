"""How many people decided, and how many there were, by SQL straight from the streams."""

from __future__ import annotations

from typing import Any

from django.db import connection

from consent.reporting.rates import Period

Wanted = dict[str, list[str]]
DECIDED = {"opted_out": "deny", "opted_in": "grant", "limited": "limit", "paused": "pause"}


def ask(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def conditions(wanted: Wanted) -> tuple[str, list[Any]]:
    columns = {"brand": "b.slug"}
    tests = [f"AND {columns.get(name, 'e.' + name)} = ANY(%s)" for name in wanted]
    return " ".join(tests), list(wanted.values())


def decided(kind: str, period: Period, wanted: Wanted) -> int:
    """Return how many people decided so, by the streams themselves."""
    more, values = conditions(wanted)
    ((number,),) = ask(
        "SELECT count(DISTINCT (e.brand_id, e.subject)) FROM brands_event e"
        " JOIN brands_brand b ON b.id = e.brand_id WHERE e.decision = %s"
        f" AND (e.timestamp AT TIME ZONE 'UTC')::date BETWEEN %s AND %s {more}",
        kind,
        period.first,
        period.last,
        *values,
    )
    return int(number)


def there(period: Period, wanted: Wanted) -> int:
    """Return how many relationships there were at any time: each `started` up to its `ended`."""
    more, values = conditions({"brand": wanted["brand"]} if "brand" in wanted else {})
    ((number,),) = ask(
        "WITH spans AS (SELECT e.brand_id, e.subject, e.type, e.timestamp,"
        " lead(e.timestamp) OVER (PARTITION BY e.brand_id, e.subject ORDER BY e.sequence) AS over"
        " FROM brands_event e JOIN brands_brand b ON b.id = e.brand_id"
        f" WHERE e.type IN ('relationship.started', 'relationship.ended') {more})"
        " SELECT count(DISTINCT (brand_id, subject)) FROM spans"
        " WHERE type = 'relationship.started'"
        " AND (timestamp AT TIME ZONE 'UTC')::date <= %s"
        " AND (over IS NULL OR (over AT TIME ZONE 'UTC')::date >= %s)",
        *values,
        period.last,
        period.first,
    )
    return int(number)
