"""A name server that knows the keys of the made-up mailbox, and asks the machine's own for others.

With it, the signatures of made-up mails verify. `MAILBOX_DNS_SERVER` names it to the product.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import sys
from functools import lru_cache
from pathlib import Path
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from devstack.demo.mailbox import RECORDS_FILE

SECONDS = 3  # until the machine's own name server must have answered
TIME_TO_LIVE = 60  # seconds
MOST_BYTES = 4_096
TEXT_BYTES = 255  # of one string in a TXT record


def read_records(path: Path) -> dict[str, str]:
    """Return the TXT records by their names. There are none before the mailbox is written."""
    return _parse_records(path, path.stat().st_mtime_ns) if path.exists() else {}


@lru_cache(1)
def _parse_records(path: Path, changed_at: int) -> dict[str, str]:
    records: dict[str, str] = json.loads(path.read_text())
    return records


def answer_query(data: bytes, records: dict[str, str]) -> bytes | None:
    """Return the answer to a query for a name in *records*; None for any other."""
    query = dns.message.from_wire(data)
    question = query.question[0]
    text = records.get(question.name.to_text(omit_final_dot=True).lower())
    if text is None:
        return None
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    if question.rdtype == dns.rdatatype.TXT:
        parts = (text[at : at + TEXT_BYTES] for at in range(0, len(text), TEXT_BYTES))
        quoted = " ".join(f'"{part}"' for part in parts)
        answer.answer.append(dns.rrset.from_text(question.name, TIME_TO_LIVE, "IN", "TXT", quoted))
    return answer.to_wire()


def find_upstream() -> tuple[str, int] | None:
    """Return the machine's own name server; None if it has none."""
    try:
        return str(dns.resolver.get_default_resolver().nameservers[0]), 53
    except (IndexError, dns.exception.DNSException):
        return None


def forward_query(data: bytes, upstream: tuple[str, int] | None) -> bytes:
    """Return the answer of another name server, or that there is none."""
    try:
        if upstream is None:
            raise OSError
        family = socket.AF_INET6 if ":" in upstream[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.settimeout(SECONDS)
            line.connect(upstream)
            line.send(data)
            return line.recv(MOST_BYTES)
    except OSError:
        failed = dns.message.make_response(dns.message.from_wire(data))
        failed.set_rcode(dns.rcode.SERVFAIL)
        return failed.to_wire()


class NameServer(socketserver.ThreadingUDPServer):
    """Answers queries by UDP, with the records of a file."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, path: Path, *, upstream: tuple[str, int] | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.path, self.upstream = path, upstream


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, line = self.request
        server = cast("NameServer", self.server)
        try:
            answer = answer_query(data, read_records(server.path))
            answer = answer or forward_query(data, server.upstream)
        except (dns.exception.DNSException, IndexError):  # no query
            return
        line.sendto(answer, self.client_address)


def main() -> None:
    """Serve on the port of the environment."""
    port = int(os.environ.get("NAME_SERVER_PORT", "8053"))
    try:
        server = NameServer(port, RECORDS_FILE, upstream=find_upstream())
    except OSError as error:
        sys.exit(f"name server: port {port}: {error.strerror}")
    server.serve_forever()


if __name__ == "__main__":
    main()
