"""What a brand wrote about an entry, beside it."""

from __future__ import annotations

import pgtrigger
from django.db import models

from consent.models.ledger import LedgerEntry
from consent.models.subject import Subject
from core.db import refuse_truncation

#: While a transaction has this setting, it may delete texts: Note [Texts beside the entry].
ERASING = "cmr.erases_texts"


class EntryText(models.Model):
    """The evidence and the notice of one entry; an entry without either has no row.

    Note [Texts beside the entry]. A brand's words may hold an address, and an entry is never
    altered. So the entry has only salted digests of them, which its hash covers, and the words and
    the salt stand here. Erasure deletes this row: the chain still holds, and without the salt
    nobody can find out by trying which short text was there.
    """

    entry = models.OneToOneField(
        LedgerEntry, on_delete=models.PROTECT, primary_key=True, related_name="text"
    )
    #: That of the entry: the column by which the table would be distributed.
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    #: What the brand shows for it: the form, the record, the call.
    evidence = models.TextField(blank=True)
    #: The notice that the person was shown, as the door names it.
    notice = models.CharField(max_length=100, blank=True)
    salt = models.BinaryField(max_length=16)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(evidence="", notice=""), name="entry_text_is_not_empty"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="entry_text_is_never_altered", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="entry_text_is_only_erased",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=f"""
                    IF current_setting('{ERASING}', true) IS DISTINCT FROM 'on' THEN
                        RAISE EXCEPTION 'a text is deleted by erasure alone';
                    END IF;
                    RETURN OLD;
                """,
            ),
            refuse_truncation("entry_text"),
        ]

    def __str__(self) -> str:
        return f"text of {self.entry_id}"
