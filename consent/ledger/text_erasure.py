"""Taking away what others wrote about a person, when they erase their account.

Note [Free text]. What only we and the person read goes as a whole: evidence, notices, the note of a
relationship, reported messages. What the brand reads as well, its reference, goes where it holds an
address. Another one stays: by its absence the brand would see that the account is gone (ADR 28).
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

#: In place of evidence that a row which is yet to be applied cannot do without.
ERASED = "(erased)"


@dataclass(frozen=True, slots=True)
class PersonalWords:
    """Tells what holds an address: one of the person's own, or any that can be recognised."""

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
    """Take away what was written about the person; inside a transaction that locks them."""
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
    """Take the words out of rows that a brand has uploaded and not had applied yet."""
    mine = Q(subject=person_id) | Q(subject__merged_into=person_id)
    digests = list(Identifier.objects.filter(mine).values_list("digest", flat=True))
    refs = {each.ref for each in known if each.ref and not words.are_in(each.ref)}
    staged = ImportRow.objects.filter(Q(digest__in=digests) | Q(digest=None, ref__in=refs))
    staged.update(note="", notice="")
    staged.exclude(evidence="").update(evidence=ERASED)
    named = {ref for ref in staged.values_list("ref", flat=True) if words.are_in(ref)}
    staged.filter(ref__in=named).update(ref=None)
    # By such a reference alone nobody is found any more.
    gone = [each.ref for each in known if words.are_in(each.ref)]
    ImportRow.objects.filter(digest=None, ref__in=gone).update(
        ref=ERASED, note="", notice="", evidence=ERASED
    )
