"""Forwarder of events to a URL of your own, signed like the service's webhooks."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode
from datetime import UTC, datetime

import httpx

from cmr_client.answers import Event
from cmr_client.webhooks import PREFIX, signer_of

#: Seconds that an endpoint has, as from the service.
DEADLINE = 15.0


def new_secret() -> str:
    return PREFIX + b64encode(secrets.token_bytes(32)).decode()


class Forwarder:
    """Signs and sends events. An event has the same `webhook-id` each time.

    Raises:
        ValueError: the URL or the secret is invalid.
    """

    def __init__(self, url: str, secret: str) -> None:
        parsed = httpx.URL(url)
        if parsed.scheme not in {"http", "https"} or not parsed.host:
            raise ValueError(
                f"{url} is not the URL of an endpoint, such as http://localhost:9000/hook"
            )
        self.url = url
        self._webhook = signer_of(secret)
        # The endpoint is on this machine: a proxy for the world would not find it.
        self._http = httpx.Client(timeout=DEADLINE, trust_env=False)

    def send(self, event: Event) -> str:
        """Send an event. Return the endpoint's status, or why there is none."""
        try:
            answer = self._http.post(self.url, content=event.body, headers=self._signed(event))
        except httpx.TransportError as error:
            return "timed out" if isinstance(error, httpx.TimeoutException) else "unreachable"
        return str(answer.status_code)

    def _signed(self, event: Event) -> dict[str, str]:
        webhook_id = "evt_" + hashlib.blake2b(event.body, digest_size=16).hexdigest()
        now = datetime.now(UTC)
        return {
            "user-agent": "CMR-Webhooks/1",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, now, event.body.decode()),
        }


def is_taken(status: str) -> bool:
    return len(status) == 3 and status.startswith("2")
