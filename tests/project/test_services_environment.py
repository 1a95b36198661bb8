"""What the launcher finds and keeps before it starts anything: secrets, binaries."""

import stat
from pathlib import Path

import pytest

from core import binaries
from devstack import environment, processes

linux = pytest.mark.skipif(not processes.HAS_PROC, reason="looks into /proc")


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "run.env"
    first = environment.prepare(file, has_data=False, given={}, DATABASE_URL="postgres://a")
    second = environment.prepare(file, has_data=True, given={}, DATABASE_URL="postgres://b")
    assert {name: first[name] for name in environment.SECRETS} == {
        name: second[name] for name in environment.SECRETS
    }
    assert len({first[name] for name in environment.SECRETS}) == 8
    assert environment.read(file)["DATABASE_URL"] == "postgres://b"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@linux
def test_what_settings_put_into_the_environment_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else yesterday's URL, read from run.env by the settings, would keep our servers down."""
    monkeypatch.setenv("CMR_READ_FROM_A_FILE", "yes")
    assert "CMR_READ_FROM_A_FILE" not in environment.given()
    assert environment.given()["PATH"]


def test_a_value_somebody_added_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "run.env"
    file.write_text("# mine\nEMAIL_URL=smtp://here:25\n")
    assert environment.prepare(file, has_data=False, given={})["EMAIL_URL"] == "smtp://here:25"


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "run.env"
    file.write_text("SECRET_KEY=abc\nIDENTIFIER_PE")
    with pytest.raises(environment.Unreadable, match="entry 2"):
        environment.prepare(file, has_data=False, given={})
    assert file.read_text() == "SECRET_KEY=abc\nIDENTIFIER_PE"


def test_no_new_secrets_for_an_old_database(tmp_path: Path) -> None:
    with pytest.raises(environment.SecretsLost, match="IDENTIFIER_PEPPER"):
        environment.prepare(tmp_path / "run.env", has_data=True, given={})
    assert not (tmp_path / "run.env").exists()


def test_factors_of_an_installation_of_before_still_work(tmp_path: Path) -> None:
    """They were encrypted with the key of webhooks' secrets."""
    file = tmp_path / "run.env"
    file.write_text("SECRET_KEY=a\nIDENTIFIER_PEPPER=b\nWEBHOOK_SECRETS_KEY=c\n")
    assert environment.prepare(file, has_data=True, given={})["SECOND_FACTOR_OLD_KEYS"] == "c"
    assert environment.prepare(file, has_data=True, given={})["SECOND_FACTOR_OLD_KEYS"] == "c"


# -- Binaries ----------------------------------------------------------------------------------


def test_missing_binaries_are_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        binaries, "_postgres_candidates", lambda _: iter([Path("/nowhere/postgres")])
    )
    with pytest.raises(binaries.BinaryNotFound, match=r"/nowhere/postgres .*DATABASE_URL"):
        binaries.find_postgres()


def test_a_binary_that_cannot_be_run_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("not a program")
    monkeypatch.setattr(binaries, "_valkey_candidates", lambda: iter([broken]))
    with pytest.raises(binaries.BinaryNotFound, match="permission denied"):
        binaries.find_valkey()
