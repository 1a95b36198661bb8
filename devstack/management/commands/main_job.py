"""`manage.py main_job`: a person says no, and everything that follows, before your eyes."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookiejar import CookieJar
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devstack.demo import demo_file, mailbox

PATIENCE = 120.0  # seconds until the webhook, and the count, must have come
SAYS_NO = {
    "scope": {"brand": "acme", "purpose": "marketing", "channel": "email"},
    "decision": "deny",
    "reason": "too_many_from_brand",
}


class Command(BaseCommand):
    help = "Does the main job once against the running service, and shows it."

    def handle(self, *args: Any, **options: Any) -> None:
        said = demo_file.read_demo_file()
        if said is None:
            raise CommandError("There is no var/demo.json: run `make run` first.")
        self.base, self.sample = said["base_url"], said["sample_brand"]
        self.ana, self.acme = said["consumers"][0], said["brands"][0]
        self.browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
        )
        self._show(said)

    def _show(self, said: dict[str, Any]) -> None:
        self._call("POST", "/api/v1/me/relationships", {"brand": "acme"}, self.ana["token"])
        self.counts = self._sign_in(said["admin"])
        before = self._opt_outs()
        # Before the call: the webhook may be there before the answer is, as both follow the commit.
        said_at = time.time()
        entry = self._call("POST", "/api/v1/me/choices", SAYS_NO, self.ana["token"])["data"][0]
        question = {"contact": {"email": self.ana["email"]}, "purpose": "marketing"}
        decision = self._call(
            "POST", "/api/v1/check", question | {"channel": "email"}, self.acme["key"]
        )
        # Acme reads another id of the entry than Ana: the same in its checks and its events.
        told = decision["because"]["entry"]
        received = self._wait(lambda: self._get(f"{self.sample}/received/{told}"))
        self._wait(lambda: not self.counts or self._opt_outs() > before)
        late = (received["received_at"] - said_at) * 1_000
        self.stdout.write(
            f"\n  {self.ana['email']} said no to marketing by email from Acme Outdoor\n"
            f"  said       {_clock(said_at)}  entry {entry['entry']} to her, {told} to Acme\n"
            f"  received   {_clock(received['received_at'])}  by Acme's endpoint, signature "
            f"verified, event {received['event']['sequence']} (after {late:.0f} ms)\n"
            f"  check      allowed: {str(decision['allowed']).lower()}  rule: {decision['rule']}"
            f"  because: {told}\n"
            f"  counted    {self._describe_count(before)}\n\n"
            f"  Your companies {self.base}/                  {self.ana['email']} / "
            f"{self.ana['password']}\n"
            f"  Console        {self.base}/console/          {said['developer']['email']} / "
            f"{said['developer']['password']}\n"
            f"  Reports        {self.base}/reports/          {said['admin']['email']} / "
            f"{said['admin']['password']}\n"
            f"  Documentation  {self.base}/docs/         for brands: begin with the quickstart\n"
            f"  Sample brand   {self.sample}/\n"
            f'  A mailbox      {mailbox.FILE}: drop it onto the page "Find my companies"\n'
            "  Mail           is printed in var/log: codes in web.log, all else in records.log\n"
            f"  Keys, tokens   var/demo.json\n"
        )

    def _sign_in(self, admin: dict[str, str]) -> bool:
        """Return whether the administrator could sign in: without a second factor they may not."""
        try:
            self._call("POST", "/api/v1/session", admin)
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.FORBIDDEN:
                return False
            raise
        return True

    def _describe_count(self, before: int) -> str:
        if not self.counts:
            return "not looked at: administrators need a second factor here"
        return f"{self._opt_outs()} opt-outs today (before: {before})"

    def _opt_outs(self) -> int:
        if not self.counts:
            return 0
        today = datetime.now(UTC).date()
        query = f"first={today}&last={today}&brand=acme"
        counted = self._call("GET", f"/api/v1/reports/opt-outs?{query}")
        rows = counted["figures"][0]["data"]
        return sum(row["opt_outs"] for row in rows)

    def _wait(self, ask: Any) -> Any:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if found := ask():
                return found
            time.sleep(0.02)
        raise CommandError(f"It did not run_in_order within {PATIENCE:g} s; see var/log/.")

    def _get(self, url: str) -> Any:
        with self.browser.open(url, timeout=10) as answer:
            return json.load(answer)

    def _call(self, method: str, path: str, body: Any = None, bearer: str = "") -> Any:
        headers = {"Content-Type": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        data = None if body is None else json.dumps(body).encode()
        url = self.base + path
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
        with self.browser.open(request, timeout=30) as answer:
            return json.load(answer)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
