"""The texts that a brand wrote about a ledger entry, stored beside it."""

from __future__ import annotations

import pgtrigger
from django.db import models

from consent.models.ledger import LedgerEntry
from consent.models.subject import Subject
from core.db import refuse_truncation

#: A transaction with this setting may delete texts: Note [Texts beside the entry].
ERASING = "cmr.erases_texts"


class EntryText(models.Model):
    """The evidence and the notice of one entry. An entry without either has no row.

    Note [Texts beside the entry]. A brand's text may contain an address, and an entry is never
    altered. The entry therefore has only salted digests of the texts, which its hash covers. The
    texts and the salt are stored here. Erasure deletes this row. The hash chain stays valid, and
    without the salt nobody can find a short text by trying candidates.
    """

    entry = models.OneToOneField(
        LedgerEntry, on_delete=models.PROTECT, primary_key=True, related_name="text"
    )
    #: The entry's subject, by which the table can be distributed.
    subject = models.ForeignKey(
        Subject,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    #: The brand's evidence, such as the form, the record or the call.
    evidence = models.TextField(blank=True)
    #: The notice shown to the person, as its source names it.
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
