"""A small DNS server that says what it was told to say."""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

#: Names that begin so are never answered, or with an error, or with what is no answer.
HANG, SERVFAIL, GARBAGE = "hang", "servfail", "garbage"


class Names:
    """`zone` has, by name, what is answered to each look-up in turn; the last of them stays.

    `texts` has the TXT records of names.
    """

    def __init__(self) -> None:
        self.zone: dict[str, list[list[str]]] = {}
        self.texts: dict[str, list[str]] = {}
        self._asked: dict[str, set[str]] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                packet, asker = self._socket.recvfrom(4096)
                answer = self._answer(packet)
                if answer is not None:
                    self._socket.sendto(answer, asker)
            except OSError:
                return
            except dns.exception.DNSException:
                continue

    def _answer(self, packet: bytes) -> bytes | None:
        query = dns.message.from_wire(packet)
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        if name.startswith(HANG):
            return None
        if name.startswith(GARBAGE):
            return packet[:2] + b"\xff" * 40
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if asked.rdtype == dns.rdatatype.TXT and name in self.texts:
            answer.answer += [_record(name, "TXT", f'"{each}"') for each in self.texts[name]]
            return answer.to_wire()
        if name.startswith(SERVFAIL) or name not in self.zone:
            answer.set_rcode(dns.rcode.SERVFAIL if name in self.zone else dns.rcode.NXDOMAIN)
            return answer.to_wire()
        kind = dns.rdatatype.to_text(asked.rdtype)
        self._fill(answer, name, kind)
        return answer.to_wire(max_size=4096)

    def _fill(self, answer: dns.message.Message, name: str, kind: str) -> None:
        for target in self._next(name, kind):
            if not _is_address(target):  # an alias
                answer.answer.append(
                    dns.rrset.from_text(f"{name}.", 0, "IN", "CNAME", f"{target}.")
                )
                self._fill(answer, target, kind)
            elif kind == ("AAAA" if ":" in target else "A"):
                answer.answer.append(_record(name, kind, target))

    def _next(self, name: str, kind: str) -> list[str]:
        """A look-up asks for A and for AAAA, and both are answered out of the same list."""
        answers = self.zone.get(name, [[]])
        if kind in self._asked.setdefault(name, set()) and len(answers) > 1:
            answers.pop(0)
            self._asked[name] = set()
        self._asked[name].add(kind)
        return answers[0]


def _record(name: str, kind: str, target: str) -> dns.rrset.RRset:
    return dns.rrset.from_text(f"{name}.", 0, "IN", kind, target)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
