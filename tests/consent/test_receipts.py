"""Receipts: what each says, that they are ours, and that nothing in them can be altered."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client
from joserfc import jws
from joserfc.jwk import KeySet, OctKey, OKPKey
from pytest_django import Settings

from brands.catalogue import privacy_notices
from brands.models import Brand
from cmr.accounts import ownership
from cmr.models import Consumer
from consent.decision.resolution import Limit, Scope
from consent.identity.identifiers import Contact
from consent.ledger import recording
from consent.ledger.recording import Actor, NewChoice
from consent.models import LedgerEntry, Relationship
from consent.receipts.iso27560 import NOT_DECLARED, WITHHELD_WORDS
from consent.receipts.signed import (
    ALGORITHM,
    LONGEST_RECEIPT,
    TYPE,
    NotAReceipt,
    UnknownKey,
    WrongSignature,
    _keys,
    build_record,
    issue_receipt,
    serialise_record,
    verify_receipt,
)
from consent.relationships import lifecycle
from tests.conftest import EMAIL, ROOT, Api

HERE = "https://cmr.example/"
#: What the process of a receipt of version 1 has.
FIRST_PROCESS = ("@type", "dpv:hasPurpose", "cmr:purpose", "cmr:channel", "cmr:topic")
SCRIPT = ROOT / "docs/examples/verify_receipt.py"
DAY = timedelta(days=1)


def say(who: Consumer, decision: str, now: datetime, **more: Any) -> LedgerEntry:
    brand = more.pop("brand", None)
    by = Actor("brand_api", brand) if more.pop("by_brand", False) else Actor("portal")
    scope = Scope(brand, more.pop("purpose", "marketing"), more.pop("channel", None))
    choice = NewChoice(scope, decision, **more)  # type: ignore[arg-type]
    return recording.record_choices(who.subject_id, [choice], by=by, now=now)[0]


@pytest.fixture
def entry(ana: Consumer, met: Relationship, now: datetime) -> LedgerEntry:
    return say(ana, "deny", now, brand=met.brand_id, channel="email")


@pytest.fixture
def text(entry: LedgerEntry) -> str:
    return issue_receipt(entry, controls_at=HERE)


def status(entry: LedgerEntry) -> set[str]:
    record = build_record(entry, controls_at=HERE)
    return {each["@id"].removeprefix("dpv:") for each in record["dpv:hasConsentStatus"]}


# -- What it says ---------------------------------------------------------------------------------


def test_each_choice_has_its_status(ana: Consumer, met: Relationship, now: datetime) -> None:
    acme = met.brand_id
    assert status(say(ana, "deny", now, brand=acme)) == {"ConsentRefused"}
    assert status(say(ana, "grant", now, brand=acme)) == {"ConsentGiven"}
    assert status(say(ana, "limit", now, brand=acme, limit=Limit(1, "day"))) == {"ConsentGiven"}
    assert status(say(ana, "pause", now, brand=acme, until=now + DAY)) == {"ConsentWithdrawn"}
    assert status(say(ana, "deny", now, brand=acme)) == {"ConsentWithdrawn"}
    assert status(say(ana, "deny", now, purpose=None)) == {"ConsentWithdrawn"}
    assert status(say(ana, "deny", now, purpose="research")) == {"ConsentRefused"}
    assert status(say(ana, "clear", now, brand=acme)) == {"ConsentUnknown"}


def test_a_brand_s_choices_have_theirs(ana: Consumer, met: Relationship, now: datetime) -> None:
    own = {"brand": met.brand_id, "by_brand": True}
    implied = {"basis": "implied", "ground": "purchase", "evidence": "order 7"}
    given = say(ana, "grant", now, **own, **implied)
    assert status(given) == {"ConsentGiven", "ImpliedConsent"}
    assert status(say(ana, "deny", now, **own)) == {"ConsentRevoked"}


def test_it_names_purpose_controller_and_place(entry: LedgerEntry, acme: Brand) -> None:
    record = build_record(entry, controls_at=HERE)
    assert record["dct:conformsTo"]["@id"].endswith("dpv-27560#receipt")
    assert record["dpv:hasProcess"]["dpv:hasPurpose"]["@id"] == entry.purpose.dpv  # type: ignore[union-attr]
    assert record["dpv:hasDataController"]["dct:title"] == acme.name
    assert record["dpv:hasConsentControl"]["@id"] == HERE
    assert record["cmr:ledger"]["cmr:hash"] == bytes(entry.hash).hex()
    assert record["dpv:isIndicatedAtTime"] == "2026-01-15T12:00:00Z"


def test_it_is_of_no_one_brand_where_the_choice_is_not(ana: Consumer, now: datetime) -> None:
    record = build_record(say(ana, "deny", now), controls_at=HERE)
    assert record["dpv:hasDataController"]["@id"] == "cmr:every-brand"


def test_a_no_for_one_address_names_the_person_by_this_address(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    point = ownership.add_contact(ana, kind="email", value="b@example.org", now=now)
    scope = Scope(met.brand_id, contact_point=point.identifier_id)
    by = Actor("portal")
    (entry,) = recording.record_choices(ana.subject_id, [NewChoice(scope, "deny")], by=by, now=now)

    def principal() -> str:
        record = build_record(LedgerEntry.objects.get(pk=entry.pk), controls_at=HERE)
        return str(record["dpv:hasDataSubject"]["@id"])

    assert principal() != f"urn:uuid:{met.pk}"
    contact = Contact(email="b@example.org")
    second, _ = lifecycle.register_relationship(met.brand, contact, now=now, note="order")
    assert principal() == f"urn:uuid:{second.pk}"


def test_it_says_whether_it_is_about_one_address(
    ana: Consumer, met: Relationship, now: datetime, as_ana: Api
) -> None:
    point = ana.contact_points.get()
    scopes = (Scope(met.brand_id, contact_point=point.identifier_id), Scope(met.brand_id))
    choices = [NewChoice(scope, "deny") for scope in scopes]
    one, any_ = recording.record_choices(ana.subject_id, choices, by=Actor("portal"), now=now)
    answers = [as_ana.get(f"me/history/{each.pk}/receipt").json() for each in (one, any_)]
    told = [each["record"]["dpv:hasProcess"]["cmr:addresses"] for each in answers]
    assert told == ["one", "any"]
    assert answers[0]["contact_point"] == {"id": str(point.pk), "kind": "email", "value": EMAIL}
    assert answers[1]["contact_point"] is None
    assert EMAIL not in orjson.dumps(verify_receipt(answers[0]["receipt"])).decode()


def test_it_has_ground_evidence_campaign_and_the_notice_s_texts(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    privacy_notices.write_notice(
        met.brand, code="form", texts={"en": "Once.", "de": "Einmal."}, now=now
    )
    parts = {"basis": "implied", "ground": "purchase", "evidence": "Order 7"}
    entry = say(
        ana, "grant", now, brand=met.brand_id, by_brand=True, notice="form@1", campaign="c", **parts
    )
    record = build_record(entry, controls_at=HERE)
    said = record["cmr:choice"]
    assert (said["cmr:ground"], said["cmr:evidence"]) == ("purchase", "Order 7")
    assert said["cmr:campaign"] == "c"
    assert (record["dpv:hasNotice"], record["dct:language"]) == ("form@1", ["de", "en"])
    assert record["cmr:noticeTexts"]["en"] == hashlib.sha256(b"Once.").hexdigest()
    privacy_notices.write_notice(met.brand, code="form", texts={"en": "Twice."}, now=now + DAY)
    assert build_record(entry, controls_at=HERE) == record


def test_evidence_with_an_address_is_withheld(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    entry = say(ana, "grant", now, brand=met.brand_id, by_brand=True, evidence=f"Form of {EMAIL}")
    assert build_record(entry, controls_at=HERE)["cmr:choice"]["cmr:evidence"] == WITHHELD_WORDS


def test_each_part_of_the_standard_is_there_or_said_to_be_undeclared(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    no = build_record(say(ana, "deny", now, brand=met.brand_id), controls_at=HERE)
    yes = build_record(say(ana, "grant", now, brand=met.brand_id), controls_at=HERE)
    for part in ("PersonalData", "Processing", "Recipient", "StorageCondition", "Jurisdiction"):
        assert no["dpv:hasProcess"][f"dpv:has{part}"] == NOT_DECLARED
    bases = [each["dpv:hasProcess"]["dpv:hasLegalBasis"] for each in (no, yes)]
    assert bases == [NOT_DECLARED, {"@id": "dpv:Consent"}]
    assert no["dpv:hasRight"]["dpv:isExercisedAt"] == {"@id": HERE}
    assert no["dpv:hasProcess"]["cmr:defaultRegime"] == "opt_in"
    assert no["dct:language"] == NOT_DECLARED


def test_the_longest_receipt_can_be_checked(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    texts = {f"a{chr(97 + n // 26)}-A{chr(97 + n % 26)}": "x" for n in range(50)}
    privacy_notices.write_notice(met.brand, code="n" * 60, texts=texts, now=now)
    parts = {"evidence": "\U0001f600" * 2_000, "notice": f"{'n' * 60}@1"}
    entry = say(ana, "grant", now, brand=met.brand_id, by_brand=True, **parts)
    text = issue_receipt(entry, controls_at=HERE)
    assert len(text) <= LONGEST_RECEIPT
    assert verify_receipt(text)["cmr:noticeTexts"].keys() == texts.keys()


def test_a_receipt_of_the_first_version_is_still_ours(entry: LedgerEntry) -> None:
    record = build_record(entry, controls_at=HERE) | {"cmr:schemaVersion": "1"}
    for name in ("dpv:hasRight", "dct:language", "cmr:noticeTexts"):
        del record[name]
    process = record["dpv:hasProcess"]
    for name in [each for each in process if each not in FIRST_PROCESS]:
        del process[name]
    for name in ("cmr:ground", "cmr:evidence", "cmr:campaign"):
        del record["cmr:choice"][name]
    key = _keys()[0]
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    old = jws.serialize_compact(header, serialise_record(record), key, algorithms=[ALGORITHM])
    answer = Api().post("receipts/verify", {"receipt": old}).json()
    assert answer == {"record": record, "in_ledger": True}
    page = Client().post("/receipts/verify", {"receipt": old})
    assert page.status_code == 200 and "Acme" in page.content.decode()


def test_no_address_is_in_it(text: str) -> None:
    assert EMAIL not in orjson.dumps(verify_receipt(text)).decode()


def test_the_signed_bytes_are_canonical(entry: LedgerEntry, text: str) -> None:
    payload = jws.extract_compact(text.encode()).payload
    said = json.loads(payload)
    assert (
        payload
        == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert issue_receipt(entry, controls_at=HERE) == text


# -- That it is ours ------------------------------------------------------------------------------


@pytest.fixture
def keys(db: None) -> dict[str, Any]:
    """As anybody gets them."""
    answer = Client().get("/.well-known/jwks.json")
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    said: dict[str, Any] = answer.json()
    assert all("d" not in key for key in said["keys"])
    return said


def test_a_jose_library_and_the_keys_are_enough(text: str, keys: dict[str, Any]) -> None:
    public = KeySet.import_key_set(keys)  # type: ignore[arg-type]
    signed = jws.deserialize_compact(text, public, algorithms=["Ed25519"])
    assert json.loads(signed.payload)["cmr:choice"]["cmr:decision"] == "deny"


def test_the_example_checks_it_offline(text: str, keys: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps(keys))

    def run(receipt: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "receipt.jws").write_text(receipt)
        command = [sys.executable, "-I", str(SCRIPT), "receipt.jws", "jwks.json"]
        return subprocess.run(
            command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False
        )

    good = run(text)
    assert (good.returncode, good.stdout.splitlines()[:2]) == (0, ["Acme", "deny marketing email"])
    middle = len(text) // 2
    other = "A" if text[middle] != "A" else "B"
    bad = run(text[:middle] + other + text[middle + 1 :])
    assert bad.returncode == 1 and "not genuine" in bad.stderr


def test_each_single_changed_letter_shows(text: str) -> None:
    for place, letter in enumerate(text):
        other = "B" if letter == "A" else "A"
        altered = text[:place] + other + text[place + 1 :]
        if place == len(text) - 1 and (ord(letter) ^ ord(other)) < 4:
            continue  # the last letter carries bits that nothing means
        with pytest.raises((NotAReceipt, UnknownKey, WrongSignature)):
            verify_receipt(altered)


def test_somebody_else_s_key_signs_nothing_of_ours(text: str) -> None:
    header, payload = jws.extract_compact(text.encode()).headers(), b'{"cmr:choice":{}}'
    forged = jws.serialize_compact(
        header, payload, OKPKey.generate_key("Ed25519"), algorithms=["Ed25519"]
    )
    with pytest.raises(WrongSignature):
        verify_receipt(forged)
    stranger = jws.serialize_compact(
        {**header, "kid": "x"}, payload, OKPKey.generate_key("Ed25519"), algorithms=["Ed25519"]
    )
    with pytest.raises(UnknownKey):
        verify_receipt(stranger)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_is_believed(algorithm: str, keys: dict[str, Any], text: str) -> None:
    public = keys["keys"][0]
    header = {"alg": algorithm, "kid": public["kid"], "typ": TYPE}
    key = OctKey.import_key(public["x"])
    forged = jws.serialize_compact(header, b"{}", key, algorithms=["none", "HS256"])
    with pytest.raises(NotAReceipt):
        verify_receipt(forged)


@pytest.mark.parametrize(
    "what", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "x" * 50_000, "\0.\0.\0"]
)
def test_what_is_no_receipt_is_said_to_be_none(what: str, db: None) -> None:
    with pytest.raises(NotAReceipt):
        verify_receipt(what)


def test_an_old_key_is_still_ours(text: str, settings: Settings) -> None:
    settings.RECEIPT_OLD_KEYS = [settings.RECEIPT_KEY]
    settings.RECEIPT_KEY = "a new one"
    assert verify_receipt(text)["cmr:choice"]["cmr:decision"] == "deny"
    assert len(Client().get("/.well-known/jwks.json").json()["keys"]) == 2
    settings.RECEIPT_OLD_KEYS = []
    with pytest.raises(UnknownKey):
        verify_receipt(text)


# -- Where it is to be had ------------------------------------------------------------------------


def test_a_person_gets_theirs_by_rest(as_ana: Api, entry: LedgerEntry) -> None:
    said = as_ana.get(f"me/history/{entry.pk}/receipt").json()
    assert verify_receipt(said["receipt"]) == said["record"]
    nothing = as_ana.get("me/history/00000000-0000-0000-0000-000000000000/receipt")
    assert nothing.status_code == 404


def test_nobody_gets_another_s(nobody: Api, entry: LedgerEntry, now: datetime) -> None:
    from cmr.accounts import ownership
    from cmr.sign_in import access_tokens

    ben = ownership.open_account(email="ben@example.org", password=None, verified_at=now)
    as_ben = Api(access_tokens.issue_token(ben, name="x"))
    assert as_ben.get(f"me/history/{entry.pk}/receipt").status_code == 404


def test_anybody_may_have_one_checked(nobody: Api, text: str) -> None:
    said = nobody.post("receipts/verify", {"receipt": text}).json()
    assert said["in_ledger"] and said["record"]["cmr:choice"]["cmr:decision"] == "deny"
    wrong = nobody.post("receipts/verify", {"receipt": text[:-9] + "AAAAAAAAA"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_receipt")


def test_it_is_printed_downloaded_and_checked_on_our_pages(
    ana: Consumer, entry: LedgerEntry, nobody: Api
) -> None:
    browser = Client()
    browser.force_login(ana.user)
    page = browser.get(f"/history/{entry.pk}/receipt").content.decode()
    text = browser.get(f"/history/{entry.pk}/receipt.jws").content.decode()
    assert text in page
    genuine = nobody.client.post("/receipts/verify", {"receipt": text}).content
    assert b"This receipt is genuine." in genuine
    assert b"The ledger holds exactly this entry." in genuine
    altered = nobody.client.post("/receipts/verify", {"receipt": f"{text[:-9]}AAAAAAAAA"})
    assert altered.status_code == 422 and b"altered after we signed it" in altered.content


def test_gpc_is_announced(nobody: Api) -> None:
    said = nobody.client.get("/.well-known/gpc.json").json()
    assert said["gpc"] is True
    assert datetime.fromisoformat(said["lastUpdate"])
