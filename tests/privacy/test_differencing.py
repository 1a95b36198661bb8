"""What a brand may learn of a person is its own relationship, and no byte more.

How it works. Two persons differ only elsewhere (`elsewhere.py`). Acme does the same with each, at
the same times of a clock that stands still (`asking.py`), by its API, its webhook and its links.
All that it is answered and sent is kept, what is random is replaced by its number, and the two
worlds have to be equal byte for byte (`comparing.py`), but for what a list here allows and why.
Choices about any brand are compared with the same choices about acme alone. Ids and times are also
looked for in what two brands read (`joining.py`), for a leak that all worlds have makes no
difference. `leaks.py` plants leaks into the product, each of which has to be found.

Adding to it. A new call of a brand's fails `test_every_call_that_a_brand_can_make_is_made` until
`Script` makes it: in `ask_everything` where it only reads, else where it belongs. Something new
that people do goes into `ELSEWHERE`. A new leak goes into `leaks.py`, best before it is closed.

Left out. The console's pages, which show what the API gives. And a brand that registers an address
which it was never given: it is told what the person said to it by another one (ADR 28).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from drf_spectacular.generators import SchemaGenerator
from pytest_httpserver import HTTPServer

from brands.webhooks.delivery.worker import DeliveryWorker
from tests.privacy import joining
from tests.privacy.asking import Recorder, Script
from tests.privacy.comparing import Allowed, Difference, Seen, compare, explain, normalise
from tests.privacy.elsewhere import ALL, ELSEWHERE, be_sent_elsewhere
from tests.privacy.joining import Read
from tests.privacy.leaks import DIFFERING, JOINING, MEMBER, WIDE, Leak, Plant
from tests.privacy.world import Clock, Elsewhere, World, make_world, stop_clock

pytestmark = pytest.mark.django_db(transaction=True)

#: Nothing that happens elsewhere may be seen.
NOTHING: list[Allowed] = []
#: What tells a choice about any brand from one about acme alone.
OF_A_WIDE_CHOICE = [
    Allowed(
        "GET events|webhook",
        r"\.(timestamp|made_at|honour_by)$",
        "A worker tells it, later than it was made; each brand at a time of its own.",
    ),
    Allowed(
        "check|sends/reserve",
        r"\.remaining$",
        "Others count against the limit, too, so nobody is told what is left of it.",
    ),
]
#: What a brand sees of others' sends that a limit on all brands counts.
OF_A_USED_UP_LIMIT = [
    Allowed("check|sends/reserve", r"\.not_before$", "When it may send again, by the hour."),
    Allowed("sends/reserve", r"^(status|\.reserved|\.send)$", "What it may not send now."),
]

Recording = Callable[..., Sequence[Seen]]


class Life(NamedTuple):
    """Which script runs, in which world."""

    script: str
    acts: tuple[Elsewhere, ...]
    how: tuple[tuple[str, Any], ...]


class Worlds:
    """Runs scripts, each once a session: others may compare with it."""

    recorded: dict[Life, Recorder] = {}  # of all tests together

    def __init__(self, hook: HTTPServer, worker: DeliveryWorker) -> None:
        self.hook, self.worker = hook, worker

    def record(self, script: str, acts: Iterable[Elsewhere] = (), **how: Any) -> list[Seen]:
        """Return what acme sees; *script* is a method of `Script`."""
        return normalise(self.find(script, acts, **how).answers)

    def find(self, script: str, acts: Iterable[Elsewhere] = (), **how: Any) -> Recorder:
        life = Life(script, tuple(acts), tuple(sorted(how.items())))
        if life not in self.recorded:
            self.recorded[life] = self.run(script, acts, **how)
        return self.recorded[life]

    def run(self, script: str, acts: Iterable[Elsewhere] = (), **how: Any) -> Recorder:
        with stop_clock() as traveller:
            world = make_world(Clock(traveller), self.hook, self.worker, **how)
            made: Recorder = getattr(Script(world, list(acts)), script)()
        return made

    def read_by_two(self) -> tuple[Read, Read, Read]:
        """Return what acme, rival and the person themselves read of choices about any brand."""
        with stop_clock() as traveller:
            world = make_world(Clock(traveller), self.hook, self.worker, **WIDE)
            _add_both_brands(world)
            script = Script(world)
            script.let_the_person_speak()
            own = joining.read_own(world)
            reads = [joining.read_everything(world, api) for api in (world.as_acme, world.as_rival)]
        return reads[0], reads[1], own


def _add_both_brands(world: World) -> None:
    world.open_account()
    for slug in ("acme", "rival"):
        world.clock.begin_minute()
        assert world.as_person.post("me/relationships", {"brand": slug}).status_code == 201


@pytest.fixture
def worlds(httpserver: HTTPServer, worker: DeliveryWorker) -> Worlds:
    return Worlds(httpserver, worker)


def assert_alike(
    one: Sequence[Seen], other: Sequence[Seen], allowed: Sequence[Allowed] = NOTHING
) -> None:
    found = [d for d in compare(one, other) if not any(each.covers(d) for each in allowed)]
    assert not found, explain(found)


def assert_needed(allowed: Sequence[Allowed], found: Sequence[Difference]) -> None:
    """Each of a list has to allow something, or it is to be taken away."""
    assert all(any(each.covers(one) for one in found) for each in allowed)


# -- Elsewhere ------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ELSEWHERE)
def test_what_happens_elsewhere_changes_no_byte(what: str, worlds: Worlds) -> None:
    plain = worlds.record("run_shortly")
    assert_alike(plain, worlds.record("run_shortly", ELSEWHERE[what]))


def test_a_whole_life_is_the_same_for_a_member_who_deals_with_others(worlds: Worlds) -> None:
    """The one has no account and speaks by links; the other has one, and speaks by the API."""
    assert_alike(worlds.record("run"), worlds.record("run", ALL, is_member=True))


def test_whoever_adds_the_brand_tells_it_nothing_of_others(worlds: Worlds) -> None:
    how: dict[str, Any] = {"is_member": True, "adds_brand": True, "names_address": True}
    assert_alike(worlds.record("run_shortly", **how), worlds.record("run_shortly", ALL, **how))


# -- Any brand ------------------------------------------------------------------------------------


def test_a_choice_about_any_brand_reads_as_one_about_this_brand(worlds: Worlds) -> None:
    narrow, wide = worlds.record("run_shortly", **MEMBER), worlds.record("run_shortly", **WIDE)
    assert_alike(narrow, wide, OF_A_WIDE_CHOICE)
    assert_needed(OF_A_WIDE_CHOICE, compare(narrow, wide))


def test_sends_of_others_do_not_show_while_a_limit_on_all_lasts(worlds: Worlds) -> None:
    wide = worlds.record("run_shortly", **WIDE)
    assert_alike(wide, worlds.record("run_shortly", [be_sent_elsewhere], **WIDE))


def test_a_limit_that_others_used_up_shows_by_the_hour(worlds: Worlds) -> None:
    how = WIDE | {"limit": 3}
    one = worlds.record("run_briefly", **how)
    found = compare(one, worlds.record("run_briefly", [be_sent_elsewhere], **how))
    assert not (other := _not_allowed_of_a_used_up_limit(found)), explain(other)
    assert_needed(OF_A_USED_UP_LIMIT, found)


def _not_allowed_of_a_used_up_limit(found: Sequence[Difference]) -> list[Difference]:
    return [
        each
        for each in found
        if not any(allowed.covers(each) for allowed in OF_A_USED_UP_LIMIT)
        or (each.place.endswith("not_before") and not _are_full_hours(each.one, each.other))
    ]


def _are_full_hours(*texts: str | None) -> bool:
    times = [datetime.fromisoformat(text) for text in texts if text]
    return all((each.minute, each.second, each.microsecond) == (0, 0, 0) for each in times)


def test_two_brands_read_no_id_and_no_exact_time_in_common(worlds: Worlds) -> None:
    acme, rival, own = worlds.read_by_two()
    assert acme.ids and acme.times and own.ids
    assert (acme.ids & rival.ids, acme.times & rival.times) == (set(), set())
    assert not own.ids & (acme.ids | rival.ids)


# -- Whether the test would find it ---------------------------------------------------------------


@pytest.mark.parametrize("name", DIFFERING)
def test_a_planted_leak_makes_two_worlds_differ(
    name: str, worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = DIFFERING[name]
    assert not _find(leak, worlds.record)
    leak.plant(monkeypatch)
    assert _find(leak, lambda *args, **how: normalise(worlds.run(*args, **how).answers))


def _find(leak: Leak, record: Recording) -> list[Difference]:
    """Return what differs in a way that no list allows."""
    one = record("run_briefly", **leak.both)
    other = record("run_briefly", leak.acts, **{**leak.both, **leak.other})
    found = compare(one, other)
    if leak.both.get("limit") == 3:
        return _not_allowed_of_a_used_up_limit(found)
    allowed = OF_A_WIDE_CHOICE if leak.other else NOTHING
    return [each for each in found if not any(one.covers(each) for one in allowed)]


@pytest.mark.parametrize("name", JOINING)
def test_a_planted_leak_gives_two_brands_something_in_common(
    name: str, worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant: Plant = JOINING[name]
    plant(monkeypatch)
    acme, rival, _ = worlds.read_by_two()
    assert acme.ids & rival.ids or acme.times & rival.times


# -- Whether it asks everything -------------------------------------------------------------------

#: What the script leaves out, and why.
NOT_ASKED = {("POST", "/api/v1/links/key/rotate"): "answers a random key, which is nobody's"}


def test_every_call_that_a_brand_can_make_is_made(worlds: Worlds) -> None:
    generator: Any = SchemaGenerator
    paths = generator().get_schema(public=True)["paths"]
    of_brands = {
        (method.upper(), path)
        for path, calls in paths.items()
        for method, call in calls.items()
        if any("brandKey" in each for each in call.get("security", []))
    }
    visited = {(method, _template_of(path, paths)) for method, path in worlds.find("run").visited}
    assert of_brands - visited == set(NOT_ASKED)


def _template_of(path: str, templates: Iterable[str]) -> str | None:
    """Return the path of the schema that *path* fits, one without arguments first."""
    for template in sorted(templates, key=lambda each: each.count("{")):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return template
    return None
