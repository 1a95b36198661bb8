"""Settings mistakes, found at start and not at the first webhook."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

SECRETS = (
    *("SECRET_KEY", "IDENTIFIER_PEPPER", "WEBHOOK_SECRETS_KEY", "LINKS_KEY", "RECEIPT_KEY"),
    *("CONTACT_HASHES_KEY", "SESSIONS_KEY", "SECOND_FACTOR_KEY"),
)


@register()
def secrets_are_set(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEVELOPMENT:
        return []
    return [
        Error(
            f"{name} has its development default.",
            hint=f"Set {name} to 32 random bytes, base64. `make run` makes its own.",
            id="config.E001",
        )
        for name in SECRETS
        if getattr(settings, name).startswith("insecure-")
    ]


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
