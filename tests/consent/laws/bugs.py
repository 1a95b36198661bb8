"""At least one bug for each law: with it planted in the rule's source, the law must fail.

`old` stands in the module's source exactly once. Where the source is put in other words, put `old`
into the same words and look that `new` still breaks what `name` says.
"""
# ruff: noqa: E501 - a table is read by the line

from __future__ import annotations

from typing import NamedTuple

from tests.consent.laws import answers, record, tables, timing, traits
from tests.consent.laws.law import Law

LAWS = [
    each
    for module in (answers, record, tables, timing, traits)
    for each in vars(module).values()
    if isinstance(each, Law)
]


class Bug(NamedTuple):
    law: Law
    name: str
    module: str
    old: str
    new: str


A, P, R, T, U = answers, tables, record, timing, traits
RULE, CHECKS, HOURS, TIMING, BUDGETS = "resolution", "checks", "quiet_hours", "timing", "budgets"
TABLES = "tables"
# fmt: off
BUGS = [Bug(*row) for row in (
    (A.the_page, "a limit permits", RULE, 'self.decision == "grant" and', 'self.decision != "deny" and'),
    (A.the_page, "a denial is called a pause", RULE, 'denial.decision == "pause"', 'denial.decision == "deny"'),
    (A.required, "no regime is required", RULE, 'question.regime == "required"', 'question.regime == ""'),
    (A.default, "silence is always a no", RULE, 'question.regime == "opt_out"', "False"),
    (A.wide_no, "an older yes lifts a newer no", RULE, "self.age <= denial.age", "self.age >= denial.age"),
    (A.wide_yes, "a wider yes lifts a narrower no", RULE, "(no._replace(contact_point=None) if any_address else no).covers(self.scope)", "self.scope.covers(no)"),
    (A.wide_yes, "any yes lifts", RULE, "(no._replace(contact_point=None) if any_address else no).covers(self.scope)", "True"),
    (A.narrow_yes, "only a yes as wide lifts", RULE, "(no._replace(contact_point=None) if any_address else no).covers(self.scope)", "no == self.scope"),
    (A.last_yes, "a person lifts no no of theirs", RULE, 'self.maker == "person" or', 'self.maker == "person" and'),
    (A.brand_over_person, "a brand's yes lifts a person's no", RULE, 'denial.maker == "brand" and', ""),
    (A.same_scope, "a brand's word pushes out a person's", RULE, "self.decision, self.maker, self.basis", "self.decision, self.basis"),
    (A.same_scope, "a brand's clear takes back a person's word", RULE, "cleared.get((choice.scope, choice.maker))", "max((at for (scope, _), at in cleared.items() if scope == choice.scope), default=None)"),
    (A.own_no, "a brand's no is for ever", RULE, 'denial.maker == "brand" and', "False and"),
    (A.implied_yes, "an implied yes lifts", RULE, 'and self.basis == "express"', ""),
    (A.express_first, "an implied yes counts like an express one", RULE, "(first(c), c.age)", "c.age"),
    (A.run_out, "a yes runs out a moment late", RULE, "now < self.expires_at", "now <= self.expires_at"),
    (A.still_running, "a yes that will run out has", RULE, "now < self.expires_at", "now > self.expires_at"),
    (A.pause, "only pauses that have ended refuse", RULE, "now < self.until", "now >= self.until"),
    (A.pause_ended, "a pause ends a moment late", RULE, "now < self.until", "now <= self.until"),
    (A.later_topic, "any purpose is none", RULE, "self.purpose in (None, other.purpose)", "self.purpose == other.purpose"),
    (A.later_topic, "any topic is none", RULE, "self.topic in (None, other.topic)", "self.topic == other.topic"),
    (A.covering_scope, "any contact point is none", RULE, "self.contact_point in (None, other.contact_point)", "self.contact_point == other.contact_point"),
    (A.beside, "brands are all one", RULE, "self.brand in (None, other.brand)", "True"),
    (A.beside, "purposes are all one", RULE, "self.purpose in (None, other.purpose)", "True"),
    (A.beside, "channels are all one", RULE, "self.channel in (None, other.channel)", "True"),
    (A.beside, "topics are all one", RULE, "self.topic in (None, other.topic)", "True"),
    (A.beside, "contact points are all one", RULE, "self.contact_point in (None, other.contact_point)", "True"),
    (A.because, "a no has no reason", RULE, "_refusal(denial), denial", "_refusal(denial), None"),
    (A.newest, "the oldest is told", RULE, "max(choices, key", "min(choices, key"),
    (A.standing_no, "a brand's no is the person's", RULE, 'and c.maker == "person"', ""),
    (A.arrival, "what arrived last is newest", RULE, "(self.made_at, self.seq)", "(self.seq, self.made_at)"),
    (A.one_time, "at one time, nobody is later", RULE, "(self.made_at, self.seq)", "(self.made_at, 0)"),
    (A.pure, "the caller's list is turned round", RULE, "choices = list(choices)", "choices.reverse()"),
    (A.pure, "the clock is looked at", RULE, 'rule="required", as_of=now', 'rule="required", as_of=datetime.now(now.tzinfo)'),
    (A.limit, "a limit refuses", RULE, 'self.decision == "deny"', 'self.decision in ("deny", "limit")'),
    (A.tightest, "the loosest limit is told", RULE, "min(said", "max(said"),
    (A.tightest, "limits of others are told", RULE, "in standing if choice.limit", "in choices if choice.limit"),
    (R.slots, "the oldest of a slot is kept", RULE, "choice.age > held.age", "choice.age < held.age"),
    (R.slots, "implied and express share a slot", RULE, "self.maker, self.basis)", "self.maker)"),
    (R.projection, "a pause and a yes share a slot", RULE, "(self.scope, self.decision, self.maker", "(self.scope, self.maker"),
    (R.upsert, "of one time the first to come is kept", RULE, "choice.age > held.age", "choice.made_at > held.made_at"),
    (R.clear, "a clear takes back nothing", RULE, "or choice.age > at", "or True"),
    (R.clear, "a clear takes back everybody's words", RULE, "return choice.decision !=", 'at = max(cleared.values(), default=None)\n        return choice.decision !='),
    (R.after_a_clear, "a clear is for ever", RULE, "or choice.age > at", ""),
    (R.holds, "the last turn is told", RULE, "sorted(ends)", "sorted(ends, reverse=True)"),
    (R.holds, "nothing runs out", RULE, "(c.until, c.expires_at)", "(c.until,)"),
    (R.turns, "the first end that changes nothing is told", RULE, "[0] != allowed", "[0] == allowed"),
    (R.one_address, "addresses are all one", RULE, "self.contact_point in (None, other.contact_point)", "True"),
    (P.table, "rows do not meet", TABLES, "closed = closed | new", "break"),
    (P.table, "the widest row decides", TABLES, "max(covering, key", "min(covering, key"),
    (P.table, "a no is nobody's", TABLES, "default if said is None else said", "default if said is not True else said"),
    (P.table_turns, "time changes nothing", TABLES, "turns.append(PermissionTurn(end, answer))", "pass"),
    (P.table_turns, "a turn is told a moment late", TABLES, "if turn.at <= now", "if turn.at < now"),
    (P.table_turns, "the first turn is the last", TABLES, "turn in reversed(row.then)", "turn in row.then"),
    (P.table_defaults, "the place has no say", TABLES, "| defaults.cells", ""),
    (P.table_defaults, "a default is a yes", TABLES, 'regime != "opt_in"', "True"),
    (P.table_other_address, "other addresses have a say", TABLES, "and choice.scope.contact_point in (None, contact_point)", ""),
    (P.table_one_row, "rows meet once only", TABLES, "while new:", "if new:"),
    (T.quiet, "the start of a day is not yet quiet", HOURS, "self.start <= wall < self.end", "self.start < wall < self.end"),
    (T.quiet, "the start of a night is not yet quiet", HOURS, "wall >= self.start or", "wall > self.start or"),
    (T.quiet_end, "a night is a day too long", HOURS, "left if left > timedelta(0) else left + DAY", "left + DAY"),
    (T.turned_clock, "nobody turns the clock", HOURS, "_turn_of_clock(zone, moment, end) or end", "end"),
    (T.turned_clock, "a turned clock ends the night", HOURS, "return None if moment == now else moment", "return None if moment == now else _turn_of_clock(zone, now, moment) or moment"),
    (T.leap_day, "the leap day is the day before", HOURS, "now.astimezone(UTC)", "now.astimezone(UTC) - DAY * ((now.month, now.day) == (2, 29))"),
    (T.only_a_yes, "a no is timed, a yes is not", TIMING, "if not decision.allowed", "if decision.allowed"),
    (T.not_before, "a limit that gives back at night does so at once", TIMING, "free or now", "now"),
    (T.not_before, "spent limits make nobody wait", TIMING, "free or now) or free", "free or now)"),
    (T.not_before, "the first limit to give back is enough", TIMING, "max((each.gives_back", "min((each.gives_back"),
    (T.at_once, "everybody waits until now", TIMING, "free or now) or free", "free or now) or free or now"),
    (T.letter, "a letter disturbs", TIMING, "- {Channel.POST}", ""),
    (T.letter, "what is required waits", TIMING, 'and question.regime != "required"', ""),
    (T.left, "less than nothing is left", BUDGETS, "max(self.limit.max - self.count, 0)", "self.limit.max - self.count"),
    (T.least_left, "the loosest limit counts", TIMING, "remaining=min(", "remaining=max("),
    (T.gives_back, "a window is over at once", BUDGETS, "self.oldest + self.limit.window", "self.oldest"),
    (T.room_left, "who has sent must wait", BUDGETS, "if self.count < self.limit.max or self.oldest is None", "if self.oldest is None"),
    (T.shared_limit, "what others spend is told", BUDGETS, "None if self.shared else max", "max"),
    (T.shared_limit, "the minute of another's send is told", BUDGETS, "brand_events.ceil_to_hour(free) if self.shared else free", "free"),
    (U.trait_page, "kinds are all one", RULE, "self.trait_kind in (None, other.trait_kind)", "True"),
    (U.trait_page, "categories are all one", RULE, "self.trait_category in (None, other.trait_category)", "True"),
    (U.trait_page, "traits are all one", RULE, "self.trait in (None, other.trait)", "True"),
    (U.trait_beside, "a message is of any kind", RULE, "self.trait_kind in (None, other.trait_kind)", "None in (self.trait_kind, other.trait_kind) or self.trait_kind == other.trait_kind"),
    (U.trait_later, "any trait is none", RULE, "self.trait in (None, other.trait)", "self.trait == other.trait"),
    (U.trait_renamed, "any kind is none", RULE, "self.trait_kind in (None, other.trait_kind)", "self.trait_kind == other.trait_kind"),
    (U.trait_renamed, "any category is none", RULE, "self.trait_category in (None, other.trait_category)", "self.trait_category == other.trait_category"),
    (U.trait_yes, "only a yes as wide lifts", RULE, "(no._replace(contact_point=None) if any_address else no).covers(self.scope)", "no == self.scope"),
    (U.trait_changed, "a yes stays when the kind changes", RULE, "self.trait_kind in (None, other.trait_kind)", "True"),
    (U.trait_changed, "a yes stays when the category changes", RULE, "self.trait_category in (None, other.trait_category)", "True"),
    (U.trait_wide_yes, "any yes lifts", RULE, "(no._replace(contact_point=None) if any_address else no).covers(self.scope)", "True"),
    (U.trait_of_brand, "a brand's yes lifts a person's no", RULE, 'denial.maker == "brand" and', ""),
    (T.stranger, "a stranger hears the default", CHECKS, "if known.subject_id is None", "if known.subject_id == 0"),
)]
# fmt: on
