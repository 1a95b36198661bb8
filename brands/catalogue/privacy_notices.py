"""A brand's notices: what people are shown when they choose, version by version.

Note [Naming a notice]. What carries a notice holds its name as text. A bare `code` is resolved as
it comes in to `code@version`, the version that stood when the choice was made, and stays so: the
ledger says what was shown, and the text of a version never changes. A name of no notice is refused,
and so is a `code` that had no version yet: a later one cannot become what somebody had been shown
before. Whoever knows better names the version. Entries of before may hold other words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from django.db import transaction

from brands.models import Brand, Notice

LONGEST_NOTICE = 20_000
MOST = 500
MOST_LANGUAGES = 50
CODE = re.compile(r"[-a-zA-Z0-9_]{1,60}")
#: By BCP 47, of which this is the part that people use: `de`, `pt-BR`, `zh-Hant`.
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
#: Whoever reads no language of a notice gets this one, if it is there.
COMMON_LANGUAGE = "en"


class BadNotice(ValueError):
    """A notice that cannot be. `field` says which part of it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownNotice(ValueError):
    """A name of no notice of the brand, or of none that stood at that time."""


class TooManyNotices(Exception):
    """The brand has as many as it may."""


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """One version, in all its languages."""

    code: str
    version: int
    created_at: datetime
    texts: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"


class NoticeRef(NamedTuple):
    """A notice as something names it that was recorded at a time."""

    brand_id: int | None
    name: str
    at: datetime


#: Of each code its versions, oldest first, with when each began.
Known = Mapping[str, Sequence[tuple[datetime, int]]]


def find_current_notices(brand: Brand) -> list[NoticeVersion]:
    """Each notice's newest version, by code."""
    return _versions(Notice.objects.filter(brand=brand).newest().order_by("code", "language"))


def list_notice_versions(brand: Brand, code: str) -> list[NoticeVersion]:
    """All versions of one notice, newest first."""
    rows = Notice.objects.filter(brand=brand, code=code)
    return _versions(rows.order_by("-version", "language"))


def write_notice(
    brand: Brand, *, code: str, texts: Mapping[str, str], now: datetime
) -> tuple[NoticeVersion, bool]:
    """The version that has exactly these *texts* by language; says whether it is a new one.

    Raises:
        BadNotice, TooManyNotices
    """
    texts = _checked(code, texts)
    with transaction.atomic():
        Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)  # so that versions are dense
        before = list_notice_versions(brand, code)
        if before and before[0].texts == texts:
            return before[0], False
        if not before and _read_number(brand) >= MOST:
            raise TooManyNotices(f"a brand has at most {MOST} notices")
        made = NoticeVersion(code, len(before) + 1, now, texts)
        Notice.objects.bulk_create(
            Notice(
                brand=brand,
                code=code,
                version=made.version,
                language=language,
                text=text,
                created_at=now,
            )
            for language, text in texts.items()
        )
    return made, True


def find_known_notices(brand_id: int, *codes: str) -> Known:
    """What `resolve` goes by: of these codes, or of all."""
    rows = Notice.objects.filter(brand=brand_id)
    found = rows.filter(code__in=codes) if codes else rows
    versions = defaultdict(list)
    for code, version, began in (
        found.values_list("code", "version", "created_at").order_by("version").distinct()
    ):
        versions[code].append((began, version))
    return versions


def resolve_notice(brand_id: int, name: str, *, at: datetime) -> str:
    """Look one name up and resolve it. Raises UnknownNotice."""
    return resolve_notice_name(name, find_known_notices(brand_id, name.partition("@")[0]), at=at)


def resolve_notice_name(name: str, held: Known, *, at: datetime) -> str:
    """Return `code@version` of the notice that *name* is; "" stays so. See Note [Naming a notice].

    A `code` means the version that stood *at* that time.

    Raises:
        UnknownNotice
    """
    code, sign, version = name.partition("@")
    versions = held.get(code, ())
    if not name or (sign and version in {str(number) for _, number in versions}):
        return name
    stood = [number for began, number in versions if began <= at]
    if stood and not sign:
        return f"{code}@{stood[-1]}"
    if versions and not sign:
        began = versions[0][0].isoformat(timespec="seconds")
        raise UnknownNotice(f"your notice {code!r} begins at {began}: name the version, or none")
    raise UnknownNotice(f"you have no notice {name!r}")


def read_notices(wanted: Iterable[NoticeRef], *, language: str) -> dict[NoticeRef, Notice]:
    """What each names, in a language that its reader knows if there is one, in one query.

    What names no notice is left out.
    """
    keys = {each: key for each in wanted if (key := _key(each))}
    rows = Notice.objects.filter(
        brand__in={brand for brand, _, _ in keys.values()},
        code__in={code for _, code, _ in keys.values()},
        version__in={version for _, _, version in keys.values()},
    )
    held: defaultdict[tuple[int, str, int], dict[str, Notice]] = defaultdict(dict)
    for row in rows:
        held[row.brand_id, row.code, row.version][row.language] = row
    found = {each: _in_language(held[key], language) for each, key in keys.items() if key in held}
    return {each: row for each, row in found.items() if row.created_at <= each.at}


def read_notice_texts(named: NoticeRef) -> dict[str, str]:
    """Return the text of what is named in each of its languages; {} where it is no notice."""
    if (key := _key(named)) is None:
        return {}
    brand, code, version = key
    rows = Notice.objects.filter(
        brand=brand, code=code, version=version, created_at__lte=named.at
    ).order_by("language")
    return dict(rows.values_list("language", "text"))


def _key(named: NoticeRef) -> tuple[int, str, int] | None:
    code, _, version = named.name.partition("@")
    if named.brand_id is None or not re.fullmatch("[1-9][0-9]{0,8}", version):
        return None
    return named.brand_id, code, int(version)


def _in_language(rows: Mapping[str, Notice], language: str) -> Notice:
    near = [each for each in sorted(rows) if _primary(each) == _primary(language)]
    wanted = (language, *near, COMMON_LANGUAGE, *sorted(rows))
    return next(rows[each] for each in wanted if each in rows)


def _primary(language: str) -> str:
    return language.partition("-")[0]


def _versions(rows: Iterable[Notice]) -> list[NoticeVersion]:
    """Of rows in the order of their versions."""
    return [
        NoticeVersion(code, version, began, {row.language: row.text for row in same})
        for (code, version, began), same in groupby(
            rows, key=lambda row: (row.code, row.version, row.created_at)
        )
    ]


def _read_number(brand: Brand) -> int:
    return Notice.objects.filter(brand=brand).values("code").distinct().count()


def _checked(code: str, texts: Mapping[str, str]) -> dict[str, str]:
    if not CODE.fullmatch(code):
        raise BadNotice("code", "a code has up to 60 letters, digits, hyphens and underscores")
    if not 0 < len(texts) <= MOST_LANGUAGES:
        raise BadNotice("texts", f"give the text in 1 to {MOST_LANGUAGES} languages")
    for language, text in texts.items():
        if not LANGUAGE.fullmatch(language):
            raise BadNotice("texts", f"{language[:20]!r} is no language: write en or pt-BR")
        if not text.strip() or len(text) > LONGEST_NOTICE:
            raise BadNotice("texts", f"a text has 1 to {LONGEST_NOTICE:,} characters")
    # A browser's form ends its lines otherwise, which makes no other text.
    return {name: texts[name].replace("\r\n", "\n").strip() for name in sorted(texts)}
