"""A GET never changes anything: every link of a signed-in session is followed, and compared."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from tests.browser import world as worlds
from tests.browser.world import World
from tests.project.test_routes import table_states

LINK = re.compile(r'(?:href|src)="(/[^"#]*)')
MOST = 400


@pytest.fixture
def world(db: None) -> World:
    return worlds.build()


def follow_all(browser: Client, *starts: str) -> dict[str, int]:
    """Every page that can be reached, and how it answered."""
    seen: dict[str, int] = {}
    waiting = list(starts)
    while waiting and len(seen) < MOST:
        path = waiting.pop()
        if path in seen or path.startswith("/static/"):
            continue
        answer = browser.get(path)
        seen[path] = answer.status_code
        if "text/html" in answer.headers.get("Content-Type", ""):
            waiting += [unescape(each) for each in LINK.findall(answer.content.decode())]
    return seen


@pytest.mark.usefixtures("documentation")
def test_following_every_link_changes_nothing(world: World) -> None:
    browser = Client()
    browser.force_login(world.consumer.user)
    before = table_states()
    seen = follow_all(browser, "/", f"/u/{world.link}", f"/p/{world.link}", "/account/login/")
    assert len(seen) > 60
    assert {path: status for path, status in seen.items() if status not in (200, 302)} == {}
    assert table_states() == before


def test_a_mail_scanner_unsubscribes_nobody(world: World) -> None:
    before = table_states()
    for _ in range(3):
        assert Client().get(f"/u/{world.link}").status_code == 200
        assert Client().head(f"/u/{world.link}").status_code == 200
    assert table_states() == before
