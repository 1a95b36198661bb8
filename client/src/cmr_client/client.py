"""The two clients, synchronous and asynchronous."""

from __future__ import annotations

from typing import Self

import httpx

from cmr_client import logins
from cmr_client.campaigns import Campaigns, Reports
from cmr_client.checks import Checks, Sends
from cmr_client.events import Events
from cmr_client.imports import Imports
from cmr_client.keys import Brands, Keys
from cmr_client.people import Choices, LinksOfMails, PermissionRequests, Relationships
from cmr_client.subscriptions import Subscriptions
from cmr_client.testing import Testing
from cmr_client.transports import Async, K, Sync, options

TIMEOUT = 30.0  # seconds
RETRIES = 4


class Everything(Checks[K]):
    """All operations of a brand, grouped by subject."""

    def __init__(self, transport: K) -> None:
        super().__init__(transport)
        self.sends = Sends(transport)
        self.relationships = Relationships(transport)
        self.choices = Choices(transport)
        self.permission_requests = PermissionRequests(transport)
        self.links = LinksOfMails(transport)
        self.events = Events(transport)
        self.subscriptions = Subscriptions(transport)
        self.imports = Imports(transport)
        self.campaigns = Campaigns(transport)
        self.reports = Reports(transport)
        self.keys = Keys(transport)
        self.brand = Brands(transport)
        self.testing = Testing(transport)


class Client(Everything[Sync]):
    """Synchronous client with a brand's key. Threads may share it.

    Values that are not given come from `CMR_URL` and `CMR_KEY`, or else from `cmr login`. A call
    that may be repeated is retried up to *retries* times if the service is busy or unreachable.

    Raises:
        NotSignedIn: no address or no key was found.
    """

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
    ) -> None:
        login = logins.chosen(base_url, key)
        self.url = login.url
        self._http = httpx.Client(**options(login.url, login.key, timeout))
        super().__init__(Sync(self._http, retries))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncClient(Everything[Async]):
    """Asynchronous client: `await` its calls, and use `async for` for its lists."""

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
    ) -> None:
        login = logins.chosen(base_url, key)
        self.url = login.url
        self._http = httpx.AsyncClient(**options(login.url, login.key, timeout))
        super().__init__(Async(self._http, retries))

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
