"""Consent receipts: their content, their signature, their verification."""

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
from consent.ledger.recording import Actor, ChoiceTerms, NewChoice
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
from tests.factories import open_account, record_choice

HERE = "https://cmr.example/"
#: What the process of a receipt of version 1 has.
FIRST_PROCESS = ("@type", "dpv:hasPurpose", "cmr:purpose", "cmr:channel", "cmr:topic")
SCRIPT = ROOT / "docs/examples/verify_receipt.py"
DAY = timedelta(days=1)


def record_entry(who: Consumer, decision: str, now: datetime, **more: Any) -> LedgerEntry:
    brand = more.pop("brand", None)
    by = Actor("brand_api", brand) if more.pop("by_brand", False) else Actor("portal")
    scope = Scope(brand, more.pop("purpose", "marketing"), more.pop("channel", None))
    return record_choice(who.subject_id, decision, scope, by=by, now=now, **more)


@pytest.fixture
def entry(ana: Consumer, met: Relationship, now: datetime) -> LedgerEntry:
    return record_entry(ana, "deny", now, brand=met.brand_id, channel="email")


@pytest.fixture
def text(entry: LedgerEntry) -> str:
    return issue_receipt(entry, controls_at=HERE)


def status(entry: LedgerEntry) -> set[str]:
    record = build_record(entry, controls_at=HERE)
    return {each["@id"].removeprefix("dpv:") for each in record["dpv:hasConsentStatus"]}


# -- What it says ---------------------------------------------------------------------------------


def test_record_status_follows_decision(ana: Consumer, met: Relationship, now: datetime) -> None:
    acme = met.brand_id
    assert status(record_entry(ana, "deny", now, brand=acme)) == {"ConsentRefused"}
    assert status(record_entry(ana, "grant", now, brand=acme)) == {"ConsentGiven"}
    assert status(record_entry(ana, "limit", now, brand=acme, limit=Limit(1, "day"))) == {
        "ConsentGiven"
    }
    assert status(record_entry(ana, "pause", now, brand=acme, until=now + DAY)) == {
        "ConsentWithdrawn"
    }
    assert status(record_entry(ana, "deny", now, brand=acme)) == {"ConsentWithdrawn"}
    assert status(record_entry(ana, "deny", now, purpose=None)) == {"ConsentWithdrawn"}
    assert status(record_entry(ana, "deny", now, purpose="research")) == {"ConsentRefused"}
    assert status(record_entry(ana, "clear", now, brand=acme)) == {"ConsentUnknown"}


def test_record_status_of_brand_choice_follows_basis(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    own = {"brand": met.brand_id, "by_brand": True}
    implied = {"basis": "implied", "ground": "purchase", "evidence": "order 7"}
    given = record_entry(ana, "grant", now, **own, **implied)
    assert status(given) == {"ConsentGiven", "ImpliedConsent"}
    assert status(record_entry(ana, "deny", now, **own)) == {"ConsentRevoked"}


def test_record_names_purpose_controller_and_jurisdiction(entry: LedgerEntry, acme: Brand) -> None:
    record = build_record(entry, controls_at=HERE)
    assert record["dct:conformsTo"]["@id"].endswith("dpv-27560#receipt")
    assert record["dpv:hasProcess"]["dpv:hasPurpose"]["@id"] == entry.purpose.dpv  # type: ignore[union-attr]
    assert record["dpv:hasDataController"]["dct:title"] == acme.name
    assert record["dpv:hasConsentControl"]["@id"] == HERE
    assert record["cmr:ledger"]["cmr:hash"] == bytes(entry.hash).hex()
    assert record["dpv:isIndicatedAtTime"] == "2026-01-15T12:00:00Z"


def test_record_of_wide_choice_names_every_brand(ana: Consumer, now: datetime) -> None:
    record = build_record(record_entry(ana, "deny", now), controls_at=HERE)
    assert record["dpv:hasDataController"]["@id"] == "cmr:every-brand"


def test_record_of_address_choice_names_that_address(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    point = ownership.add_contact(ana, kind="email", value="b@example.org", now=now)
    scope = Scope(met.brand_id, contact_point=point.identifier_id)
    by = Actor("portal")
    entry = record_choice(ana, "deny", scope, by=by, now=now)

    def principal() -> str:
        record = build_record(LedgerEntry.objects.get(pk=entry.pk), controls_at=HERE)
        return str(record["dpv:hasDataSubject"]["@id"])

    assert principal() != f"urn:uuid:{met.pk}"
    contact = Contact(email="b@example.org")
    second, _ = lifecycle.register_relationship(met.brand, contact, now=now, note="order")
    assert principal() == f"urn:uuid:{second.pk}"


def test_record_tells_address_choice_from_wide(
    ana: Consumer, met: Relationship, now: datetime, as_ana: Api
) -> None:
    point = ana.contact_points.get()
    scopes = (Scope(met.brand_id, contact_point=point.identifier_id), Scope(met.brand_id))
    choices = [NewChoice(scope, ChoiceTerms("deny")) for scope in scopes]
    one, any_ = recording.record_choices(ana.subject_id, choices, by=Actor("portal"), now=now)
    answers = [as_ana.get(f"me/history/{each.pk}/receipt").json() for each in (one, any_)]
    told = [each["record"]["dpv:hasProcess"]["cmr:addresses"] for each in answers]
    assert told == ["one", "any"]
    assert answers[0]["contact_point"] == {"id": str(point.pk), "kind": "email", "value": EMAIL}
    assert answers[1]["contact_point"] is None
    assert EMAIL not in orjson.dumps(verify_receipt(answers[0]["receipt"])).decode()


def test_record_contains_ground_evidence_campaign_and_notice(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    privacy_notices.write_notice(
        met.brand, code="form", texts={"en": "Once.", "de": "Einmal."}, now=now
    )
    parts = {"basis": "implied", "ground": "purchase", "evidence": "Order 7"}
    entry = record_entry(
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


def test_record_evidence_with_address_is_withheld(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    entry = record_entry(
        ana, "grant", now, brand=met.brand_id, by_brand=True, evidence=f"Form of {EMAIL}"
    )
    assert build_record(entry, controls_at=HERE)["cmr:choice"]["cmr:evidence"] == WITHHELD_WORDS


def test_record_every_part_of_standard_is_present_or_undeclared(
    ana: Consumer, met: Relationship, now: datetime
) -> None:
    no = build_record(record_entry(ana, "deny", now, brand=met.brand_id), controls_at=HERE)
    yes = build_record(record_entry(ana, "grant", now, brand=met.brand_id), controls_at=HERE)
    for part in ("PersonalData", "Processing", "Recipient", "StorageCondition", "Jurisdiction"):
        assert no["dpv:hasProcess"][f"dpv:has{part}"] == NOT_DECLARED
    bases = [each["dpv:hasProcess"]["dpv:hasLegalBasis"] for each in (no, yes)]
    assert bases == [NOT_DECLARED, {"@id": "dpv:Consent"}]
    assert no["dpv:hasRight"]["dpv:isExercisedAt"] == {"@id": HERE}
    assert no["dpv:hasProcess"]["cmr:defaultRegime"] == "opt_in"
    assert no["dct:language"] == NOT_DECLARED


def test_verify_longest_receipt_succeeds(ana: Consumer, met: Relationship, now: datetime) -> None:
    texts = {f"a{chr(97 + n // 26)}-A{chr(97 + n % 26)}": "x" for n in range(50)}
    privacy_notices.write_notice(met.brand, code="n" * 60, texts=texts, now=now)
    parts = {"evidence": "\U0001f600" * 2_000, "notice": f"{'n' * 60}@1"}
    entry = record_entry(ana, "grant", now, brand=met.brand_id, by_brand=True, **parts)
    text = issue_receipt(entry, controls_at=HERE)
    assert len(text) <= LONGEST_RECEIPT
    assert verify_receipt(text)["cmr:noticeTexts"].keys() == texts.keys()


def test_verify_receipt_of_first_version_succeeds(entry: LedgerEntry) -> None:
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


def test_receipt_contains_no_address(text: str) -> None:
    assert EMAIL not in orjson.dumps(verify_receipt(text)).decode()


def test_receipt_payload_is_canonical(entry: LedgerEntry, text: str) -> None:
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


def test_receipt_verifies_with_public_library(text: str, keys: dict[str, Any]) -> None:
    public = KeySet.import_key_set(keys)  # type: ignore[arg-type]
    signed = jws.deserialize_compact(text, public, algorithms=["Ed25519"])
    assert json.loads(signed.payload)["cmr:choice"]["cmr:decision"] == "deny"


def test_receipt_verifies_with_offline_example(
    text: str, keys: dict[str, Any], tmp_path: Path
) -> None:
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


def test_verify_changed_letter_is_refused(text: str) -> None:
    for place, letter in enumerate(text):
        other = "B" if letter == "A" else "A"
        altered = text[:place] + other + text[place + 1 :]
        if place == len(text) - 1 and (ord(letter) ^ ord(other)) < 4:
            continue  # the last letter carries bits that nothing means
        with pytest.raises((NotAReceipt, UnknownKey, WrongSignature)):
            verify_receipt(altered)


def test_verify_other_key_is_refused(text: str) -> None:
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
def test_verify_other_algorithm_is_refused(algorithm: str, keys: dict[str, Any], text: str) -> None:
    public = keys["keys"][0]
    header = {"alg": algorithm, "kid": public["kid"], "typ": TYPE}
    key = OctKey.import_key(public["x"])
    forged = jws.serialize_compact(header, b"{}", key, algorithms=["none", "HS256"])
    with pytest.raises(NotAReceipt):
        verify_receipt(forged)


@pytest.mark.parametrize(
    "what", ["", "a", "a.b", "a.b.c", "....", "é.é.é", "x" * 50_000, "\0.\0.\0"]
)
def test_verify_malformed_receipt_is_refused(what: str, db: None) -> None:
    with pytest.raises(NotAReceipt):
        verify_receipt(what)


def test_verify_with_old_key_succeeds(text: str, settings: Settings) -> None:
    settings.RECEIPT_OLD_KEYS = [settings.RECEIPT_KEY]
    settings.RECEIPT_KEY = "a new one"
    assert verify_receipt(text)["cmr:choice"]["cmr:decision"] == "deny"
    assert len(Client().get("/.well-known/jwks.json").json()["keys"]) == 2
    settings.RECEIPT_OLD_KEYS = []
    with pytest.raises(UnknownKey):
        verify_receipt(text)


# -- Where it is to be had ------------------------------------------------------------------------


def test_receipt_by_api_is_returned_to_its_person(as_ana: Api, entry: LedgerEntry) -> None:
    said = as_ana.get(f"me/history/{entry.pk}/receipt").json()
    assert verify_receipt(said["receipt"]) == said["record"]
    nothing = as_ana.get("me/history/00000000-0000-0000-0000-000000000000/receipt")
    assert nothing.status_code == 404


def test_receipt_of_other_person_is_not_found(
    nobody: Api, entry: LedgerEntry, now: datetime
) -> None:
    from cmr.sign_in import access_tokens

    ben = open_account("ben@example.org", now=now)
    as_ben = Api(access_tokens.issue_token(ben, name="x"))
    assert as_ben.get(f"me/history/{entry.pk}/receipt").status_code == 404


def test_verify_by_api_needs_no_account(nobody: Api, text: str) -> None:
    said = nobody.post("receipts/verify", {"receipt": text}).json()
    assert said["in_ledger"] and said["record"]["cmr:choice"]["cmr:decision"] == "deny"
    wrong = nobody.post("receipts/verify", {"receipt": text[:-9] + "AAAAAAAAA"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_receipt")


def test_receipt_page_prints_downloads_and_verifies(
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


def test_well_known_gpc_announces_support(nobody: Api) -> None:
    said = nobody.client.get("/.well-known/gpc.json").json()
    assert said["gpc"] is True
    assert datetime.fromisoformat(said["lastUpdate"])
