"""`cmr scan` on a person's own machine: no account, no network, whatever the files are."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.conftest import PATIENCE, ROOT

Scan = Callable[..., "subprocess.CompletedProcess[str]"]
NO_NETWORK = """
import socket

def refuse(*_):
    raise AssertionError("a connection was made")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""


def build_mail(number: int, organisation: str = "shop.example", **headers: str) -> str:
    usual = {
        "From": f"The Shop <hello@{organisation}>",
        "Message-ID": f"<{number}@{organisation}>",
        "Date": f"Mon, {number % 28 + 1} Jan 2024 10:00:00 +0000",
        "List-Id": f"<news.{organisation}>",
        "Subject": "Secret subject",
    }
    lines = [f"{name}: {value}" for name, value in (usual | headers).items()]
    return "\n".join([*lines, "", "Secret text", "", ""])


def build_mbox(*mails: str) -> str:
    return "".join(f"From a@b Mon Jan  1 10:00:00 2024\n{mail}" for mail in mails)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a shell without an account, where nothing can connect."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(NO_NETWORK)
    path = os.pathsep.join([str(hook), str(ROOT / "client" / "src")])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CMR_")}
    return {**kept, "PYTHONPATH": path, "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture
def scan(environment: dict[str, str], tmp_path: Path) -> Scan:
    def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cmr_client.command", "scan", *words]
        captured = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.run(
            command, env=environment, cwd=tmp_path, timeout=PATIENCE, check=False, **captured | more
        )

    return run


@pytest.fixture
def mbox(tmp_path: Path) -> Path:
    mails = [build_mail(number) for number in range(3)]
    receipt = build_mail(3, "bank.example", From="Bank <receipts@bank.example>")
    file = tmp_path / "mail.mbox"
    file.write_text(build_mbox(*mails, receipt.replace("news.", "r."), "From: a@b.c\n\nHello\n\n"))
    return file


def test_scan_json_has_one_sender_a_line(scan: Scan, mbox: Path) -> None:
    done = scan("mail.mbox", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    shop, bank = map(json.loads, done.stdout.splitlines())
    assert shop == {
        "organisation": "shop.example",
        "list_id": "news.shop.example",
        "name": "The Shop",
        "mails": 3,
        "first": "2024-01-01T10:00:00+00:00",
        "last": "2024-01-03T10:00:00+00:00",
        "route": "none",
        "group": False,
        "transactional": False,
    }
    assert (bank["organisation"], bank["transactional"]) == ("bank.example", True)


def test_scan_table_has_most_mails_first_and_totals(scan: Scan, mbox: Path) -> None:
    lines = scan("mail.mbox").stdout.splitlines()
    assert lines[0].split() == "mails organisation name kind unsubscribe first last".split()
    assert lines[1].split()[:2] == ["3", "shop.example"] and "2024-01-03" in lines[1]
    assert "receipts" in lines[2]
    assert lines[-1] == "Mails read: 5. Bulk mail: 4. Senders: 2. Organisations: 2."
    assert "Secret" not in "".join(lines)


def test_scan_table_is_aligned_and_leaves_the_terminal_alone(scan: Scan, tmp_path: Path) -> None:
    names = ["Plain", "東京の本屋", "e\u0301cole", "\x1b[31mred\x1b[0m\u202e", "long " * 20]
    mails = [
        build_mail(number, f"s{number}.example", From=f"{name} <a@s{number}.example>")
        for number, name in enumerate(names)
    ]
    (tmp_path / "a.mbox").write_text(build_mbox(*mails), encoding="utf-8")
    shown = scan("a.mbox").stdout
    assert "\x1b" not in shown and "\u202e" not in shown
    assert "東京の本屋" + " " * 26 + "  list" in shown
    assert "e\u0301cole" + " " * 31 + "  list" in shown
    assert max(map(len, shown.splitlines())) < 110


def test_scan_folder_reads_a_maildir_and_visits_each_folder_once(
    scan: Scan, tmp_path: Path
) -> None:
    folder = tmp_path / "Maildir"
    for place in ("cur", "new", ".Shops/cur"):
        (folder / place).mkdir(parents=True)
    (folder / "cur" / "1.M1.host:2,S").write_text(build_mail(1))
    (folder / "new" / "2.M2.host").write_text(build_mail(2))
    (folder / ".Shops" / "cur" / "3.M3.host:2,").write_text(build_mail(3))
    (folder / ".Shops" / "cur" / "copy").write_text(build_mail(3))
    (folder / "dovecot-uidlist").write_text("3 V1 N4 G1\n")
    (folder / "cur" / "back").symlink_to(folder)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe")
    done = scan("Maildir", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["mails"] == 3


def test_scan_zip_and_standard_input(scan: Scan, mbox: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "takeout.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(mbox, "Takeout/Mail/All mail.mbox")
    expected = scan("mail.mbox", "--json").stdout
    assert scan("takeout.zip", "--json").stdout == expected
    assert scan("-", "--json", input=mbox.read_text()).stdout == expected
    assert scan("takeout.zip", "mail.mbox", "--json").stdout == expected


def test_scan_unreadable_files_are_reported_and_passed_over(
    scan: Scan, mbox: Path, tmp_path: Path
) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.mbox", build_mbox(*(build_mail(n, "zip.example") for n in range(9))))
    (tmp_path / "cut.zip").write_bytes(data.getvalue()[:1_000])
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    done = scan("cut.zip", "photo.jpg", "missing\x1b", "mail.mbox", "--json")
    assert done.returncode == 0
    assert [line.partition(" The ")[0] for line in done.stderr.splitlines()] == [
        "cmr: cut.zip:",
        "cmr: photo.jpg:",
        "cmr: missing : No such file or directory",
    ]
    assert '"zip.example"' in done.stdout and '"shop.example"' in done.stdout


@pytest.mark.parametrize(
    "words", [["empty.mbox"], ["folder"], ["missing"], ["empty.mbox", "--json"]]
)
def test_scan_without_mail_exits_two(scan: Scan, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.mbox").touch()
    done = scan(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("cmr: no mail was read\n")


def test_scan_mailbox_without_bulk_mail_says_so(scan: Scan, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text("From: a@b.example\n\nHello\n")
    done = scan("a.eml")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Mails read: 1. Bulk mail: 0. Senders: 0. Organisations: 0.\n"


def test_scan_providers_of_a_file(scan: Scan, mbox: Path, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("# ours\nshop.example group\n\nesp.example # sends\n")
    shop, _ = map(
        json.loads, scan("mail.mbox", "--json", "--providers", "more.txt").stdout.splitlines()
    )
    assert shop["group"] is True
    (tmp_path / "bad.txt").write_text("shop.example nonsense\n")
    failed = scan("mail.mbox", "--providers", "bad.txt")
    assert failed.returncode == 2 and "nonsense" in failed.stderr


def test_scan_shows_progress_on_a_terminal_only(scan: Scan, mbox: Path) -> None:
    ours, theirs = os.openpty()
    done = scan("mail.mbox", "--json", stderr=theirs)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 0 and "reading" in shown and "100%" in shown


def test_other_commands_do_not_load_the_reading_of_mail(environment: dict[str, str]) -> None:
    late = "{'mailbox_reader', 'publicsuffixlist'}"
    probe = f"import sys, cmr_client.command; print({{*sys.modules}} & {late})"
    shown = subprocess.check_output([sys.executable, "-c", probe], env=environment, text=True)
    assert shown == "set()\n"
