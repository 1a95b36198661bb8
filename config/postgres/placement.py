"""How each table would be distributed over machines, and which could be partitioned by month.

Nothing is distributed today. `tests/config/postgres/test_placement.py` compares this with the
models and the live catalogue, so that an unsuitable key is found when it is created. ADR 52
explains the places, ADR 54 the partitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Place(Enum):
    """How a table is distributed over machines."""

    SUBJECT = "distributed by subject"
    BRAND = "distributed by brand"
    ADDRESS = "distributed by the digest of an address"
    REFERENCE = "copied to every machine"
    LOCAL = "on the first machine alone"


@dataclass(frozen=True, slots=True)
class Table:
    """A table's place, the reason for it, and the columns that its keys must contain.

    `column` is the distribution column of a distributed table. `month` is the column by which it
    can be partitioned by month; empty if it is not to be partitioned.
    """

    place: Place
    reason: str
    column: str = ""
    month: str = ""


def _subject(reason: str, *, column: str = "subject_id", month: str = "") -> Table:
    return Table(Place.SUBJECT, reason, column, month)


def _brand(reason: str, *, column: str = "brand_id", month: str = "") -> Table:
    return Table(Place.BRAND, reason, column, month)


def _reference(reason: str) -> Table:
    return Table(Place.REFERENCE, reason)


def _local(reason: str) -> Table:
    return Table(Place.LOCAL, reason)


TABLES: Mapping[str, Table] = {
    # Persons
    "consent_subject": _subject("lock", column="id"),
    "consent_ledgerentry": _subject("record"),
    "consent_preference": _subject("projection"),
    "consent_relationship": _subject("check"),
    "consent_contacthash": _subject("relationship"),
    "consent_contactreport": _subject("relationship"),
    "consent_pastrelationship": _subject("relationship"),
    "cmr_permissionrequest": _subject("relationship"),
    "consent_pastprofile": _subject("history"),
    "consent_pastmerge": _subject("history"),
    "consent_entrytext": _subject("entry"),
    "consent_explanation": _subject("entry"),
    "consent_ending": _subject("entry"),
    "consent_propagation": _subject("entry"),
    "consent_send": _subject("budget", month="at"),
    # Addresses
    "consent_identifier": Table(Place.ADDRESS, "lookup", "digest"),
    # Streams
    "brands_streamhead": _brand("lock"),
    "brands_streamgap": _brand("stream"),
    "brands_subjecthead": _brand("stream"),
    "brands_event": _brand("stream", month="timestamp"),
    "brands_acknowledgement": _brand("stream"),
    "consent_brandreference": _brand("lookup"),
    # Webhooks
    "brands_subscription": _brand("cursor"),
    "brands_quarantinedevent": _brand("webhook"),
    "brands_attempt": _brand("webhook", month="started_at"),
    "brands_attemptcount": _brand("webhook"),
    "brands_webhookalert": _brand("webhook"),
    # Counts
    "consent_metricscursor": _brand("cursor"),
    "consent_dailycount": _brand("count"),
    "consent_brandcount": _brand("count"),
    "consent_campaigncount": _brand("count"),
    "consent_peoplecount": _brand("count"),
    "consent_decided": _brand("count", month="day"),
    "consent_unsubscribed": _brand("count"),
    "consent_refusal": _brand("count"),
    "consent_honoursnapshot": _brand("snapshot"),
    "consent_honourtime": _brand("snapshot"),
    "consent_yessnapshot": _brand("snapshot"),
    "consent_yeslife": _brand("snapshot"),
    "consent_anomaly": _brand("snapshot"),
    "brands_campaign": _brand("campaign"),
    "brands_campaignday": _brand("campaign"),
    # What every machine looks up
    "brands_brand": _reference("catalogue"),
    "brands_brandkey": _reference("credential"),
    "brands_retiredlinkkey": _reference("credential"),
    "brands_purpose": _reference("catalogue"),
    "brands_topic": _reference("catalogue"),
    "brands_notice": _reference("catalogue"),
    "brands_jurisdictionregime": _reference("catalogue"),
    "brands_pastregime": _reference("catalogue"),
    "consent_honourclock": _reference("catalogue"),
    "consent_impliedterm": _reference("catalogue"),
    # Accounts and work in progress
    **dict.fromkeys(
        (
            *("cmr_user", "cmr_user_groups", "cmr_user_user_permissions", "cmr_consumer"),
            *("cmr_contactpoint", "cmr_pendingcontact", "cmr_removedaddress", "cmr_accesstoken"),
            *("cmr_member", "cmr_invitation", "brands_workspace"),
            *("cmr_sender", "cmr_senderweek", "cmr_countedmails", "cmr_addressuse"),
            *("cmr_mailboxscan", "cmr_forwardingaddress"),
            *("account_emailaddress", "account_emailconfirmation", "mfa_authenticator"),
            *("usersessions_usersession", "auth_group", "auth_group_permissions"),
            *("auth_permission", "django_content_type", "django_admin_log"),
        ),
        _local("account"),
    ),
    "django_session": _local("session"),
    "django_migrations": _local("schema"),
    "brands_repeat": _local("day"),
    "brands_recurringjob": _local("job"),
    "cmr_ratelimitcount": _local("minutes"),
    "cmr_outgoingmessage": _local("outbox"),
    "cmr_testmail": _local("test"),
    "cmr_usedlink": _local("day"),
    "cmr_mailprovider": _local("catalogue"),
    "cmr_inlet": _local("entrance"),
    "cmr_inletcount": _local("entrance"),
    "cmr_usedtoken": _local("entrance"),
    "consent_import": _local("job"),
    "consent_importpart": _local("job"),
    "consent_importshard": _local("job"),
    "consent_importrow": _local("job"),
    "consent_importproblem": _local("job"),
    "consent_importfile": _local("job"),
    "consent_importfilepiece": _local("job"),
    "consent_totalcount": _local("sum"),
    "consent_reportexport": _local("file"),
    "consent_exportpart": _local("file"),
    "consent_summarymail": _local("job"),
}

#: Unique keys that cannot contain the distribution column, and what replaces them.
KEY_EXCEPTIONS: Mapping[str, str] = {
    "identifier_once_per_subject": "found by subject: the subject gets a column with its digest",
    "consent_identifier_pkey": "an id that choices name: handed out, and never looked up alone",
    "send_once_per_key": "gets a table by brand, as references have; a send counts for 30 days",
}
#: Foreign keys to another place, which become plain columns when a table is distributed.
REFERENCE_EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("consent_subject", "merged_into_id"): "two persons",
    ("consent_pastmerge", "merged_into_id"): "two persons",
    ("consent_relationship", "person_id"): "two persons, once they are merged",
    ("consent_preference", "entry_id"): "the entry of a merged person; verify_ledger compares",
    ("consent_ending", "entry_id"): "the entry of a merged person",
    ("consent_propagation", "entry_id"): "the entry of a merged person",
    ("consent_contactreport", "because_id"): "the entry may be of the person merged into",
    ("consent_ledgerentry", "contact_point_id"): "an address",
    ("consent_preference", "contact_point_id"): "an address",
    ("consent_send", "contact_point_id"): "an address",
    ("consent_identifier", "subject_id"): "an address",
    ("consent_identifier", "former_id"): "an address",
    ("cmr_consumer", "subject_id"): "an account",
    ("cmr_contactpoint", "identifier_id"): "an account",
    ("cmr_removedaddress", "identifier_id"): "an account",
}
