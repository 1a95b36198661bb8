"""Erasure of what others wrote about a person who erases their account.

Note [Free text]. Texts that only we and the person can read are erased completely: evidence,
notices, the note of a relationship, reported messages. The brand can also read its own reference,
so we erase it only if it contains an address. Any other reference stays: if it vanished, the brand
would see that the account is gone (ADR 28).
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import phonenumbers
from django.db.models import Q

from brands import events
from brands.models import SubjectHead
from consent.ledger import entry_texts
from consent.models import ContactReport, Identifier, ImportRow, Relationship
from core.text import holds_address

#: Replaces evidence in a row that is still to be applied and must have evidence.
ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class PersonalWords:
    """Detects texts that contain one of the person's addresses, or any recognisable address."""

    addresses: Sequence[str]

    def are_in(self, text: str | None) -> bool:
        if not text:
            return False
        plain = unquote(text).lower()
        return holds_address(plain) or any(_names(plain, each) for each in self.addresses)


def _names(text: str, address: str) -> bool:
    if not address.startswith("+"):
        return address.lower() in text
    national = str(phonenumbers.parse(address).national_number)
    return national in re.sub(r"\D", "", text)


def erase_texts(person_id: uuid.UUID, words: PersonalWords) -> None:
    """Erase what was written about the person.

    Call it in a transaction that has locked the person.
    """
    entry_texts.erase_entry_texts(person_id)
    ContactReport.objects.filter(relationship__person=person_id).update(message="")
    known = list(Relationship.objects.filter(person=person_id))
    Relationship.objects.filter(person=person_id).update(origin_note="")
    personal = [each.pk for each in known if words.are_in(each.ref)]
    Relationship.objects.filter(pk__in=personal).update(ref=None)
    _erase_refs_of_events(known, words)
    _erase_staged(person_id, known, words)


def _erase_refs_of_events(known: Sequence[Relationship], words: PersonalWords) -> None:
    pairs = {(each.brand_id, each.subject_id) for each in known}
    heads = SubjectHead.objects.filter(
        brand__in={brand for brand, _ in pairs}, subject__in={subject for _, subject in pairs}
    )
    found = defaultdict[int, dict[uuid.UUID, str | None]](dict)
    for head in heads.exclude(ref=None):
        if words.are_in(head.ref):
            found[head.brand_id][head.subject] = None
    for brand_id, refs in sorted(found.items()):
        events.set_references(brand_id, refs)


def _erase_staged(
    person_id: uuid.UUID, known: Sequence[Relationship], words: PersonalWords
) -> None:
    """Erase the texts in rows that a brand has uploaded but not yet applied."""
    mine = Q(subject=person_id) | Q(subject__merged_into=person_id)
    digests = list(Identifier.objects.filter(mine).values_list("digest", flat=True))
    refs = {each.ref for each in known if each.ref and not words.are_in(each.ref)}
    staged = ImportRow.objects.filter(Q(digest__in=digests) | Q(digest=None, ref__in=refs))
    staged.update(note="", notice="")
    staged.exclude(evidence="").update(evidence=ERASED)
    named = {ref for ref in staged.values_list("ref", flat=True) if words.are_in(ref)}
    staged.filter(ref__in=named).update(ref=None)
    # A row that names the person by such a reference alone can no longer find anybody.
    gone = [each.ref for each in known if words.are_in(each.ref)]
    ImportRow.objects.filter(digest=None, ref__in=gone).update(
        ref=ERASED, note="", notice="", evidence=ERASED
    )
