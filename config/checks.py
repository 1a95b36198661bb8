"""System checks that find mistakes in the settings at startup."""

from collections.abc import Sequence
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

SECRETS = (
    *("SECRET_KEY", "IDENTIFIER_PEPPER", "WEBHOOK_SECRETS_KEY", "LINKS_KEY", "RECEIPT_KEY"),
    *("CONTACT_HASHES_KEY", "SESSIONS_KEY", "SECOND_FACTOR_KEY"),
)
#: The minimum length of a secret, in characters.
SHORTEST = 32
OLD_KEYS = (
    *("SECRET_KEY_FALLBACKS", "WEBHOOK_SECRETS_OLD_KEYS", "LINKS_OLD_KEYS", "RECEIPT_OLD_KEYS"),
    *("CONTACT_HASHES_OLD_KEYS", "SESSIONS_OLD_KEYS", "SECOND_FACTOR_OLD_KEYS"),
)


@register()
def secrets_are_set(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEVELOPMENT:
        return []
    return [
        Error(
            f"{name} is not set, or has fewer than {SHORTEST} characters.",
            hint=f"Set {name}: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="config.E001",
        )
        for name in SECRETS
        if _is_weak(getattr(settings, name))
    ]


def _is_weak(secret: str) -> bool:
    return secret.startswith("insecure-") or len(secret) < SHORTEST


@register()
def old_keys_are_secret(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEVELOPMENT:
        return []
    return [
        Error(
            f"{name} has a development default.",
            hint=f"Take it out of {name}: anybody could seal and sign with it.",
            id="config.E008",
        )
        for name in OLD_KEYS
        if any(key.startswith("insecure-") for key in getattr(settings, name))
    ]


@register()
def each_key_has_one_purpose(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    values = [getattr(settings, name) for name in SECRETS]
    if settings.DEVELOPMENT or len(set(values)) == len(values):
        return []
    hint = f"Give each of {', '.join(SECRETS)} a value of its own."
    return [Warning("Two secrets have the same value.", hint=hint, id="config.W002")]


@register()
def mail_is_sent(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Require real mail: codes and links must reach people, and never be in a log or a file."""
    if settings.DEVELOPMENT or settings.EMAIL_BACKEND == "cmr.messages.smtp.Backend":
        return []
    hint = "Set EMAIL_URL, as smtp+tls://user:password@smtp.example.org:587."
    return [Error("Mail is not sent.", hint=hint, id="config.E005")]


@register()
def mail_has_a_sender(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if settings.DEVELOPMENT or (domain and not _is_local(domain)):
        return []
    hint = "Set MAIL_FROM, as CMR <cmr@example.org>."
    return [Error("Mail has no sender.", hint=hint, id="config.E007")]


@register()
def people_reach_us(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    url = urlsplit(settings.PUBLIC_URL)
    if settings.DEVELOPMENT or (url.scheme == "https" and not _is_local(url.hostname or "")):
        return []
    hint = "Set PUBLIC_URL, as https://cmr.example.org: it is in every link that is mailed."
    return [Error("PUBLIC_URL is not public, or without TLS.", hint=hint, id="config.E006")]


def _is_local(host: str) -> bool:
    """Return whether *host* is this machine, a name without a dot, or a private address."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


@register()
def proxies_are_counted(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Require the number of proxies. Web has no TLS, so production has a proxy in front of it."""
    if settings.DEVELOPMENT or settings.TRUSTED_PROXIES is not None:
        return []
    hint = "Set TRUSTED_PROXIES to how many add to X-Forwarded-For, mostly 1; 0 where none does."
    message = "All callers look like one, and share their limits, if there is a proxy before us."
    return [Warning(message, hint=hint, id="config.W001")]


@register()
def loopback_is_for_development(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    if settings.DEVELOPMENT or not settings.OUTBOUND_ALLOW_LOOPBACK:
        return []
    hint = "Unset OUTBOUND_ALLOW_LOOPBACK, or set CMR_ENVIRONMENT=development."
    return [Error("Webhooks may reach this machine itself.", hint=hint, id="config.E002")]


@register()
def streams_leave_threads_free(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    if 0 < settings.STREAMS_AT_ONCE < settings.WEB_THREADS:
        return []
    hint = f"Set STREAMS_AT_ONCE from 1 to {settings.WEB_THREADS - 1}, or have more threads."
    return [Error("Streams could take every thread.", hint=hint, id="config.E004")]


@register()
def uploads_fit_into_buffer(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Require room for an upload in the buffer, of which one caller may use a quarter."""
    if settings.MAX_UPLOAD_BYTES < settings.MAX_BUFFERED_BYTES // 4:
        return []
    hint = "Set MAX_BUFFERED_BYTES to more than four times MAX_UPLOAD_BYTES."
    return [Error("The largest uploads would be refused.", hint=hint, id="config.E010")]


@register()
def attempts_are_limited(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEVELOPMENT or settings.RATE_LIMITS:
        return []
    hint = "Unset ACCOUNT_LIMITS: `off` is for measuring, in development."
    return [Error("Passwords and codes can be guessed without limit.", hint=hint, id="config.E031")]


@register()
def lease_outlives_a_batch(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    longest = settings.DELIVERY_DEADLINE_SECONDS + settings.DELIVERY_BUDGET_SECONDS
    if longest < settings.DELIVERY_LEASE_SECONDS:
        return []
    hint = f"Set DELIVERY_LEASE_SECONDS above {longest:g}: deadline plus budget."
    return [Error("Two workers could send the same events at once.", hint=hint, id="config.E003")]


#: Whether a role is a superuser or owns tables. It names the application's role, because `migrate`
#: connects as the owner.
POWERS = """
SELECT rolsuper, EXISTS (
    SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relkind IN ('r', 'p')
)
FROM pg_roles WHERE rolname = %s
"""


@register(Tags.database)
def application_owns_nothing(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Require a role without special rights. See Note [Roles] in `config.postgres.roles`."""
    found = [_powers(alias) for alias in databases or ()]
    if not any(any(each) for each in found):
        return []
    message = f"The application's role, {settings.APPLICATION_ROLE}, can alter the record."
    hint = (
        "Name a role in DATABASE_URL that is no superuser and owns no table, the owner in "
        "OWNER_DATABASE_URL, and run: manage.py create_roles && manage.py migrate"
    )
    kind = Warning if settings.DEVELOPMENT else Error
    return [kind(message, hint=hint, id="config.E009")]


def _powers(alias: str) -> tuple[bool, ...]:
    with connections[alias].cursor() as cursor:
        cursor.execute(POWERS, [settings.APPLICATION_ROLE])
        return cursor.fetchone() or (False,)
