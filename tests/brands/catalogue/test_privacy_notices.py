"""Privacy notices: dense, immutable versions, and how names find them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from brands.catalogue import privacy_notices
from brands.catalogue.privacy_notices import NoticeRef
from brands.models import Brand, Notice
from tests.conftest import Api
from tests.ownership import as_owner
from tests.races.together import together

EN, DE = "We write to you once a week.", "Wir schreiben Ihnen einmal in der Woche."
LATER = "We write to you twice a week."


def put(who: Api, **texts: str) -> tuple[int, int]:
    """The status and the version."""
    answer = who.put("brand/notices/newsletter", {"texts": texts})
    return answer.status_code, answer.json()["version"]


def test_write_notice_changed_text_is_next_version(as_acme: Api) -> None:
    assert put(as_acme, en=EN, de=DE) == (201, 1)
    assert put(as_acme, de=DE, en=f"{EN}\r\n") == (200, 1)
    assert put(as_acme, en=LATER, de=DE) == (201, 2)
    assert put(as_acme, en=LATER) == (201, 3)  # a language less
    assert put(as_acme, en=EN, de=DE) == (201, 4)
    read = as_acme.get("brand/notices/newsletter").json()
    assert [each["version"] for each in read["versions"]] == [4, 3, 2, 1]
    assert read["versions"][2]["texts"] == {"de": DE, "en": LATER}
    (listed,) = as_acme.get("brand/notices").json()["data"]
    assert (listed["code"], listed["version"]) == ("newsletter", 4)
    assert listed["languages"] == ["de", "en"]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("a" * 61, {"en": EN}),
        ("newsletter", {}),
        ("newsletter", {"en": " "}),
        ("newsletter", {"English": EN}),
        ("newsletter", {"en": EN, "": EN}),
        ("newsletter", {"en": "x" * (privacy_notices.LONGEST_NOTICE + 1)}),
        ("newsletter", {f"a{chr(97 + n % 26)}-{n:02}": EN for n in range(51)}),
        ("newsletter", "text"),
    ],
)
def test_write_notice_invalid_body_is_refused(code: str, texts: object, as_acme: Api) -> None:
    assert as_acme.put(f"brand/notices/{code}", {"texts": texts}).status_code == 422
    assert not Notice.objects.exists()


def test_write_notice_too_many_is_refused(as_acme: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy_notices, "MOST", 1)
    put(as_acme, en=EN)
    answer = as_acme.put("brand/notices/other", {"texts": {"en": EN}})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_notices")
    assert put(as_acme, en=LATER) == (201, 2)


def test_notice_of_other_brand_is_not_found(as_acme: Api, as_rival: Api) -> None:
    put(as_acme, en=EN)
    assert as_rival.get("brand/notices").json()["data"] == []
    assert as_rival.get("brand/notices/newsletter").status_code == 404
    assert put(as_rival, en=LATER) == (201, 1)
    assert as_acme.get("brand/notices/newsletter").json()["versions"][0]["texts"] == {"en": EN}


@pytest.mark.parametrize(
    "statement", ["UPDATE brands_notice SET text = 'x'", "DELETE FROM brands_notice"]
)
def test_notice_update_or_delete_is_refused_by_database(statement: str, as_acme: Api) -> None:
    put(as_acme, en=EN)
    refused = pytest.raises(ProgrammingError, match="Cannot update or delete")
    with as_owner(), refused, transaction.atomic():
        connection.cursor().execute(statement)
    assert Notice.objects.get().text == EN


@pytest.mark.django_db(transaction=True)
def test_write_notice_concurrently_makes_two_versions(acme: Brand, now: datetime) -> None:
    """And not one that has a language of each."""

    def write(language: str) -> int:
        return privacy_notices.write_notice(acme, code="n", texts={language: EN}, now=now)[
            0
        ].version

    assert sorted(together(lambda: write("en"), lambda: write("de"))) == [1, 2]


# -- What a name stands for -----------------------------------------------------------------------


@pytest.fixture
def versions(acme: Brand, now: datetime) -> datetime:
    """The second began an hour after the first; returns when."""
    privacy_notices.write_notice(acme, code="newsletter", texts={"en": EN, "de": DE}, now=now)
    privacy_notices.write_notice(
        acme, code="newsletter", texts={"en": LATER}, now=now + timedelta(hours=1)
    )
    return now + timedelta(hours=1)


def test_find_notice_by_code_returns_version_of_that_time(
    versions: datetime, acme: Brand, rival: Brand, now: datetime
) -> None:
    held, before = (
        privacy_notices.find_known_notices(acme.pk, "newsletter"),
        now - timedelta(seconds=1),
    )
    assert held == privacy_notices.find_known_notices(acme.pk)
    assert privacy_notices.resolve_notice_name("newsletter", held, at=versions) == "newsletter@2"
    assert privacy_notices.resolve_notice_name("newsletter", held, at=now) == "newsletter@1"
    for exact in ("newsletter@1", ""):
        assert privacy_notices.resolve_notice_name(exact, held, at=before) == exact
    for unknown in ("Newsletter", "newsletter@3", "newsletter@01", "our own words"):
        with pytest.raises(privacy_notices.UnknownNotice):
            privacy_notices.resolve_notice_name(unknown, held, at=versions)
    with pytest.raises(privacy_notices.UnknownNotice, match="no version before"):
        privacy_notices.resolve_notice_name("newsletter", held, at=before)
    assert not privacy_notices.find_known_notices(rival.pk)


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", DE), ("de-AT", DE), ("en", EN), ("fr", EN), ("", EN)],
)
def test_read_notice_in_language_of_reader(
    language: str, text: str, versions: datetime, acme: Brand
) -> None:
    named = NoticeRef(acme.pk, "newsletter@1", versions)
    assert privacy_notices.read_notices([named], language=language)[named].text == text


def test_read_notice_similar_language_is_used(acme: Brand, now: datetime) -> None:
    privacy_notices.write_notice(acme, code="n", texts={"en": EN, "de-AT": DE}, now=now)
    named = NoticeRef(acme.pk, "n@1", now)
    assert privacy_notices.read_notices([named], language="de")[named].text == DE


def test_read_notice_unknown_name_is_left_out(
    versions: datetime, acme: Brand, rival: Brand
) -> None:
    names = ["newsletter", "newsletter@3", "newsletter@0", "newsletter@01", "@1", "x@1", ""]
    names += ["newsletter@1 ", "newsletter@99999999999999999999"]
    wanted = [NoticeRef(acme.pk, name, versions) for name in names]
    wanted += [
        NoticeRef(rival.pk, "newsletter@1", versions),
        NoticeRef(None, "newsletter@1", versions),
    ]
    assert privacy_notices.read_notices(wanted, language="en") == {}


def test_read_notice_of_later_version_is_left_out(versions: datetime, acme: Brand) -> None:
    earlier = NoticeRef(acme.pk, "newsletter@2", versions - timedelta(seconds=1))
    assert privacy_notices.read_notices([earlier], language="en") == {}
