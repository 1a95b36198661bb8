"""Texts move beside their entries, and every chain is computed anew over their digests (ADR 32).

Receipts of before name the hash of before: `receipts/verify` still finds them signed, and says that
the ledger has another hash by now.
"""

import secrets
from typing import Any

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from brands import repeats
from consent import chain, entry_texts

IMMEDIATE = migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop)


def _switch(word: str) -> migrations.RunSQL:
    """The triggers that refuse to alter an entry, while it is moved."""
    sql = f"ALTER TABLE consent_ledgerentry {word} TRIGGER USER"
    return migrations.RunSQL(sql, migrations.RunSQL.noop)


def move(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    subjects: Any = apps.get_model("consent", "Subject").objects
    for subject in subjects.filter(last_seq__gt=0).iterator():
        _move_chain(apps, subject)


def _move_chain(apps: Apps, subject: Any) -> None:
    entries: Any = apps.get_model("consent", "LedgerEntry").objects
    texts: Any = apps.get_model("consent", "EntryText")
    head = b""
    for entry in entries.filter(subject=subject).order_by("subject_seq"):
        if entry.evidence or entry.notice:
            text = texts(evidence=entry.evidence, notice=entry.notice)
            text.entry, text.salt = entry, secrets.token_bytes(entry_texts.SALT_BYTES)
            text.save(force_insert=True)
            entry.evidence_digest = entry_texts.digest_text(text, "evidence")
            entry.notice_digest = entry_texts.digest_text(text, "notice")
        entry.previous_hash, entry.hash = head, chain.link(head, entry)
        entry.save()
        head = entry.hash
    subject.chain_head = head
    subject.save(update_fields=["chain_head"])


def digest_keys(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Keep sends under digests of their idempotency keys."""
    sends: Any = apps.get_model("consent", "Send").objects
    for send in sends.exclude(idempotency_key=None).iterator():
        send.question = repeats.digest_question(send.brand_id, bytes(send.question))
        send.idempotency_key = repeats.digest_key(send.brand_id, send.idempotency_key)
        send.save(update_fields=["question", "idempotency_key"])


class Migration(migrations.Migration):
    dependencies = [
        ("brands", "0005_no_addresses_kept"),
        ("consent", "0002_one_address_a_subject"),
    ]

    operations = [
        migrations.CreateModel(
            name="EntryText",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="text",
                        serialize=False,
                        to="consent.ledgerentry",
                    ),
                ),
                ("evidence", models.TextField(blank=True)),
                ("notice", models.CharField(blank=True, max_length=100)),
                ("salt", models.BinaryField(max_length=16)),
            ],
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="evidence_digest",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="notice_digest",
            field=models.BinaryField(max_length=32, null=True),
        ),
        _switch("DISABLE"),
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RunPython(digest_keys, migrations.RunPython.noop),
        IMMEDIATE,
        _switch("ENABLE"),
        migrations.RemoveConstraint(
            model_name="ledgerentry",
            name="entry_brands_grant_has_evidence",
        ),
        migrations.RemoveField(
            model_name="ledgerentry",
            name="evidence",
        ),
        migrations.RemoveField(
            model_name="ledgerentry",
            name="notice",
        ),
        migrations.AlterField(
            model_name="send",
            name="idempotency_key",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("maker", "person"),
                    models.Q(("decision", "grant"), _negated=True),
                    ("evidence_digest__isnull", False),
                    _connector="OR",
                ),
                name="entry_brands_grant_has_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="entrytext",
            constraint=models.CheckConstraint(
                condition=models.Q(("evidence", ""), ("notice", ""), _negated=True),
                name="entry_text_is_not_empty",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entrytext",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_text_is_never_altered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="385a9ce3bee18ec176e78f6eb713920b7cda1798",
                    operation="UPDATE",
                    pgid="pgtrigger_entry_text_is_never_altered_1aa81",
                    table="consent_entrytext",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entrytext",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_text_is_only_erased",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF current_setting('cmr.erases_texts', true) IS DISTINCT FROM 'on' THEN\n                        RAISE EXCEPTION 'a text is deleted by erasure alone';\n                    END IF;\n                    RETURN OLD;\n                ",
                    hash="bb111cb4671392fe963753121fc45119c14d6530",
                    operation="DELETE",
                    pgid="pgtrigger_entry_text_is_only_erased_d5b78",
                    table="consent_entrytext",
                    when="BEFORE",
                ),
            ),
        ),
    ]
