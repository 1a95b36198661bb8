"""Invented mailboxes: companies of several shapes, groups and people, in one mbox.

Subjects and bodies contain `SUBJECT_MARK` and `BODY_MARK`, so that a test sees where they end up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

SUBJECT_MARK, BODY_MARK = "Quokka", "Wombat"
FIRST = datetime(2024, 1, 1, 8, tzinfo=UTC)
OWNER = "ana@example.org"
COMPANIES = 40
LINE = "The quick brown fox jumps over the lazy dog, and From time to time it rests. <p>=20</p>\n"
#: A header block as long as those of real bulk mail, of about 2 kB.
PADDING = "".join(
    f"Received: from mx{n}.relay.example (mx{n}.relay.example [192.0.2.{n}])\n"
    f"\tby mail{n}.example.org with ESMTPS id q{n}si123456wrb.{n}.2026\n"
    f"\t(version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)\n"
    for n in range(6)
) + "".join(f"X-Relay-Trace-{n}: {'0123456789abcdef' * 3}\n" for n in range(4))

Shape = Callable[[int, int, random.Random], str]


def _sign(domain: str, chance: random.Random, covers: str = "") -> str:
    return (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s1;\n"
        f"\th=From:To:Subject:Date:Message-ID{covers};\n"
        f"\tbh={chance.randbytes(24).hex()}=;\n\tb={chance.randbytes(60).hex()}\n\t {'ab' * 30}==\n"
    )


COVERS = ":List-Unsubscribe:List-Unsubscribe-Post"


def _newsletter(company: int, nth: int, chance: random.Random) -> str:
    domain = f"shop{company}.example"
    return (
        f'From: "Shop {company}, Newsletter" <news@mail.{domain}>\n'
        f"{_sign(domain, chance, COVERS)}"
        f"List-Id: Shop {company} news\n <news.{domain}>\n"
        f"List-Unsubscribe: <mailto:u{nth}@{domain}?subject=stop>,\n"
        f" <https://click.{domain}/u/{chance.randbytes(12).hex()}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
    )


def _by_provider(company: int, nth: int, chance: random.Random) -> str:
    domain = f"store{company}.example"
    return (
        f"From: =?utf-8?q?Gesch=C3=A4ft_{company}?= <hello@{domain}>\n"
        f"{_sign(domain, chance, COVERS)}{_sign('sendgrid.net', chance, COVERS)}"
        f"List-Unsubscribe: <https://u{company}.ct.sendgrid.net/wf/{chance.randbytes(8).hex()}>\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
        f"Feedback-ID: {chance.randint(1, 99)}:weekly:sg\n"
    )


def _receipts(company: int, nth: int, chance: random.Random) -> str:
    domain = f"bank{company}.example"
    return (
        f"From: Bank {company} <statements@{domain}>\n{_sign(domain, chance)}"
        f"Auto-Submitted: auto-generated\nFeedback-ID: {nth}:invoice:x\n"
    )


def _web_link(company: int, nth: int, chance: random.Random) -> str:
    domain = f"verein{company}.example"
    return (
        f"From: Verein M\xfcnchen {company} <post@{domain}>\nSender: bounce-{nth}@{domain}\n"
        f"Precedence: bulk\nList-Unsubscribe: http://www.{domain}/aus?{nth}\n"
    )


def _group(company: int, nth: int, chance: random.Random) -> str:
    host = f"lists.group{company}.example"
    return (
        f"From: Member {nth} <member{nth}@people{nth % 7}.example>\n"
        f"List-Id: Talk <talk.{host}>\nList-Post: <mailto:talk+{nth}@{host}>\n"
        f"List-Unsubscribe: <mailto:talk-leave@{host}>\nPrecedence: list\n"
        f"{_sign(f'people{nth % 7}.example', chance)}"
    )


def _person(company: int, nth: int, chance: random.Random) -> str:
    return f"From: Friend {company} <friend{company}@gmail.com>\n"


SHAPES: tuple[Shape, ...] = (
    _newsletter,
    _by_provider,
    _receipts,
    _web_link,
    _group,
    _person,
)


def build_headers(nth: int, chance: random.Random) -> bytes:
    """Return the header block of the mail with this number."""
    company = chance.randrange(COMPANIES)
    sent = FIRST + timedelta(minutes=11 * nth)
    labels = "Spam" if nth % 29 == 0 else "Inbox,Unread"
    text = (
        f"X-GM-THRID: {10**18 + nth}\nX-Gmail-Labels: {labels}\nDelivered-To: {OWNER}\n"
        f"{PADDING}{SHAPES[company % len(SHAPES)](company, nth, chance)}"
        f"To: Ana <{OWNER}>\nSubject: {SUBJECT_MARK} number {nth}\n"
        f"Date: {format_datetime(sent)}\n"
        f"Message-ID: <{nth}.{chance.randbytes(6).hex()}@x.example>\n"
        'MIME-Version: 1.0\nContent-Type: text/html; charset="utf-8"\n'
    )
    return text.encode("latin-1")


def build_mails(number: int, *, body_bytes: int = 400) -> Iterator[bytes]:
    """Yield so many mails of an mbox, always the same ones."""
    chance = random.Random(number)
    body = f"{BODY_MARK}\n\nFrom here on it is text.\n" + LINE * max(1, body_bytes // len(LINE))
    for nth in range(number):
        sent = FIRST + timedelta(minutes=11 * nth)
        separator = f"From {10**18 + nth}@xxx {sent:%a %b %d %H:%M:%S +0000 %Y}\n"
        yield separator.encode() + build_headers(nth, chance) + b"\n" + body.encode() + b"\n"


def write_mbox(path: Path, number: int, *, body_bytes: int = 400) -> Path:
    """Write an mbox of so many mails. Return its path."""
    with path.open("wb") as file:
        for mail in build_mails(number, body_bytes=body_bytes):
            file.write(mail)
    return path
