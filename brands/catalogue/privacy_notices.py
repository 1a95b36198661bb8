"""Versioned privacy notices of a brand, which people see when they choose.

Note [Naming a notice]. Ledger entries and other records store the name of a notice as text. An
incoming name without a version, `code`, is resolved once to `code@version`: the version that was
current when the choice was made. So the ledger says what was shown, because the text of a version
never changes. An unknown name is refused. So is a `code` whose first version is newer than the
choice, because the person cannot have seen it. A caller that knows which version was shown names
it. Entries older than this rule may hold other texts.
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
from core.errors import DomainError

LONGEST_NOTICE = 20_000
MOST = 500
MOST_LANGUAGES = 50
CODE = re.compile(r"[-a-zA-Z0-9_]{1,60}")
#: The commonly used part of BCP 47: `de`, `pt-BR`, `zh-Hant`.
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
#: The fallback for people who read none of a notice's languages, if the notice has it.
COMMON_LANGUAGE = "en"


class BadNotice(DomainError):
    """The notice is not valid; `field` names the part."""

    code = "bad_notice"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownNotice(DomainError):
    """The brand has no notice of this name, or had none at that time."""

    code = "unknown_notice"
    field = "notice"


class TooManyNotices(DomainError):
    """The brand has `MOST` notices, the maximum."""

    status = 409
    code = "too_many_notices"


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """One version of a notice, in all its languages."""

    code: str
    version: int
    created_at: datetime
    texts: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.code}@{self.version}"


class NoticeRef(NamedTuple):
    """Reference to a notice from a record that was made *at* a time."""

    brand_id: int | None
    name: str
    at: datetime


#: For each code, the start and number of each version, oldest first.
Known = Mapping[str, Sequence[tuple[datetime, int]]]


def find_current_notices(brand: Brand) -> list[NoticeVersion]:
    """Return the newest version of each notice, ordered by code."""
    return _versions(Notice.objects.filter(brand=brand).newest().order_by("code", "language"))


def list_notice_versions(brand: Brand, code: str) -> list[NoticeVersion]:
    """Return all versions of one notice, newest first."""
    rows = Notice.objects.filter(brand=brand, code=code)
    return _versions(rows.order_by("-version", "language"))


def write_notice(
    brand: Brand, *, code: str, texts: Mapping[str, str], now: datetime
) -> tuple[NoticeVersion, bool]:
    """Make *texts*, by language, the current version. Return it, and whether it is new.

    If the current version already has exactly these texts, it is returned.

    Raises:
        BadNotice, TooManyNotices
    """
    texts = _checked(code, texts)
    with transaction.atomic():
        # Without the lock, two concurrent calls could take the same version number.
        Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
        before = list_notice_versions(brand, code)
        if before and before[0].texts == texts:
            return before[0], False
        if not before and _read_number(brand) >= MOST:
            raise TooManyNotices(f"a brand can have at most {MOST} notices")
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
    """Return the versions of notices for `resolve_notice_name`: of *codes*, or of all notices."""
    rows = Notice.objects.filter(brand=brand_id)
    found = rows.filter(code__in=codes) if codes else rows
    versions = defaultdict(list)
    for code, version, began in (
        found.values_list("code", "version", "created_at").order_by("version").distinct()
    ):
        versions[code].append((began, version))
    return versions


def resolve_notice(brand_id: int, name: str, *, at: datetime) -> str:
    """Return `code@version` of the brand's notice *name*. Raises UnknownNotice.

    See `resolve_notice_name`.
    """
    return resolve_notice_name(name, find_known_notices(brand_id, name.partition("@")[0]), at=at)


def resolve_notice_name(name: str, held: Known, *, at: datetime) -> str:
    """Return `code@version` of the notice *name*; "" stays "". See Note [Naming a notice].

    A `code` means the version that was current *at* that time. Example: if version 1 of `privacy`
    began in May and version 2 in July, then `privacy` in June gives `privacy@1`.

    Raises:
        UnknownNotice: there is no such notice, or it had no version *at* that time.
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
        raise UnknownNotice(
            f"your notice {code!r} had no version before {began}: name a version, or leave "
            "the notice out"
        )
    raise UnknownNotice(f"you have no notice {name!r}")


def read_notices(wanted: Iterable[NoticeRef], *, language: str) -> dict[NoticeRef, Notice]:
    """Return the notice for each reference, in *language* if possible, by one query.

    Without *language*, a related one is used, then `COMMON_LANGUAGE`, then any other. References
    to unknown notices, or to versions that began later, are left out.
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
    """Return the texts of a notice by language; {} if it is unknown or began later."""
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
    """Return the versions that *rows* make up. Rows of the same version must be adjacent."""
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
        raise BadNotice("code", "use a code of up to 60 letters, digits, hyphens and underscores")
    if not 0 < len(texts) <= MOST_LANGUAGES:
        raise BadNotice("texts", f"give the text in 1 to {MOST_LANGUAGES} languages")
    for language, text in texts.items():
        if not LANGUAGE.fullmatch(language):
            raise BadNotice(
                "texts", f"{language[:20]!r} is not a language tag: write it like en or pt-BR"
            )
        if not text.strip() or len(text) > LONGEST_NOTICE:
            raise BadNotice("texts", f"a text must have 1 to {LONGEST_NOTICE:,} characters")
    # Browsers submit CRLF. They are normalised, so that the same text makes no new version.
    return {name: texts[name].replace("\r\n", "\n").strip() for name in sorted(texts)}
