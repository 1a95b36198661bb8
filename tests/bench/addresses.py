"""`make bench-addresses`: what every public form says of a known and of an unknown address.

Whoever wants to know who has an account tries both many times and compares. Printed are the answers
and the times, and how often a guesser who has learned from some could tell the others apart: half
is chance. The forms' limits by caller are lifted for it.
"""

from __future__ import annotations

import http.client
import os
import re
import statistics
import time
from pathlib import Path
from urllib.parse import urlencode

import django

ROUNDS = 30
FOLDER = Path("var/bench").resolve()
LIFTED = {
    "ACCOUNT_LIMITS": "off",
    "EMAIL_URL": "dummymail://",
}
#: Path, the field of the address, and what else is sent.
FORMS: list[tuple[str, str, dict[str, str]]] = [
    ("/account/signup/", "email", {}),
    ("/account/login/", "login", {"password": "wrong"}),
    ("/account/login/code/", "email", {}),
    ("/account/password/reset/", "email", {}),
    ("/link", "email", {}),
]


def main() -> None:
    os.environ["CMR_ENVIRONMENT"] = "development"
    django.setup()
    from tests.bench import pages

    with pages.served(FOLDER, LIFTED) as port:
        for number in range(ROUNDS):
            pages.person(f"known{number}@example.org", brands=1)
        print("form: known | unknown: answers; median ms; told apart")
        for form in FORMS:
            print(_compare(port, *form))


def _compare(port: int, path: str, field: str, more: dict[str, str]) -> str:
    """Known and unknown in turn, each address once."""
    kinds: dict[str, list[tuple[int, str, int, float]]] = {"known": [], "unknown": []}
    for number in range(ROUNDS):
        for kind, seen in kinds.items():
            seen.append(_post(port, path, {field: f"{kind}{number}@example.org", **more}))
    answers = {kind: {each[:3] for each in seen} for kind, seen in kinds.items()}
    times = {kind: [each[3] for each in seen] for kind, seen in kinds.items()}
    alike = "alike" if answers["known"] == answers["unknown"] else f"DIFFERENT {answers}"
    status, place, size = next(iter(answers["known"]))
    medians = [statistics.median(each) for each in times.values()]
    return (
        f"{path}: {status} {place} {size} bytes, {alike}; {medians[0]:.1f} | {medians[1]:.1f} ms; "
        f"{_told_apart(times['known'], times['unknown']):.0%}"
    )


def _told_apart(known: list[float], unknown: list[float]) -> float:
    """How often a guesser is right who has learned from one half, and guesses about the other."""
    middles = statistics.median(known[::2]), statistics.median(unknown[::2])
    border, higher = sum(middles) / 2, middles[0] > middles[1]
    right = sum((each > border) == higher for each in known[1::2])
    right += sum((each > border) != higher for each in unknown[1::2])
    return right / len(known[1::2] + unknown[1::2])


def _post(port: int, path: str, sent: dict[str, str]) -> tuple[int, str, int, float]:
    """Status, place, length without what differs anyway, and milliseconds."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path)
    page = line.getresponse()
    cookie = "; ".join(each.partition(";")[0] for each in page.headers.get_all("Set-Cookie") or [])
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert token
    body = urlencode({**sent, "csrfmiddlewaretoken": token[1]})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    began = time.perf_counter()
    line.request("POST", path, body, headers)
    answer = line.getresponse()
    text = answer.read().decode()
    taken = (time.perf_counter() - began) * 1000
    line.close()
    for value in sent.values():
        text = text.replace(value, "")
    return answer.status, answer.headers.get("Location", ""), len(text), taken


if __name__ == "__main__":
    main()
