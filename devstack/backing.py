"""The backing services of one folder: what the environment names, else our own."""

from pathlib import Path
from typing import Protocol

from devstack import CannotRun, environment, logs, restart_limit
from devstack.postgres import Postgres
from devstack.progress import say, stage
from devstack.valkey import Valkey

URLS = ("DATABASE_URL", "REDIS_URL")


class Service(Protocol):
    """What the launcher needs of PostgreSQL and Valkey."""

    name: str

    @property
    def version(self) -> str: ...
    @property
    def log(self) -> Path: ...
    def start(self) -> str: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def alive(self) -> bool: ...


class Moved(CannotRun):
    """A service had to come back on another port than its users were told."""


class KeepsDying(CannotRun):
    """A service ended by itself once too often; its log says why."""


class BackingServices:
    """Starts what is needed, and makes the environment for its users."""

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        self.folder = folder
        self._fast = fast
        self._postgres = Postgres(folder / "postgres", fast=fast)
        both: tuple[Service, Service] = (self._postgres, Valkey(folder / "valkey"))
        self._given = environment.given()
        #: Ours, by the variable that says where they are.
        self.own = {
            name: one for name, one in zip(URLS, both, strict=True) if name not in self._given
        }
        self._urls: dict[str, str] = {}
        self._exits = {name: restart_limit.RestartLimit() for name in self.own}

    def start(self) -> dict[str, str]:
        """Returns the environment for children. Raises CannotRun errors."""
        has_data = "DATABASE_URL" in self.own and not self._fast and self._postgres.has_data()
        file = self.folder / "run.env"
        # Before anything is started, so that what it refuses is refused in time.
        environment.prepare(file, has_data=has_data, given=self._given)
        self._urls = {name: self._start(one) for name, one in self.own.items()}
        elsewhere = {name: self._given[name] for name in URLS if name in self._given}
        urls = elsewhere | self._urls | self._roles()
        values = environment.prepare(file, has_data=has_data, given=self._given, **urls)
        return values | self._given | self._roles()

    def _roles(self) -> dict[str, str]:
        """Return the URLs of the database's roles: our own server's, or those that are given."""
        if "DATABASE_URL" in self.own:
            return self._postgres.urls
        owner = self._given.get("OWNER_DATABASE_URL", self._given["DATABASE_URL"])
        maintenance = self._given.get("MAINTENANCE_DATABASE_URL", "")
        return {"OWNER_DATABASE_URL": owner, "MAINTENANCE_DATABASE_URL": maintenance}

    def stop(self) -> None:
        for service in reversed(self.own.values()):
            service.stop()

    def kill(self) -> None:
        for service in self.own.values():
            service.kill()

    def revive(self) -> None:
        """Starts again what has died. Raises Moved, as children cannot be told of a new port."""
        for name, service in self.own.items():
            if not service.alive():
                self._count_exit(name, service)
                if self._start(service) != self._urls[name]:
                    raise Moved(f"{service.name} died and its port was taken; start again")

    def _count_exit(self, name: str, service: Service) -> None:
        if self._exits[name].count_exit() >= restart_limit.LIMIT:
            raise KeepsDying(f"{service.name} keeps dying", log=logs.tail(service.log))
        say(f"{service.name} ended by itself. Starting it again:")

    @staticmethod
    def _start(service: Service) -> str:
        with stage(f"{service.name} {service.version}"):
            return service.start()
