"""Recording of choices: the only way to write to the ledger."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db import connection, transaction

from brands import events
from brands.events import NewEvent, publish_task, wake_workers
from consent import brand_events, preferences, rules
from consent.brand_events import CurrentState, EventTimes, Recipient
from consent.decision import Basis, Choice, DecisionKind, Limit, Maker, Scope, find_standing_refusal
from consent.ledger import attribution, entry_texts, hash_chain
from consent.models import Ending, LedgerEntry, Propagation, Source, Subject
from core.db import Insertion, Statement, build_instance, list_columns
from core.text import holds_address


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a choice, and the `source` it came through. A brand sets `brand_id`."""

    source: str
    brand_id: int | None = None

    @property
    def maker(self) -> Maker:
        return "person" if self.brand_id is None else "brand"


@dataclass(frozen=True, slots=True)
class NewChoice:
    """A choice to be recorded. `made_at` is the time it was made; None means now.

    A choice with a `ground` is an implied consent, and its term limits it: see Note [Terms].
    """

    scope: Scope
    decision: DecisionKind
    reason: str = ""
    until: datetime | None = None
    limit: Limit | None = None
    expires_at: datetime | None = None
    basis: Basis = "express"
    ground: str | None = None
    evidence: str = ""
    notice: str = ""
    #: The campaign that the choice answers, if it is known for certain.
    campaign: str = ""
    made_at: datetime | None = None


class LiftRefused(Exception):
    """A brand recorded a yes against the person's own refusal. `denial` is that refusal."""

    def __init__(self, denial: Choice) -> None:
        super().__init__("the person said no, and only they can lift it")
        self.denial = denial


class FromTheFuture(ValueError):
    """A choice whose `made_at` is later than now."""


class ExpiresTooSoon(ValueError):
    """A yes to several brands that would end before the next full hour.

    Such a yes ends on the hour, and there is no full hour between now and its end.
    """

    field = "expires_at"


#: Replaces an entry's id in a hypothetical choice, which has no ledger entry.
SUPPOSED_ENTRY_ID = uuid.UUID(int=0)
ENTRY = Insertion(LedgerEntry)
CHAINED = Statement(
    "UPDATE consent_subject SET last_seq = %(seq)s, chain_head = %(head)s WHERE id = %(id)s"
)


def record_choices(
    subject_id: uuid.UUID,
    choices: Sequence[NewChoice],
    *,
    by: Actor,
    now: datetime,
    is_shared: bool = False,
) -> list[LedgerEntry]:
    """Record one person's choices, all or none, and append events to the concerned brands' streams.

    A choice about any brand counts for every check at once. A worker appends it to each brand's
    stream (`propagation`). Pass *is_shared* if the person made these choices together with choices
    about other brands.

    Raises:
        LiftRefused: a brand's yes would lift the person's refusal.
        FromTheFuture: a choice's `made_at` is later than *now*.
        ExpiresTooSoon: a yes to several brands would end before the next full hour.
        rules.NoTerm, rules.TermOver, rules.BeyondTerm: an implied consent does not fit its term.
    """
    with transaction.atomic():
        subject = lock_subject(subject_id)
        recording = _Recording(subject, by, now, told_first=subject_id)
        recording.is_shared = is_shared or concerns_several_brands(choices)
        entries = [recording.add(choice) for choice in choices]
        CHAINED.ask({"id": subject.pk, "seq": subject.last_seq, "head": subject.chain_head})
        append_brand_events(recording.build_notices())
        if recording.is_wide:
            run_after_commit(partial(publish_task, "consent.propagate", str(subject.pk)))
    return entries


def concerns_several_brands(choices: Sequence[NewChoice]) -> bool:
    """Return whether *choices* are about several brands, so that their end times are rounded."""
    return len({choice.scope.brand for choice in choices}) > 1


def suppose_choices(choices: Sequence[NewChoice], *, now: datetime) -> list[Choice]:
    """Return the choices as if the person made them now, one after another. Record nothing.

    Raises:
        ExpiresTooSoon: as for `record_choices`.
    """
    is_shared = concerns_several_brands(choices)
    # These numbers are above those of any entry and rise with the list. So each choice counts as
    # newer than the one before it.
    first = sys.maxsize - len(choices)
    return [
        _suppose(
            _end_on_the_hour(each, now) if is_shared or each.scope.brand is None else each,
            seq=first + number,
            now=now,
        )
        for number, each in enumerate(choices)
    ]


def _suppose(choice: NewChoice, *, seq: int, now: datetime) -> Choice:
    return Choice(
        entry=SUPPOSED_ENTRY_ID,
        seq=seq,
        scope=choice.scope,
        decision=choice.decision,
        maker="person",
        made_at=now,
        until=choice.until,
        expires_at=choice.expires_at,
        limit=choice.limit,
    )


LOCK = Statement(
    f"SELECT {list_columns(Subject)} FROM consent_subject WHERE id = %(id)s FOR NO KEY UPDATE"
)


def lock_subject(subject_id: uuid.UUID) -> Subject:
    """Lock the row that serialises one person's changes. Follow merges to the remaining subject.

    Raises:
        TransactionManagementError: called outside a transaction.
        Subject.DoesNotExist: no subject has this id.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a lock outlives no statement by itself")
    if not (rows := LOCK.ask({"id": subject_id})):
        raise Subject.DoesNotExist(subject_id)
    subject = build_instance(Subject, rows[0])
    return lock_subject(subject.merged_into_id) if subject.merged_into_id else subject


def append_brand_events(told: Sequence[NewEvent]) -> None:
    """Append events to the streams, and wake the workers after the commit.

    Call it last in a transaction.
    """
    events.append_event(told)
    brand_ids = {notice.brand_id for notice in told}
    run_after_commit(partial(wake_workers, brand_ids))


def wake_brand(brand_id: int) -> None:
    """Wake the workers for one brand's stream after the commit."""
    run_after_commit(partial(wake_workers, {brand_id}))


def run_after_commit(wake: Callable[[], object]) -> None:
    """Call *wake* after the commit. An error in *wake* must not look like a failed change."""
    transaction.on_commit(wake, robust=True)


PENDING = Statement(
    "SELECT FROM consent_propagation WHERE subject_id = %(subject)s AND done_at IS NULL LIMIT 1"
)


def build_pending_events(
    standing: CurrentState, person_id: uuid.UUID, times: EventTimes
) -> Iterator[NewEvent]:
    """Yield events for choices about any brand that this brand has not received yet, oldest first.

    Append these before the event of any later change, so that the stream keeps the order.
    """
    if not PENDING.ask({"subject": person_id}):
        return
    recipient = standing.recipient
    pending = Propagation.objects.filter(subject=person_id, done_at=None)
    for each in pending.select_related("entry").order_by("pk"):
        if not brand_events.is_concerned(each.entry, recipient):
            continue
        if events.has_event(recipient.brand_id, brand_events.build_cause(each.entry, recipient)):
            continue
        at = times.take_next()
        yield brand_events.build_choice_event(
            each.entry, recipient, standing.permissions(at), at=at, direct=False
        )


class _Recording:
    """State of one `record_choices` call: the locked Subject and the events to build."""

    def __init__(
        self, subject: Subject, by: Actor, now: datetime, *, told_first: uuid.UUID
    ) -> None:
        self.subject = subject
        #: The relationship of this subject comes first if a brand has several with the person.
        self.told_first = told_first
        self.by = by
        self.now = now
        self.is_wide = False
        #: Whether several brands receive these choices: Note [Rounded times].
        self.is_shared = False
        #: Entries that already have an event. A further event about one counts in no metric.
        self.counted: set[uuid.UUID] = set()
        #: Entries about one brand. The brand's events are appended in this transaction.
        self.told: list[LedgerEntry] = []

    def add(self, choice: NewChoice) -> LedgerEntry:
        choice = self._about_its_address(choice)
        self._refuse_lift(choice)
        if self.is_shared or choice.scope.brand is None:
            choice = _end_on_the_hour(choice, self.now)
        entry = self._insert(self._until_its_term(choice))
        preferences.project_entry(entry)
        self._note_ending(entry)
        if entry.brand_id is None:
            self._leave_to_worker(entry)
        else:
            self.told.append(entry)
        return entry

    def build_notices(self) -> list[NewEvent]:
        """Build the events, brand by brand. Each has the permissions after all the choices."""
        times = EventTimes(self.now)
        times.take_next()  # skips the choices' own time
        built: list[NewEvent] = []
        # Only the first brand may read the exact time of choices about several brands. Otherwise
        # any two brands could match the person by it.
        for nth, brand_id in enumerate(dict.fromkeys(entry.brand_id for entry in self.told)):
            left = [entry for entry in self.told if entry.brand_id == brand_id]
            known = brand_events.find_active_recipients(self.subject.pk, brand_id)
            direct = dict[uuid.UUID, uuid.UUID]()
            for recipient in sorted(known, key=lambda one: one.subject_id != self.told_first):
                mine = [entry for entry in left if brand_events.is_concerned(entry, recipient)]
                for entry in mine if nth == 0 else ():
                    direct.setdefault(entry.pk, recipient.id)
                built += self._build(mine, recipient, times, direct)
        return built

    def _build(
        self,
        entries: Sequence[LedgerEntry],
        recipient: Recipient,
        times: EventTimes,
        direct: Mapping[uuid.UUID, uuid.UUID],
    ) -> Iterator[NewEvent]:
        """Build the events for one recipient.

        *direct* maps an entry to the one recipient whose event has the entry's own time.
        """
        if not entries:
            return
        standing = brand_events.read_current_state(
            recipient, self.subject.pk, self.subject.jurisdiction
        )
        yield from build_pending_events(standing, self.subject.pk, times)
        permissions = standing.permissions(self.now)
        for entry in entries:
            is_direct = direct.get(entry.pk) == recipient.id
            at = self.now if is_direct else times.take_next()
            again = entry.pk in self.counted
            self.counted.add(entry.pk)
            yield brand_events.build_choice_event(
                entry, recipient, permissions, at=at, direct=is_direct, again=again
            )

    def _refuse_lift(self, choice: NewChoice) -> None:
        if self.by.brand_id is None or choice.decision != "grant":
            return
        known = preferences.read_choices_about_brand(self.subject.pk, self.by.brand_id)
        if denial := find_standing_refusal(known, choice.scope, self.now):
            raise LiftRefused(denial)

    def _about_its_address(self, choice: NewChoice) -> NewChoice:
        """Narrow a brand's choice to the one address by which the brand named the person.

        Without this, the choice would also count for an address that the brand registers as a
        guess. The brand's own choice would then reveal that both addresses have one owner.
        """
        if self.by.brand_id is None or choice.scope.contact_point is not None:
            return choice
        point = brand_events.find_contact_point(self.told_first)
        return replace(choice, scope=choice.scope._replace(contact_point=point))

    def _until_its_term(self, choice: NewChoice) -> NewChoice:
        if choice.ground is None:
            return choice
        end = rules.compute_expiry(
            choice.ground,
            jurisdiction=rules.find_residence_for_brand(self.subject, self.by.brand_id),
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
            trait_kind=choice.scope.trait_kind,
            trait_category=choice.scope.trait_category,
            trait=choice.scope.trait,
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
            campaign=self._campaign(choice),
            before=_before(self.subject, choice.scope, self.by),
            made_at=self._made_at(choice),
            recorded_at=self.now,
            previous_hash=bytes(self.subject.chain_head),
        )
        entry_texts.attach_texts(entry, evidence=choice.evidence, notice=choice.notice)
        return self._chain(entry)

    def _campaign(self, choice: NewChoice) -> str:
        """Return the campaign that the choice names or, for a refusal, most likely answers.

        Only a person's own refusal, pause or limit is attributed; a restatement after a merge is
        not. Drop a campaign that contains an address, because erasure could not remove it from the
        ledger.
        """
        if choice.campaign:
            return "" if holds_address(choice.campaign) else choice.campaign
        said_again = self.by.brand_id is not None or self.by.source == Source.MERGE
        if said_again or choice.decision not in brand_events.TAKES_AWAY:
            return ""
        return attribution.find_last_campaign(self.subject.pk, choice.scope, now=self.now)

    def _chain(self, entry: LedgerEntry) -> LedgerEntry:
        entry.hash = hash_chain.compute_entry_hash(bytes(self.subject.chain_head), entry)
        ENTRY.add(entry)
        entry_texts.write_texts(entry)
        self.subject.last_seq = entry.subject_seq
        self.subject.chain_head = entry.hash
        return entry

    def _note_ending(self, entry: LedgerEntry) -> None:
        if entry.ends_at:
            Ending.objects.create(entry=entry, subject=self.subject, ends_at=entry.ends_at)

    def _leave_to_worker(self, entry: LedgerEntry) -> None:
        self.is_wide = True
        Propagation.objects.create(entry=entry, subject=self.subject, subject_seq=entry.subject_seq)


def _end_on_the_hour(choice: NewChoice, now: datetime) -> NewChoice:
    """Round the end of a shared choice to the hour: a pause ends later, a yes ends earlier.

    Raises:
        ExpiresTooSoon: the rounded end of a yes is not after *now*.
    """
    until = choice.until and brand_events.ceil_to_hour(choice.until)
    expires_at = choice.expires_at and brand_events.floor_to_hour(choice.expires_at)
    if expires_at and expires_at <= now:
        raise ExpiresTooSoon("a yes to several brands ends on the hour: let it end an hour later")
    return replace(choice, until=until, expires_at=expires_at)


# A person's newest entries come first, so a recent change of mind is found quickly.
BEFORE = Statement("""
SELECT decision FROM consent_ledgerentry
WHERE subject_id = %(subject)s
    AND brand_id IS NOT DISTINCT FROM %(brand)s::bigint
    AND purpose_id IS NOT DISTINCT FROM %(purpose)s::text
    AND channel IS NOT DISTINCT FROM %(channel)s::text
    AND topic IS NOT DISTINCT FROM %(topic)s::text
    AND trait_kind IS NOT DISTINCT FROM %(trait_kind)s::text
    AND trait_category IS NOT DISTINCT FROM %(trait_category)s::text
    AND trait IS NOT DISTINCT FROM %(trait)s::text
    AND (contact_point_id IS NOT DISTINCT FROM %(contact_point)s::bigint
        OR maker = 'brand' AND %(contact_point)s::bigint IS NULL
        OR contact_point_id IS NULL AND %(by_brand)s::bool)
ORDER BY subject_seq DESC LIMIT 1
""")


def _before(subject: Subject, scope: Scope, by: Actor) -> str:
    """Return the decision of the subject's previous entry on exactly this scope; empty if none.

    The person's choice about all addresses and the brand's choice about its one address count as
    the same scope here.
    """
    if not subject.last_seq:
        return ""
    by_brand = by.brand_id is not None
    rows = BEFORE.ask({"subject": subject.pk, "by_brand": by_brand, **scope._asdict()})
    return str(rows[0][0]) if rows else ""
