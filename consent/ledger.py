"""Recording choices: the one way into the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from brands import stream
from brands.models import Brand
from brands.prepared import Insertion, Statement, columns, made
from brands.stream import Notice
from brands.wakeup import publish, wake_up
from consent import attribution, chain, notices, preferences, residence, resolution, terms
from consent.models import Ending, LedgerEntry, Propagation, Relationship, Source, Subject
from consent.resolution import Limit, Scope


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a choice, and through which door. `brand_id` is set when a brand does."""

    source: str
    brand_id: int | None = None

    @property
    def maker(self) -> resolution.Maker:
        return "person" if self.brand_id is None else "brand"


@dataclass(frozen=True, slots=True)
class NewChoice:
    """A choice that is about to be recorded. `made_at` is when it was made; None is now.

    One with a `ground`, which an implied consent has, expires with its term: see Note [Terms].
    """

    scope: Scope
    decision: resolution.DecisionKind
    reason: str = ""
    until: datetime | None = None
    limit: Limit | None = None
    expires_at: datetime | None = None
    basis: resolution.Basis = "express"
    ground: str | None = None
    evidence: str = ""
    notice: str = ""
    #: The campaign that it answers, where that is known for sure.
    campaign: str = ""
    made_at: datetime | None = None


class LiftRefused(Exception):
    """A brand said yes where the person's own no stands. `denial` is that no."""

    def __init__(self, denial: resolution.Choice) -> None:
        super().__init__("the person said no, and only they can lift it")
        self.denial = denial


class FromTheFuture(ValueError):
    """A choice cannot have been made later than now."""


ENTRY = Insertion(LedgerEntry)
CHAINED = Statement(
    "UPDATE consent_subject SET last_seq = %(seq)s, chain_head = %(head)s WHERE id = %(id)s"
)


def record(
    subject_id: uuid.UUID, choices: Sequence[NewChoice], *, by: Actor, now: datetime
) -> list[LedgerEntry]:
    """Record one person's choices, all or none, and put them into the concerned brands' streams.

    A choice about any brand counts for every check at once; its way into each stream is a worker's
    (`propagation`).

    Raises:
        LiftRefused: a brand's yes would lift the person's no.
        FromTheFuture: a choice's `made_at` is later than *now*.
        terms.NoTerm, terms.TermOver, terms.BeyondTerm: of an implied consent.
    """
    with transaction.atomic():
        subject = lock(subject_id)
        recording = _Recording(subject, by, now)
        entries = [recording.add(choice) for choice in choices]
        CHAINED.ask({"id": subject.pk, "seq": subject.last_seq, "head": subject.chain_head})
        tell(recording.notices)
        if recording.is_wide:
            after_commit(partial(publish, "consent.propagate", str(subject.pk)))
    return entries


LOCK = Statement(
    f"SELECT {columns(Subject)} FROM consent_subject WHERE id = %(id)s FOR NO KEY UPDATE"
)


def lock(subject_id: uuid.UUID) -> Subject:
    """Lock the row that orders one person's changes; of merged subjects, the one that remains."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a lock outlives no statement by itself")
    if not (rows := LOCK.ask({"id": subject_id})):
        raise Subject.DoesNotExist(subject_id)
    subject = made(Subject, rows[0])
    return lock(subject.merged_into_id) if subject.merged_into_id else subject


def tell(told: Sequence[Notice]) -> None:
    """Append to the streams and wake the workers after the commit; last in a transaction."""
    stream.append(told)
    brand_ids = {notice.brand_id for notice in told}
    after_commit(partial(wake_up, brand_ids))


def wake(brand_id: int) -> None:
    """Have a brand told, after the commit, of what was appended to its stream."""
    after_commit(partial(wake_up, {brand_id}))


def after_commit(wake: Callable[[], object]) -> None:
    """Call *wake* after the commit; what goes wrong there must not make the change look undone."""
    transaction.on_commit(wake, robust=True)


PENDING = Statement(
    "SELECT FROM consent_propagation WHERE subject_id = %(subject)s AND done_at IS NULL LIMIT 1"
)


def pending_for(relationship: Relationship) -> Iterator[Notice]:
    """What the person said about any brand and this brand has yet to be told, oldest first.

    Whoever tells a brand of a later change tells this before, so that order is kept.
    """
    if not PENDING.ask({"subject": relationship.person_id}):
        return
    pending = Propagation.objects.filter(subject=relationship.person_id, done_at=None)
    for each in pending.select_related("entry").order_by("pk"):
        notice = notices.of_entry(each.entry, relationship)
        if not stream.already_told(relationship.brand_id, notice.cause):
            yield notice


class _Recording:
    """One call of `record`: the locked Subject, and what is to be told at the end."""

    def __init__(self, subject: Subject, by: Actor, now: datetime) -> None:
        self.subject = subject
        self.by = by
        self.now = now
        self.is_wide = False
        self.notices: list[Notice] = []

    def add(self, choice: NewChoice) -> LedgerEntry:
        self._refuse_lift(choice)
        entry = self._insert(self._until_its_term(choice))
        preferences.project(entry)
        self._note_ending(entry)
        if entry.brand_id is None:
            self._leave_to_worker(entry)
        else:
            self._tell_brand(entry)
        return entry

    def _refuse_lift(self, choice: NewChoice) -> None:
        if self.by.brand_id is None or choice.decision != "grant":
            return
        known = preferences.covering_brand(self.subject.pk, self.by.brand_id)
        if denial := resolution.standing_no(known, choice.scope, self.now):
            raise LiftRefused(denial)

    def _until_its_term(self, choice: NewChoice) -> NewChoice:
        if choice.ground is None:
            return choice
        end = terms.expiry(
            choice.ground,
            jurisdiction=residence.for_brand(self.subject, self.by.brand_id),
            made_at=self._made_at(choice),
            wanted=choice.expires_at,
            now=self.now,
        )
        return replace(choice, expires_at=end)

    def _made_at(self, choice: NewChoice) -> datetime:
        made_at = choice.made_at or self.now
        if made_at > self.now:
            raise FromTheFuture("made_at lies in the future")
        return made_at

    def _insert(self, choice: NewChoice) -> LedgerEntry:
        entry = LedgerEntry(
            subject=self.subject,
            subject_seq=self.subject.last_seq + 1,
            brand_id=choice.scope.brand,
            purpose_id=choice.scope.purpose,
            channel=choice.scope.channel,
            topic=choice.scope.topic,
            contact_point_id=choice.scope.contact_point,
            decision=choice.decision,
            until=choice.until,
            limit_max=choice.limit.max if choice.limit else None,
            limit_per=choice.limit.per if choice.limit else None,
            expires_at=choice.expires_at,
            maker=self.by.maker,
            maker_brand_id=self.by.brand_id,
            basis=choice.basis,
            ground=choice.ground,
            source=self.by.source,
            reason=choice.reason,
            evidence=choice.evidence,
            notice=choice.notice,
            campaign=choice.campaign or self._campaign(choice),
            before=_before(self.subject, choice.scope),
            made_at=self._made_at(choice),
            recorded_at=self.now,
            previous_hash=bytes(self.subject.chain_head),
        )
        return self._chain(entry)

    def _campaign(self, choice: NewChoice) -> str:
        """What a person's no to one brand most likely answers."""
        said_again = self.by.brand_id is not None or self.by.source == Source.MERGE
        if said_again or choice.decision not in notices.TAKES_AWAY:
            return ""
        return attribution.last_campaign(self.subject.pk, choice.scope, now=self.now)

    def _chain(self, entry: LedgerEntry) -> LedgerEntry:
        entry.hash = chain.link(bytes(self.subject.chain_head), entry)
        ENTRY.add(entry)
        self.subject.last_seq = entry.subject_seq
        self.subject.chain_head = entry.hash
        return entry

    def _note_ending(self, entry: LedgerEntry) -> None:
        if entry.ends_at:
            Ending.objects.create(entry=entry, subject=self.subject, ends_at=entry.ends_at)

    def _leave_to_worker(self, entry: LedgerEntry) -> None:
        self.is_wide = True
        Propagation.objects.create(entry=entry, subject=self.subject, subject_seq=entry.subject_seq)

    def _tell_brand(self, entry: LedgerEntry) -> None:
        for nth, relationship in enumerate(active_with(self.subject.pk, entry.brand_id)):
            told = {n.cause for n in self.notices if n.brand_id == relationship.brand_id}
            self.notices += [n for n in pending_for(relationship) if n.cause not in told]
            self.notices.append(notices.of_entry(entry, relationship, again=nth > 0))


# The newest of a person's entries come first, so whoever changes their mind is found at once.
BEFORE = Statement("""
SELECT decision FROM consent_ledgerentry
WHERE subject_id = %(subject)s
    AND brand_id IS NOT DISTINCT FROM %(brand)s::bigint
    AND purpose_id IS NOT DISTINCT FROM %(purpose)s::text
    AND channel IS NOT DISTINCT FROM %(channel)s::text
    AND topic IS NOT DISTINCT FROM %(topic)s::text
    AND contact_point_id IS NOT DISTINCT FROM %(contact_point)s::bigint
ORDER BY subject_seq DESC LIMIT 1
""")


def _before(subject: Subject, scope: Scope) -> str:
    """The decision of the subject's entry before on exactly this scope."""
    if not subject.last_seq:
        return ""
    rows = BEFORE.ask({"subject": subject.pk, **scope._asdict()})
    return str(rows[0][0]) if rows else ""


ACTIVE = Statement(f"""
SELECT brand.slug, CASE WHEN known.merged_into_id IS NULL THEN 0 ELSE known.last_seq END,
       {columns(Relationship, of="relationship")}
FROM consent_relationship relationship
JOIN brands_brand brand ON brand.id = relationship.brand_id
JOIN consent_subject known ON known.id = relationship.subject_id
WHERE relationship.person_id = %(person)s AND relationship.brand_id = %(brand)s
    AND relationship.ended_at IS NULL
ORDER BY relationship.id
""")


def active_with(person_id: uuid.UUID, brand_id: int | None) -> list[Relationship]:
    """The person's relationships with the brand, whose brand has its id and slug, no more.

    There is one, or none; several where a person proved addresses that the brand had met apart.
    """
    found = []
    for slug, seq_before, *values in ACTIVE.ask({"person": person_id, "brand": brand_id}):
        relationship = made(Relationship, values)
        relationship.brand = Brand(id=relationship.brand_id, slug=slug)
        relationship.seq_before = seq_before
        found.append(relationship)
    return found
