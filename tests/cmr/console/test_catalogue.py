"""Console pages: topics and notices, and copying them to live mode."""

from __future__ import annotations

from datetime import datetime

import pytest

from brands.catalogue import privacy_notices, topics
from brands.models import Brand, Notice, Topic, Workspace
from brands.workspaces import lifecycle
from tests.cmr.console.conftest import Browser

HERE = "acme/test/catalogue"
NEWS = {"code": "news", "name": "News", "purpose": "marketing"}


@pytest.fixture
def news(workspace: Workspace) -> Topic:
    return topics.create_topic(workspace.test, **NEWS)[0]


def write_notice(workspace: Workspace, now: datetime, **texts: str) -> None:
    privacy_notices.write_notice(workspace.test, code="privacy", texts=texts, now=now)


# -- Topics ---------------------------------------------------------------------------------------


def test_catalogue_page_shows_regional_defaults(workspace: Workspace, vera: Browser) -> None:
    page = vera.text(HERE)
    assert "US, email: yes until a no (CAN-SPAM Act" in page and "cannot be refused" in page
    assert page.count("There is none yet.") == 2 and "Add a topic" not in page


def test_create_topic_lists_it(workspace: Workspace, dev: Browser) -> None:
    assert dev.post(HERE, **NEWS).headers["Location"] == f"/console/{HERE}"
    assert Topic.objects.get().brand == workspace.test
    assert "News is a topic now." in dev.text(HERE)


@pytest.mark.parametrize(
    "change", [{"purpose": "service"}, {"purpose": "profiling"}, {"code": "a b"}, {"name": ""}]
)
def test_create_topic_invalid_form_is_refused(
    change: dict[str, str], workspace: Workspace, dev: Browser
) -> None:
    answer = dev.post(HERE, **NEWS | {"name": "Typed before"} | change)
    assert answer.status_code == 422 and not Topic.objects.exists()
    assert ("Typed before" in answer.content.decode()) == ("name" not in change)


def test_create_topic_with_taken_code_is_refused(news: Topic, dev: Browser) -> None:
    answer = dev.post(HERE, **NEWS | {"name": "Other"})
    assert answer.status_code == 422 and "another topic" in answer.content.decode()


def test_topic_is_renamed_retired_and_restored(news: Topic, dev: Browser) -> None:
    one = f"{HERE}/topics/news"
    assert dev.post(one, name="").status_code == 422
    dev.post(one, name="Our news")
    assert "Our news" in dev.text(HERE)
    dev.post(f"{one}/retire")
    news.refresh_from_db()
    assert news.retired_at and "retired" in dev.text(HERE)
    dev.post(f"{one}/bring-back")
    assert Topic.objects.filter(name="Our news", retired_at=None).exists()


def test_restore_topic_beyond_limit_is_refused(
    news: Topic, dev: Browser, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.withdraw_topic(news, now=now)
    monkeypatch.setattr(topics, "MOST", 0)
    dev.post(f"{HERE}/topics/news/bring-back")
    assert "A brand can offer at most 0 topics." in dev.text(HERE)


# -- Notices --------------------------------------------------------------------------------------


def test_write_notice_adds_versions(workspace: Workspace, dev: Browser) -> None:
    made = dev.post(f"{HERE}/new-notice", code="privacy", **{"text-en": "We\r\nask."})
    page = f"{HERE}/notices/privacy"
    assert made.headers["Location"] == f"/console/{page}"
    dev.post(page, **{"text-en": "We\r\nask.", "text-de": ""})
    assert "That is how it reads already." in dev.text(page)
    dev.post(page, language="fr", text="Salut.", **{"text-en": "We ask."})
    assert "privacy@2 is what people are shown now." in dev.text(page)
    assert "Salut." in dev.text(page) and "French" in dev.text(page)
    (second, first) = privacy_notices.list_notice_versions(workspace.test, "privacy")
    assert (second.texts, first.texts) == ({"en": "We ask.", "fr": "Salut."}, {"en": "We\nask."})
    assert "privacy" in dev.text(HERE)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"text-en": " "},
        {"text-en": "x", "language": "English", "text": "y"},
        {"text-en": "x", "language": "fr"},
        {"text-en": "x", "text": "y"},
        {"text-en": "x", "language": "en", "text": "y"},
        {"text-en": "x" * (privacy_notices.LONGEST_NOTICE + 1)},
    ],
)
def test_write_notice_invalid_form_is_refused(
    form: dict[str, str], workspace: Workspace, dev: Browser
) -> None:
    answer = dev.post(f"{HERE}/new-notice", code="privacy", **form)
    assert answer.status_code == 422 and not Notice.objects.exists()
    assert 'value="privacy"' in answer.content.decode()


def test_new_notice_with_taken_code_is_refused(
    workspace: Workspace, dev: Browser, now: datetime
) -> None:
    write_notice(workspace, now, en="We ask.")
    answer = dev.post(f"{HERE}/new-notice", code="privacy", **{"text-en": "Other."})
    assert answer.status_code == 422 and Notice.objects.count() == 1


def test_notice_page_escapes_texts(workspace: Workspace, dev: Browser, now: datetime) -> None:
    write_notice(workspace, now, en="<script>x</script>")
    assert "<script>x" not in dev.text(f"{HERE}/notices/privacy")


# -- Both -----------------------------------------------------------------------------------------


def test_catalogue_of_viewer_is_read_only(
    news: Topic, workspace: Workspace, vera: Browser, now: datetime
) -> None:
    write_notice(workspace, now, en="We ask.")
    for path in ("/topics/news", "/notices/privacy", ""):
        assert vera.get(HERE + path).status_code == 200
        assert vera.post(HERE + path, name="x").status_code == 403
    for path in ("/topics/news/retire", "/topics/news/bring-back", "/new-notice", "/copy"):
        assert vera.post(HERE + path).status_code == 403


def test_catalogue_of_other_mode_or_brand_is_not_found(
    news: Topic, is_live: Workspace, dev: Browser, rival: Brand, now: datetime
) -> None:
    write_notice(is_live, now, en="We ask.")
    topics.create_topic(rival, code="theirs", name="x", purpose="marketing")
    privacy_notices.write_notice(rival, code="their-notice", texts={"en": "x"}, now=now)
    live = "acme/live/catalogue"
    for path in (f"{live}/notices/privacy", f"{HERE}/notices/their-notice"):
        assert dev.get(path).status_code == 404
    for path in (f"{HERE}/topics/theirs", f"{live}/topics/theirs"):
        assert dev.get(path).status_code == 404
        assert dev.post(f"{path}/retire").status_code == 404
        assert dev.post(f"{path}/bring-back").status_code == 404


def test_copy_topics_to_live_adds_missing(
    news: Topic, is_live: Workspace, dev: Browser, acme: Brand, now: datetime
) -> None:
    write_notice(is_live, now, en="First.")
    write_notice(is_live, now, en="Second.")
    gone, _ = topics.create_topic(is_live.test, code="gone", name="Gone", purpose="marketing")
    topics.withdraw_topic(gone, now=now)
    topics.create_topic(is_live.test, code="more", name="More", purpose="research")
    assert "Take over" in dev.text("acme/live/catalogue")
    assert "Take over" not in dev.text(HERE)
    dev.post("acme/live/catalogue/copy")
    # News came along when live mode began.
    assert "Taken over: 1 topics, 1 notices." in dev.text("acme/live/catalogue")
    assert set(acme.topics.values_list("code", flat=True)) == {"news", "more"}
    (only,) = privacy_notices.list_notice_versions(acme, "privacy")
    assert (only.version, only.texts) == (1, {"en": "Second."})
    dev.post("acme/live/catalogue/copy")
    assert Notice.objects.filter(brand=acme).count() == 1


def test_live_mode_starts_with_notices(workspace: Workspace, acme: Brand, now: datetime) -> None:
    write_notice(workspace, now, en="We ask.")
    lifecycle.adopt_live_brand(workspace, acme, now=now)
    assert [str(each) for each in privacy_notices.find_current_notices(acme)] == ["privacy@1"]


def test_create_topic_without_code_derives_it(workspace: Workspace, dev: Browser) -> None:
    dev.post(HERE, name="New harvests!", code="", purpose="marketing")
    assert Topic.objects.get().code == "new-harvests"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"code": "New harvests"}, "Letters, digits, - and _ alone, as in new-harvests."),
        ({"name": "新しい"}, "None can be made of this name: give one."),
    ],
)
def test_create_topic_invalid_code_is_explained(
    given: dict[str, str], said: str, workspace: Workspace, dev: Browser
) -> None:
    form = {"name": "New harvests", "code": "", "purpose": "marketing"} | given
    page = dev.post(HERE, **form).content.decode()
    assert said in page and "slug" not in page
    assert not Topic.objects.exists()
