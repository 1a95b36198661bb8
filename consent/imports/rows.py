"""Read and check one row of an import.

An address leaves this module only as its digest and its sealed hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from brands import catalogue
from brands.models import Brand, Channel, Purpose, Regime, Topic
from consent import identity
from consent.identity import Contact, ContactHashes, InvalidAddress
from consent.models import Ground
from consent.models.ledger import Basis
from core import jurisdictions, time
from core.problem_details import write_sentence
from core.text import holds_address
from core.time import NoZone, read_moment

ADDRESSES = ("email", "phone", "sha256")
#: The columns of a file, and the maximum length of each in characters.
LONGEST_FIELDS = {
    "email": 320,
    "phone": 40,
    "sha256": 64,
    "ref": 200,
    "note": 300,
    "jurisdiction": 6,
    "purpose": 40,
    "channel": 10,
    "topic": 60,
    "decision": 40,
    "basis": 7,
    "ground": 8,
    "evidence": 2_000,
    "notice": 100,
    "made_at": 40,
    "expires_at": 40,
}
#: The accepted spellings of a decision, in any case. `true` and `1` are not accepted: in a column
#: of opt-outs they would turn a refusal into a grant.
DECISIONS = {
    **dict.fromkeys(("grant", "yes", "subscribed", "opt-in"), "grant"),
    **dict.fromkeys(("deny", "no", "unsubscribed", "opt-out"), "deny"),
}
ALLOWED = f"A decision is one of {', '.join(DECISIONS)}."


class BadRow(ValueError):
    """A row that cannot be accepted: the field, a stable code and the reason."""

    def __init__(self, field: str, code: str, detail: str, *, line: str = "") -> None:
        super().__init__(write_sentence(detail))
        self.field, self.code = field, code
        #: The raw line of the file, if it could not be split into values.
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a row, in the order of the columns of `ImportRow`."""

    digest: bytes | None
    kind: str
    sealed: bytes | None
    ref: str | None
    note: str
    jurisdiction: str | None
    purpose: str | None
    channel: str | None
    topic: str | None
    decision: str
    basis: str
    ground: str | None
    evidence: str
    notice: str
    made_at: datetime | None
    expires_at: datetime | None


class Reader:
    """A reader of rows for one brand, with the brand's catalogue at the time of its creation."""

    def __init__(self, brand: Brand, *, now: datetime) -> None:
        self.now, self.brand_id, self.namespace = now, brand.pk, brand.namespace
        self.regimes = dict(Purpose.objects.values_list("code", "regime"))
        self.without_channels = set(
            Purpose.objects.filter(has_channels=False).values_list("code", flat=True)
        )
        topics = Topic.objects.filter(brand=brand)
        self.topics = dict(topics.values_list("code", "purpose_id"))
        self.notices = catalogue.find_known_notices(brand.pk)

    def read_row(self, said: Mapping[str, Any]) -> Row:
        """Return the checked row. An empty value counts as a missing one.

        Raises:
            BadRow
        """
        given = _texts(said)
        known = _address(given)
        ref = given.get("ref")
        if ref is not None and holds_address(ref):
            raise BadRow("ref", "holds_address", "Use a reference of your own, without an address.")
        if known is None and ref is None:
            raise BadRow("email", "no_contact", "Give email, phone, sha256 or ref.")
        decision = _decision(given)
        purpose, channel, topic = self._scope(given)
        self._check_choice(given, decision, purpose)
        made_at = self._made_at(given)
        return Row(
            known and identity.compute_digest_of_sha256(known.sha256, namespace=self.namespace),
            known.kind if known else "",
            known and identity.seal_hash(known.sha256, self.brand_id),
            ref,
            given.get("note", ""),
            _jurisdiction(given),
            purpose,
            channel,
            topic,
            decision,
            given.get("basis", Basis.EXPRESS.value),
            given.get("ground"),
            given.get("evidence", ""),
            self._notice(given, at=made_at or self.now),
            made_at,
            self._expires_at(given, decision),
        )

    def _scope(self, given: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
        purpose, channel, topic = given.get("purpose"), given.get("channel"), given.get("topic")
        if purpose is not None and purpose not in self.regimes:
            raise BadRow("purpose", "unknown_purpose", f"There is no purpose {purpose!r}.")
        if channel is not None and channel not in Channel.values:
            raise BadRow("channel", "unknown_channel", f"There is no channel {channel!r}.")
        if topic is not None:
            purpose = purpose or self.topics.get(topic)
            if self.topics.get(topic) != purpose or purpose is None:
                raise BadRow("topic", "unknown_topic", f"There is no topic {topic!r}.")
        if channel is not None and purpose in self.without_channels:
            raise BadRow("channel", "channel_not_used", f"The purpose {purpose!r} has no channels.")
        return purpose, channel, topic

    def _check_choice(self, given: Mapping[str, str], decision: str, purpose: str | None) -> None:
        if not decision:
            if strange := [n for n in ("purpose", "channel", "topic", "made_at") if n in given]:
                raise BadRow(
                    strange[0], "no_decision", "Use grant or deny, or leave this column out."
                )
            return
        if decision == "deny" and self.regimes.get(purpose or "") == Regime.REQUIRED:
            raise BadRow(
                "purpose", "cannot_be_refused", f"The purpose {purpose!r} cannot be refused."
            )
        if decision == "grant":
            _check_yes(given, purpose)
        elif given.get("basis", "express") != "express" or "ground" in given:
            raise BadRow("basis", "not_implied", "Only a yes can be implied.")

    def _made_at(self, given: Mapping[str, str]) -> datetime | None:
        moment = _moment(given, "made_at")
        if moment and moment > self.now:
            raise BadRow("made_at", "from_the_future", "`made_at` is in the future.")
        return moment

    def _notice(self, given: Mapping[str, str], *, at: datetime) -> str:
        try:
            return catalogue.resolve_notice_name(given.get("notice", ""), self.notices, at=at)
        except catalogue.UnknownNotice as error:
            raise BadRow("notice", "unknown_notice", str(error)) from error

    def _expires_at(self, given: Mapping[str, str], decision: str) -> datetime | None:
        moment = _moment(given, "expires_at")
        if moment and (decision != "grant" or moment <= self.now):
            raise BadRow("expires_at", "past", "Only a yes can expire, and only in the future.")
        return moment


def _decision(given: Mapping[str, str]) -> str:
    if not (word := given.get("decision", "")):
        return ""
    try:
        return DECISIONS[word.lower()]
    except KeyError:
        raise BadRow("decision", "unknown_decision", ALLOWED) from None


def _check_yes(given: Mapping[str, str], purpose: str | None) -> None:
    if purpose is None:
        raise BadRow("purpose", "required", "A yes requires a purpose.")
    if "evidence" not in given:
        raise BadRow("evidence", "no_evidence", "Recording a yes requires evidence.")
    basis, ground = given.get("basis", Basis.EXPRESS.value), given.get("ground")
    if basis not in Basis.values:
        raise BadRow("basis", "unknown_basis", "Use express or implied.")
    if (basis == Basis.IMPLIED) != (ground is not None):
        raise BadRow(
            "ground", "no_ground", "Implied consent requires a ground; express consent has none."
        )
    if ground is not None and ground not in Ground.values:
        raise BadRow("ground", "unknown_ground", "Use purchase or inquiry.")


def _texts(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the values that are present, trimmed.

    Raises:
        BadRow
    """
    given = {}
    for name, value in said.items():
        if name not in LONGEST_FIELDS:
            raise BadRow(str(name)[:40], "unknown_field", "Unknown column.")
        if value is None or value == "":
            continue
        if not isinstance(value, str) or "\0" in value or len(value) > LONGEST_FIELDS[name]:
            if name == "decision":  # an unknown decision is reported as such, not as too long
                raise BadRow(name, "unknown_decision", ALLOWED)
            raise BadRow(name, "invalid", f"Use a text of up to {LONGEST_FIELDS[name]} characters.")
        if text := value.strip():
            given[name] = text
    return given


def _address(given: Mapping[str, str]) -> ContactHashes | None:
    """Return the hashes of the row's only address; None without an address.

    A person with two addresses needs two rows, until they prove that both are theirs.

    Raises:
        BadRow
    """
    named = [name for name in ADDRESSES if name in given]
    if len(named) > 1:
        raise BadRow(
            named[1], "one", "Give one address per row. Use another row for another address."
        )
    if not named:
        return None
    try:
        # The plain hash does not depend on live or test mode, so *namespace* may be empty.
        contact = Contact(**{named[0]: given[named[0]]}, namespace=b"")
        (known,) = identity.compute_contact_hashes(contact)
    except InvalidAddress as error:
        raise BadRow(named[0], "invalid_contact", str(error)) from error
    return known


def _jurisdiction(given: Mapping[str, str]) -> str | None:
    code = given.get("jurisdiction")
    if code is not None and code not in jurisdictions.list_jurisdictions():
        raise BadRow("jurisdiction", "unknown_jurisdiction", f"There is no jurisdiction {code!r}.")
    return code


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    return _parsed(given[name], name) if name in given else None


@lru_cache(maxsize=10_000)
def _parsed(text: str, name: str) -> datetime:
    try:
        moment = read_moment(text)
    except NoZone as error:
        message = "Add the time zone, as in 2026-11-22T10:00:00Z."
        raise BadRow(name, "no_zone", message) from error
    except (ValueError, OverflowError) as error:
        raise BadRow(
            name, "invalid", "Use a time in RFC 3339 format, such as 2026-11-22T10:00:00Z."
        ) from error
    if not time.is_in_range(moment):
        raise BadRow(name, "out_of_range", time.OUT_OF_RANGE)
    return moment
