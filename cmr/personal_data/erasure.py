"""Erasing an account.

Note [Erasure]. Erased: the account, its addresses in clear, its tokens, factors and sessions, the
person's place of residence and quiet hours, the messages they reported, everything that was read in
their mailbox, and what brands wrote about them (`consent.ledger.text_erasure`).

Kept: the ledger, under an id that names nobody; the keyed digests that find it; and for each brand,
the sealed hash of the address that the brand gave us or received from us. They are needed for a
brand that still holds the address. Without them, checks would answer as if its owner had never
refused, the brand's list would omit the person, and the brand could see that the account is gone.
Proving the address again restores all of it.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q

from brands import idempotency
from cmr import accounts, choices, mailbox, members, messages, sign_in
from cmr.accounts import AccountChange
from cmr.choices import ChoiceRequest
from cmr.models import Consumer, PermissionRequest, RemovedAddress
from consent import ledger, preferences
from consent.ledger import ChoiceTerms, PersonalWords
from consent.models import Subject
from consent.rules import ScopeNames


def erase_account(consumer: Consumer, *, first_stop: bool, by: str, now: datetime) -> None:
    """Erase the account. With *first_stop*, first refuse everything of every brand.

    Its addresses are notified. Messages that still wait for them are deleted.

    Raises:
        members.LastOwner: a workspace would be left without an owner.
    """
    with transaction.atomic():
        ledger.lock_subject(consumer.subject_id)
        members.leave_all_workspaces(consumer.user)
        if first_stop:
            nothing = ChoiceRequest(ScopeNames(), ChoiceTerms("deny"))
            choices.record_choices(consumer, [nothing], by=by, now=now)
        letters = accounts.build_notifications(consumer.user, AccountChange.ACCOUNT_ERASED, now=now)
        addresses = _addresses(consumer)
        words = PersonalWords(addresses)
        ledger.erase_texts(consumer.subject_id, words)
        _erase_requests(consumer.subject_id, words)
        _erase_from_admin_log(words)
        _forget(consumer)
        messages.delete_messages_to(addresses)
        messages.add_messages(letters, now=now)


def _addresses(consumer: Consumer) -> list[str]:
    proved = consumer.contact_points.values_list("value", flat=True)
    removed = RemovedAddress.objects.filter(consumer=consumer).values_list("value", flat=True)
    return sorted({consumer.user.email, *proved, *removed})


def _erase_requests(person_id: uuid.UUID, words: PersonalWords) -> None:
    """Blank the evidence of all requests, and the texts in which an address is found.

    The brand can read everything of a request except its evidence.
    """
    asked = PermissionRequest.objects.filter(relationship__person=person_id)
    asked.exclude(evidence="").update(evidence="")
    for each in asked:
        if words.are_in(each.text) or words.are_in(each.notice):
            PermissionRequest.objects.filter(pk=each.pk).update(text="", notice="")


def _erase_from_admin_log(words: PersonalWords) -> None:
    """Blank the entries of Django's admin log that contain one of the addresses."""
    for address in words.addresses:
        named = Q(object_repr__icontains=address) | Q(change_message__icontains=address)
        LogEntry.objects.filter(named).update(object_repr="", change_message="")


def _forget(consumer: Consumer) -> None:
    user = consumer.user
    Subject.objects.filter(pk=consumer.subject_id).update(
        jurisdiction=None, time_zone="", quiet_start=None, quiet_end=None
    )
    preferences.erase_past_profiles(consumer.subject_id)
    consumer.contact_points.all().delete()
    consumer.tokens.all().delete()
    sign_in.end_all_sessions(user)
    idempotency.delete_calls_about(consumer.subject_id)
    mailbox.delete_everything_read(consumer)
    consumer.delete()  # with its forwarding address
    user.delete()  # with its addresses, factors and sessions
