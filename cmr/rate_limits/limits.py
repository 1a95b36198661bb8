"""Rate limits: one table of limits and one shared store, for every entry point.

The counts are rows in PostgreSQL (ADR 31). All web processes share them, and neither a restart nor
a flushed broker or cache loses them. If they cannot be read, the attempt is refused.
"""

from __future__ import annotations

import hmac
import math
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from rest_framework.throttling import BaseThrottle

from cmr.models.user import sign_in_name
from cmr.rate_limits.callers import group_address
from core.errors import DomainError

#: By action, and by what is counted. The caller is counted first: once it is refused, nothing else
#: of the attempt is counted, so nobody can use up another person's limit from one place. Short
#: windows come before long ones for the same reason. `docs/operations.md` has the same table.
LIMITS: dict[str, dict[str, str]] = {
    # A password entered, anywhere. Correct ones are not counted.
    "password": {
        "caller": "30 per 5 minutes; 200 per day",
        "address and caller": "5 per 5 minutes; 30 per day",
        "address": "20 per hour; 60 per day",
    },
    # A mailed code entered: sign-in, sign-up, password reset.
    "code": {
        "caller": "30 per 10 minutes; 200 per day",
        "address": "10 per 15 minutes; 50 per day",
    },
    # A code of an authenticator app, or a recovery code, entered. Correct ones are not counted.
    "second factor": {
        "caller": "30 per 10 minutes; 200 per day",
        "account": "5 per 5 minutes; 20 per hour; 50 per day",
    },
    # A passkey presented.
    "passkey": {"caller": "30 per 5 minutes"},
    # The code of a new address or number entered, over all accounts that try to prove it.
    "address code": {
        "account": "20 per hour; 50 per day",
        "address": "5 per 15 minutes; 10 per 6 hours; 15 per day",
    },
    # A form that sends a mail to any address.
    "mail request": {
        "caller": "20 per 10 minutes; 100 per day",
        "address and caller": "3 per 10 minutes; 8 per day",
    },
    # A mail to an address, of any kind that another person can trigger.
    "mail": {"address": "3 per 10 minutes; 10 per day"},
    # A code sent to an address or a number that a person adds to their account.
    "address code sent": {"account": "10 per hour; 30 per day"},
    # Such a code to an address, over all accounts. It is separate from "mail", because a stranger
    # must not use up the mails by which its owner signs in.
    "address code mail": {"address": "3 per 10 minutes; 5 per day"},
    # A text message to a number. Each one costs money.
    "text message": {
        "account": "5 per hour; 10 per day",
        "number": "3 per hour; 5 per day",
    },
    "sign-up": {"caller": "20 per hour; 100 per day"},
    # Withdrawn invitations count as well.
    "invitation": {"address": "3 per day", "workspace": "20 per day"},
    "workspace": {"account": "5 per day"},
    # Reading files of mail in the browser: a scan begins, and sends its mails in batches.
    "mailbox scan": {"account": "60 per hour; 300 per day"},
    "mailbox batch": {"account": "4000 per hour"},
    # A password entered for a person's own mail server. Correct ones are not counted. Nobody may
    # try passwords of other people's mailboxes by us.
    "mailbox sign-in": {
        "caller": "20 per hour; 60 per day",
        "account": "10 per hour; 30 per day",
    },
    # A mail that arrives at a person's forwarding address.
    "forwarded mail": {"account": "300 per hour; 2000 per day"},
    # A brand's key entered to open its reports.
    "key": {"caller": "20 per 5 minutes"},
}


class TooManyAttempts(DomainError):
    """A limit is reached. `wait` is the number of seconds until its window ends."""

    status = 429
    code = "throttled"

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait: int = wait

    def __str__(self) -> str:
        """Return how long to wait, as a sentence in the reader's language."""
        return _("Too many attempts. Try again in %(time)s.") % {"time": _describe_time(self.wait)}


class LimitsUnavailable(Exception):
    """The counts cannot be read, so every limited action is refused."""


@dataclass(frozen=True, slots=True)
class CountedAttempt:
    """The counts that one attempt was added to."""

    counted: tuple[tuple[RateLimitItem, tuple[str, ...]], ...] = ()

    def give_back(self) -> None:
        """Remove the attempt from the counts, because it succeeded and so was no guess."""
        for item, key in self.counted:
            _limiter.hit(item, *key, cost=-1)


def count_attempt(
    action: str, *, request: HttpRequest | None = None, **counted_by: str | int
) -> CountedAttempt:
    """Count one attempt under every key that `LIMITS` lists for *action*.

    Call it outside a transaction, because a rollback would undo the count.

    Raises:
        TooManyAttempts, LimitsUnavailable
    """
    if not settings.RATE_LIMITS:
        return CountedAttempt()
    parts = {name: _normalise(name, value) for name, value in counted_by.items()}
    if request is not None:
        parts["caller"] = find_caller(request)
    counted: list[tuple[RateLimitItem, tuple[str, ...]]] = []
    for per, rates in LIMITS[action].items():
        key = (action, per, *(parts[name] for name in per.split(" and ")))
        for item in parse_many(rates):
            _hit(item, key)
            counted.append((item, key))
    return CountedAttempt(tuple(counted))


def count_attempt_quietly(action: str, *, address: str) -> bool:
    """Count one attempt and return whether it is allowed, for answers that must not reveal it.

    Raises:
        LimitsUnavailable
    """
    try:
        count_attempt(action, address=address)
    except TooManyAttempts:
        return False
    return True


def use_secret_once(secret: str, *, seconds: int) -> bool:
    """Return whether this is the first use of *secret* within *seconds*, in any process.

    Raises:
        LimitsUnavailable
    """
    try:
        return _storage.incr(f"used/{secret}", seconds) == 1
    except StorageError as error:
        raise LimitsUnavailable from error


def find_caller(request: HttpRequest) -> str:
    """Return the key of the caller, read behind as many proxies as are trusted."""
    return group_address(BaseThrottle().get_ident(request))  # type: ignore[arg-type]  # reads META


def delete_expired_counts() -> int:
    """Delete the counts whose window has ended. Return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cmr_ratelimitcount WHERE expires_at <= statement_timestamp()")
        return int(cursor.rowcount)


def _normalise(name: str, value: str | int) -> str:
    """Return an address in one spelling, so that all its spellings share one count."""
    return sign_in_name(str(value)) if name == "address" else str(value)


def _hit(item: RateLimitItem, key: tuple[str, ...]) -> None:
    try:
        if _limiter.hit(item, *key):
            return
        ends = _limiter.get_window_stats(item, *key).reset_time
    except StorageError as error:
        raise LimitsUnavailable from error
    raise TooManyAttempts(max(1, math.ceil(ends - time.time())))


def _describe_time(seconds: int) -> str:
    if seconds < 120:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds < 7200:
        minutes = math.ceil(seconds / 60)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = math.ceil(seconds / 3600)
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


# -- The store -----------------------------------------------------------------------------------

#: The count is one statement, so simultaneous attempts cannot pass together. A count whose window
#: has ended restarts with this attempt. The database's clock is the same for all web hosts.
COUNT = """
INSERT INTO cmr_ratelimitcount AS held (key, count, expires_at)
VALUES (%(key)s, GREATEST(%(amount)s, 0),
        statement_timestamp() + %(expiry)s * interval '1 second')
ON CONFLICT (key) DO UPDATE SET
    count = GREATEST(%(amount)s + CASE WHEN held.expires_at <= statement_timestamp()
                                       THEN 0 ELSE held.count END, 0),
    expires_at = CASE WHEN held.expires_at <= statement_timestamp()
                      THEN EXCLUDED.expires_at ELSE held.expires_at END
RETURNING count
"""
HELD = """
SELECT count, extract(epoch FROM expires_at - statement_timestamp())
FROM cmr_ratelimitcount WHERE key = %(key)s AND expires_at > statement_timestamp()
"""


class TableStorage(Storage):
    """Storage of the package `limits` that keeps counts in a table, under keyed digests."""

    STORAGE_SCHEME = ["cmr+table"]

    @property
    def base_exceptions(self) -> type[Exception]:
        return Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        values: dict[str, str | int] = {"key": _digest(key), "expiry": expiry, "amount": amount}
        # Durable: inside another transaction this is an error, because its rollback would undo it.
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(COUNT, values)
            return int(cursor.fetchone()[0])

    def get(self, key: str) -> int:
        return self._held(key)[0]

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds of this process's clock."""
        return time.time() + self._held(key)[1]

    def _held(self, key: str) -> tuple[int, float]:
        with connection.cursor() as cursor:
            cursor.execute(HELD, {"key": _digest(key)})
            count, seconds = cursor.fetchone() or (0, 0)
        return int(count), float(seconds)

    def check(self) -> bool:
        self.get("check")
        return True

    def reset(self) -> int | None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM cmr_ratelimitcount")
            return int(cursor.rowcount)

    def clear(self, key: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM cmr_ratelimitcount WHERE key = %s", [_digest(key)])


def _digest(key: str) -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), key.encode(), "sha256").hex()


_storage = TableStorage(wrap_exceptions=True)
_limiter = FixedWindowRateLimiter(_storage)
