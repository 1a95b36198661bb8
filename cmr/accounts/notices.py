"""Notifications to all of a person's addresses about changes to the access to their account.

An attacker who takes over an account must not be able to change it unseen. Addresses that were
removed in the last days are notified too, because an attacker would remove them first.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from cmr import messages
from cmr.accounts import recovery_links
from cmr.messages import NewMessage
from cmr.models import Consumer, ContactKind, User


class AccountChange(Enum):
    """The kind of change. Its value is the text of the message, with placeholders for names."""

    ADDRESS_ADDED = gettext_noop("%(address)s was added to your account.")
    ADDRESS_REMOVED = gettext_noop("%(address)s was removed from your account.")
    ADDRESS_RESTORED = gettext_noop("%(address)s was restored to your account.")
    ACCOUNT_RECOVERED = gettext_noop(
        "Your account was taken back by a link in a mail to %(address)s. Your password was "
        "removed, all sessions and programs were signed out."
    )
    TOKEN_MADE = gettext_noop("A token was made for the program “%(name)s”.")
    FACTOR_ADDED = gettext_noop("A passkey or a second factor was added.")
    FACTOR_REMOVED = gettext_noop("A passkey or a second factor was removed.")
    RECOVERY_CODES_MADE = gettext_noop("New recovery codes were made.")
    PASSWORD_SET = gettext_noop("A password was set for your account.")
    PASSWORD_CHANGED = gettext_noop("Your password was changed.")
    PASSWORD_RESET = gettext_noop("Your password was reset by a code.")
    ACCOUNT_ERASED = gettext_noop("Your account was erased.")


IF_NOT_YOU = gettext_lazy(
    "If it was not you: sign in with a code, change your password if you have one, sign out "
    "everywhere, and look through your addresses. Remove those that are not yours. What was "
    "removed can be restored for seven days."
)
IF_NOT_YOU_ERASED = gettext_lazy(
    "If it was not you: sign up again with the address you first signed up with. What you chose "
    "for brands is kept."
)
IF_NOT_YOU_TAKE_BACK = gettext_lazy(
    "If it was not you: this link takes your account back. You then sign in with this address. "
    "The link removes the password and each new passkey and second factor, and signs out "
    "everybody else. It works once, within seven days."
)

#: Changes whose messages contain no recovery link. Against a token, signing out everywhere is
#: enough. An erased account cannot be recovered. After a recovery, a thief must not get a link that
#: works after the owner's.
WITHOUT_LINK = {
    AccountChange.TOKEN_MADE,
    AccountChange.ACCOUNT_ERASED,
    AccountChange.ACCOUNT_RECOVERED,
}


def notify_owner(
    user: User, change: AccountChange, *, now: datetime, but_not: Collection[str] = (), **named: Any
) -> None:
    """Notify the addresses of *user* of a change, except *but_not*.

    *named* contains the names in the text of *change*. Call it in the transaction of the change.
    """
    messages.add_messages(
        build_notifications(user, change, now=now, but_not=but_not, **named), now=now
    )


def build_notifications(
    user: User, change: AccountChange, *, now: datetime, but_not: Collection[str] = (), **named: Any
) -> list[NewMessage]:
    """Return the messages that `notify_owner` would send.

    Use it for an account that no longer exists when they are sent.
    """
    links = {} if change in WITHOUT_LINK else recovery_links.build_recovery_links(user, now=now)
    with translation.override(_find_language(user)):
        what = _(change.value) % named
        return [
            _write(kind, to, what, _advice(change, links.get(to)), now)
            for kind, to in _addresses(user, now=now)
            if to not in but_not
        ]


def notify_removed_address(user: User, address: str, *, now: datetime) -> None:
    """Notify a removed address, with the recovery link if it may recover the account."""
    link = recovery_links.build_recovery_links(user, now=now).get(address)
    with translation.override(_find_language(user)):
        what = _(AccountChange.ADDRESS_REMOVED.value) % {"address": address}
        advice = _advice(AccountChange.ADDRESS_REMOVED, link)
        messages.add_messages([_write(ContactKind.EMAIL, address, what, advice, now)], now=now)


def _write(kind: str, to: str, what: str, advice: str, now: datetime) -> NewMessage:
    page = settings.PUBLIC_URL + reverse("security")
    if kind == ContactKind.PHONE:
        text = _("CMR: %(what)s If it was not you: %(page)s") % {"what": what, "page": page}
        return NewMessage(kind, to, "", text)
    when = timezone.localtime(now, timezone.get_default_timezone())
    lines = [what, _("When: %s (UTC)") % when.strftime("%Y-%m-%d %H:%M"), advice]
    lines.append(_("If it was you, there is nothing to do."))
    return NewMessage(kind, to, _("Your CMR account was changed"), "\n\n".join(lines) + "\n")


def _advice(change: AccountChange, link: str | None) -> str:
    if link:
        return f"{IF_NOT_YOU_TAKE_BACK}\n\n{link}"
    if change == AccountChange.ACCOUNT_ERASED:
        return f"{IF_NOT_YOU_ERASED}\n\n{settings.PUBLIC_URL}{reverse('account_signup')}"
    return f"{IF_NOT_YOU}\n\n{settings.PUBLIC_URL}{reverse('security')}"


def _find_language(user: User) -> str:
    consumer = _find_consumer(user)
    chosen = consumer.language if consumer else ""
    return chosen or translation.get_language() or settings.LANGUAGE_CODE


def _find_consumer(user: User) -> Consumer | None:
    return getattr(user, "consumer", None)


def _addresses(user: User, *, now: datetime) -> list[tuple[str, str]]:
    """Return kind and value of all addresses to notify.

    An account without a consumer has only its own address.
    """
    if (consumer := _find_consumer(user)) is None:
        return [(ContactKind.EMAIL, user.email)]
    proved = list(consumer.contact_points.order_by("pk").values_list("kind", "value"))
    held = consumer.removed_addresses.held(now).filter(recovers_account=True)
    told = proved + list(held.order_by("pk").values_list("kind", "value"))
    return [each for each in told if each[0] == ContactKind.EMAIL or messages.is_sms_possible()]
