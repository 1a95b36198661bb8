"""The forms that are tried: URLs that lead inside, and names whose look-up does."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network
from typing import NamedTuple

from core.http.outbound import MAX_URL

#: A name that leads to this machine, for URLs that are bad in another way.
INSIDE = "inside.test"
#: The list, written down once more: the product's own may not be the judge of itself.
NETWORKS = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
240.0.0.0/4
::/96 ::1/128 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20
5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
""".split()
#: Where something is known to listen in one cloud or another, and what is not routed at all.
PLACES = """
127.0.0.1 127.8.9.1 169.254.169.254 169.254.170.2 100.100.100.200 192.0.0.192 168.63.129.16
10.96.0.1 172.17.0.1 fd00:ec2::254 fe80::a9fe:a9fe 2001:20::1 4000::1 8000::1 e000::1
""".split()
#: IPv6 that carries IPv4: by what name that goes, and how it is written.
CARRIERS = {
    "mapped": ["::ffff:{dotted}", "::ffff:{high:x}:{low:x}", "0:0:0:0:0:FFFF:{high:x}:{low:x}"],
    "compatible": ["::{dotted}"],
    "translated": ["::ffff:0:{dotted}"],
    "6to4": ["2002:{high:x}:{low:x}::1"],
    "NAT64": ["64:ff9b::{dotted}", "64:ff9b:1::{dotted}"],
    "Teredo": ["2001:0:{high:x}:{low:x}::1"],
    "ISATAP": ["fe80::5efe:{dotted}"],
}


def _ends() -> list[str]:
    """The first and the last address of each network, and the places."""
    networks = [ip_network(each) for each in NETWORKS]
    return [*dict.fromkeys(str(n[at]) for n in networks for at in (0, -1)), *PLACES]


def _carried(form: str, address: str) -> str:
    packed = int(IPv4Address(address))
    return form.format(dotted=address, high=packed >> 16, low=packed & 0xFFFF)


ADDRESSES = _ends()
CARRIED = {
    kind: [_carried(form, each) for form in some for each in ADDRESSES if ":" not in each]
    for kind, some in CARRIERS.items()
}
SPELLINGS = """
127.1 127.0.1 2130706433 017700000001 0x7f000001 0x7f.1 0x7F.0x0.0x0.0x1 0177.0.0.1 0177.0.0.01
127.0.0.01 00127.0.0.1 0 00 0x0 0x 167772161 10.1 0xa.1 012.1 2852039166 0xA9FEA9FE 169.254.43518
4294967295 4294967296 127.0.0.1. 2130706433. 127.0.0.1.. 1.2.3.4.5 127.0.0.256 192.168.257
256.256.256.256 0x100000001
""".split()
DRESSED_UP = [
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",  # full-width digits
    "127\uff0e0\uff0e0\uff0e1",  # full-width full stops
    "127\u30020\u30020\u30021",  # ideographic full stops
    "127\uff610\uff610\uff611",  # half-width ones
    "\u2460\u2461\u2466.0.0.\u2460",  # circled digits
    "\u0661\u0662\u0667.0.0.1",  # Arabic-Indic digits
    "\U0001d7cf\U0001d7d0\U0001d7d5.0.0.1",  # bold mathematical digits
    "\u00b9\u00b2\u2077.0.0.1",  # superscripts
    "0\u02e3\u0037f.1",
    "127.0.0.1\u3000",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "%6cocalhost",
    "localhos%74",
    "\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3",  # circled letters
    "LOCALHOST",
    "lo\u1d9calhost",
    "localhost.",
    "localhost",
    "a.localhost",
    "\uff29nside.test",
    "INSIDE.TEST",
    "inside.test.",
]
UNSEEN = ["\r\n", "\n", "\r", "\t", "\0", "\x0b", "\x1f", "\x7f", " ", "\x85", "\xa0", "\xad"]
UNSEEN += ["\u200b", "\u200d", "\u2028", "\u202e", "\u2060", "\u3000", "\ufeff", "\U000e0041"]
SCHEMES = """
http ws wss ftp file gopher dict ldap ssh unix http+unix https+unix javascript data
""".split()
PORTS = """
0 1 21 22 23 25 53 80 110 135 139 143 389 445 465 587 993 1433 2049 2375 2379 3306 5432 5672 6379
6443 8080 9200 10250 11211 15672 27017 65535
""".split()


class Form(NamedTuple):
    kind: str
    url: str


def urls(port: int) -> list[Form]:
    """Every URL that is tried; where a port may be asked for, it is *port*."""
    here = f"{INSIDE}:{port}"
    return [
        *_hosts("an address", [_in_url(each) for each in ADDRESSES], port),
        *(
            Form(f"IPv4 within IPv6: {kind}", f"https://[{each}]:{port}/")
            for kind, addresses in CARRIED.items()
            for each in addresses
        ),
        *_hosts("a zone", [f"[{each}]" for each in _zones()], port),
        *_hosts("another spelling", SPELLINGS, port),
        *_hosts("dressed up", DRESSED_UP, port),
        *_many("a user", [f"u:p@{here}/", f"u@{here}/", f"@{here}/", f":@{here}/", f":p@{here}/"]),
        *_many("a user", [f"good.test@{here}/", f"good.test:443@{here}/", f"a@b@{here}/"]),
        *(Form("a port", f"https://{INSIDE}:{each}/") for each in PORTS),
        *_many("a port", [f"{INSIDE}:{each}/" for each in _odd_ports(port)]),
        *(Form("a scheme", f"{each}://{here}/") for each in SCHEMES),
        *_many("a fragment", [f"{here}/#a", f"{here}#", f"{here}/#@good.test/"]),
        *(Form("unseen signs", f"https://{here}/a{sign}b") for sign in UNSEEN),
        *(Form("unseen signs", f"https://in{sign}side.test:{port}/") for sign in UNSEEN),
        Form("unseen signs", f"https://{here}/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"),
        Form("unseen signs", f" https://{here}/"),
        Form("unseen signs", f"https://{here}/\n"),
        *_ambiguous(here),
        *_many("too long", [f"{here}/{'a' * MAX_URL}", f"{'a' * 64}.test:{port}/"]),
        *_many("too long", [f"{'a.' * 130}test:{port}/", f"{'1' * 300}:{port}/"]),
    ]


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _zones() -> list[str]:
    return ["fe80::1%25lo", "fe80::1%lo", "fe80::1%251", "::1%25lo", "::1%lo", "2606:4700::1111%lo"]


def _odd_ports(port: int) -> list[str]:
    return ["65536", "99999", "-1", "+443", "4_43", "4 43", "\uff14\uff14\uff13", "", "x", "0x1bb",
            f"{port}:{port}", f"0{port}0", "443."]  # fmt: skip


def _hosts(kind: str, hosts: list[str], port: int) -> list[Form]:
    return [Form(kind, f"https://{host}:{port}/") for host in hosts]


def _many(kind: str, rests: list[str]) -> list[Form]:
    return [Form(kind, f"https://{rest}") for rest in rests]


def _ambiguous(here: str) -> list[Form]:
    """What one parser takes for the host and another for something else."""
    texts = [
        f"https://good.test\\@{here}/",
        f"https://good.test\\.{here}/",
        f"https:\\\\{here}/",
        f"https:/{here}/",
        f"https:{here}/",
        f"https:///{here}/",
        f"https:////{here}/",
        f"//{here}/",
        f"{here}/",
        f"/{here}/",
        "https://",
        "https://:443/",
        "https://./",
        "https://../",
        f"https://.{here}/",
        f"https://a..{here}/",
        f"https://-{here}/",
        f"https://{here}:443/",
        f"https://[{here}]/",
        f"https://[::1]{here}/",
        "https://[::1/",
        "https://::1/",
        "https://[]/",
        "https://[v1.x]/",
        f"https://good.test%00.{here}/",
        f"https://good.test%0d%0a.{here}/",
        f"https://good.test%2f@{here}/",
        f"https://good.test%40{here}/",
        f"https://{here}%2f.good.test/",
        f"https://in*side.test@{here}/",
        f"https://<{here}>/",
        f'https://"{here}"/',
        f"https://{{{here}}}/",
        f"https://{here}`/",
        f"https://${{{here}}}/",
        "",
        "https",
    ]
    return [Form("parsers differ", each) for each in texts]


# -- Names ----------------------------------------------------------------------------------------


def zone() -> dict[str, list[list[str]]]:
    """What the small DNS server says: by name, the answers to its look-ups in turn."""
    addresses = [*ADDRESSES, *(some[0] for some in CARRIED.values())]
    single = {f"a{at}.test": [[address]] for at, address in enumerate(addresses)}
    return {
        INSIDE: [["127.0.0.1"]],
        "localhost": [["127.0.0.1"]],
        "good.test": [["127.0.0.1"]],
        **single,
        "two.test": [["10.0.0.1", "127.0.0.1"]],
        "both-families.test": [["127.0.0.1", "::1"]],
        "sixty.test": [[f"10.0.0.{each}" for each in range(1, 61)]],
        "every.test": [list(ADDRESSES)],
        "alias.test": [[INSIDE]],
        "alias-of-alias.test": [["alias.test"]],
        "xn--bcher-kva.test": [["127.0.0.1"]],
        "_under.score.test": [["127.0.0.1"]],
        f"{'a' * 63}.test": [["127.0.0.1"]],
        "127.0.0.1.name.test": [["127.0.0.1"]],
        "changing.test": [["10.0.0.1"], ["127.0.0.1"], ["169.254.169.254"], ["::1"], ["10.0.0.1"]],
        "servfail.test": [[]],
        "empty.test": [[]],
    }


def names(port: int) -> list[Form]:
    """A name for each of those answers, and names whose look-up goes wrong."""
    known = zone()
    wrong = ["no-such-name.test", "garbage.test", "hang.test"]
    changing = ["changing.test"] * len(known["changing.test"])
    plain = [
        name for name in known if name not in {INSIDE, "localhost", "good.test", "changing.test"}
    ]
    return [
        *(Form(_kind(known[name][0]), f"https://{name}:{port}/") for name in plain),
        *(Form("a name that changes", f"https://{name}:{port}/") for name in changing),
        *(Form("a look-up that fails", f"https://{name}:{port}/") for name in wrong),
    ]


def _kind(answers: list[str]) -> str:
    if not answers:
        return "a look-up that fails"
    if len(answers) > 1:
        return "a name of several"
    return "a name" if answers[0][0].isdigit() or ":" in answers[0] else "a name of a name"
