"""Reading the headers of a mailbox from its mail server, with an app password (IMAP, RFC 9051).

The password is used for one connection and never stored or logged. Folders are opened for reading
only, and no mail is marked as read. The server is chosen by the person, so it may be anything: the
connection goes to public addresses only, and has limits of time and of bytes.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from imap_tools.errors import ImapToolsError, MailboxLoginError
from imap_tools.folder import FolderInfo
from imap_tools.mailbox import BaseMailBox

from core.http import ForbiddenAddress, guarded_socket
from mailbox_reader import WANTED

#: IMAP over TLS. There is no other port, so that nobody can use us to look for open ones.
PORT = 993
#: Mails that are asked for at once.
MAILS_AT_ONCE = 500
#: Seconds without an answer, for all reading of one request, and until the connection is cut.
ANSWER_SECONDS, READ_SECONDS, CONNECTION_SECONDS = 15.0, 45.0, 75.0
#: The most mails of one request.
MOST_MAILS = 50_000
#: Bytes of the headers of one mail, and of one whole answer. More ends the connection.
MOST_LITERAL, MOST_ANSWER = 262_144, 16_000_000
MOST_FOLDERS, MOST_ADDRESSES = 200, 4
HEADERS = f"(UID BODY.PEEK[HEADER.FIELDS ({' '.join(name.upper() for name in WANTED)})])"
UID = re.compile(rb"\bUID (\d{1,10})")
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9-]{1,63})*", re.I)
#: Folders that are not read, by their flags (RFC 6154): mail of the person, or none at all.
UNREAD_FLAGS = frozenset({"\\noselect", "\\nonexistent", "\\sent", "\\drafts", "\\trash"})


class ImapProblem(Exception):
    """The mailbox cannot be read."""


class NoSuchHost(ImapProblem):
    """No server has this name, or its address is not public."""


class NoConnection(ImapProblem):
    """The server does not answer by TLS on the port of IMAP."""


class BadCertificate(ImapProblem):
    """The server's certificate is not valid for its name."""


class WrongPassword(ImapProblem):
    """The server refused the user name or the password."""


class BrokenMailServer(ImapProblem):
    """The server's answers end early, are too long or make no sense."""


@dataclass(frozen=True, slots=True)
class MailServerAccess:
    """Where a person's mailbox is. Its text has no password."""

    host: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadPosition:
    """How far reading came: the last mail's id in a folder (`UID`), with the folder's validity."""

    folder: str = ""
    validity: int = 0
    uid: int = 0


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """Mails that were read, and where to go on; None if everything was read."""

    mails: int
    position: ReadPosition | None


def read_mail_server(
    access: MailServerAccess,
    take_block: Callable[[bytes], None],
    *,
    position: ReadPosition | None = None,
) -> ReadProgress:
    """Pass the header block of each mail to *take_block*, from *position* on.

    What was passed before an error counts. The wanted headers are read only.

    Raises:
        NoSuchHost, NoConnection, BadCertificate, WrongPassword, BrokenMailServer
    """
    mailbox = _connect(access.host)
    try:
        _sign_in(mailbox, access)
        return _FolderReader(mailbox, take_block).read_folders(position or ReadPosition())
    except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
        raise BrokenMailServer from error
    finally:
        mailbox.close()


# -- The connection ------------------------------------------------------------------------------


class _Client(imaplib.IMAP4_SSL):
    """A connection to a public address, with limits of time and of bytes."""

    def __init__(self, host: str) -> None:
        self._room = MOST_ANSWER
        self._cut = threading.Timer(CONNECTION_SECONDS, self._disconnect)
        self._cut.daemon = True
        super().__init__(
            host, PORT, ssl_context=ssl.create_default_context(), timeout=ANSWER_SECONDS
        )

    def _create_socket(self, timeout: float | None) -> ssl.SSLSocket:
        """Connect. imaplib calls this where it would connect without a guard."""
        plain = _connect_socket(self.host, timeout)
        context: ssl.SSLContext = self.ssl_context
        self._secured = context.wrap_socket(
            plain, server_hostname=self.host, do_handshake_on_connect=False
        )
        self._cut.start()  # a server may send a byte now and then, for ever
        try:
            self._secured.do_handshake()
        except OSError:
            self._cut.cancel()
            self._secured.close()
            raise
        return self._secured

    def _disconnect(self) -> None:
        with suppress(OSError):
            socket.socket.shutdown(self._secured, socket.SHUT_RDWR)

    def begin_answer(self) -> None:
        """Allow the next answer as many bytes as any."""
        self._room = MOST_ANSWER

    def read(self, size: int) -> bytes:
        """Return *size* bytes of an answer."""
        if size > min(MOST_LITERAL, self._room):
            raise self.error("the answer is too long")
        self._room -= size
        return super().read(size)

    def readline(self) -> bytes:
        """Return a line of an answer."""
        line = super().readline()
        self._room -= len(line)
        if self._room < 0:
            raise self.error("the answer is too long")
        return line

    def shutdown(self) -> None:
        """Close the connection."""
        self._cut.cancel()
        super().shutdown()


def _connect_socket(host: str, timeout: float | None) -> socket.socket:
    """Return a connection to one of the host's addresses, all of which must be public.

    Raises:
        OSError
    """
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)[:MOST_ADDRESSES]
    problem: OSError = ConnectionError("no address")
    for each in found:
        connection = guarded_socket(each)
        try:
            connection.settimeout(timeout)
            connection.connect(each[4])
        except OSError as error:
            connection.close()
            problem = error
        else:
            return connection
    raise problem


class _Mailbox(BaseMailBox):
    """The commands of a mailbox, over the guarded connection."""

    client: _Client

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__()

    def _get_mailbox_client(self) -> _Client:
        return _Client(self._host)

    def close(self) -> None:
        """Sign out and close the connection, in whatever state it is."""
        with suppress(imaplib.IMAP4.error, OSError):
            self.client.logout()
        with suppress(OSError):
            self.client.shutdown()


def _connect(host: str) -> _Mailbox:
    if not HOST.fullmatch(host):
        raise NoSuchHost
    try:
        return _Mailbox(host)
    except (socket.gaierror, ForbiddenAddress, UnicodeError) as error:
        raise NoSuchHost from error
    except ssl.SSLCertVerificationError as error:
        raise BadCertificate from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise NoConnection from error


def _sign_in(mailbox: _Mailbox, access: MailServerAccess) -> None:
    is_ascii = access.user.isascii() and access.password.isascii()
    login = mailbox.login if is_ascii else mailbox.login_utf8
    try:
        login(access.user, access.password, initial_folder=None)
    except imaplib.IMAP4.abort as error:
        raise BrokenMailServer from error
    except (MailboxLoginError, imaplib.IMAP4.error):
        raise WrongPassword from None  # the cause may name the password


# -- Reading -------------------------------------------------------------------------------------


class _FolderReader:
    """Reads folder by folder until all are read, the time is over, or there are too many mails."""

    def __init__(self, mailbox: _Mailbox, take_block: Callable[[bytes], None]) -> None:
        self._mailbox = mailbox
        self._client = mailbox.client
        self._take_block = take_block
        self._until = time.monotonic() + READ_SECONDS
        self._mails = 0

    def read_folders(self, position: ReadPosition) -> ReadProgress:
        names = _choose_folders(self._list_folders())
        if position.folder in names:
            names = names[names.index(position.folder) :]
        for name in names:
            reached = self._read_folder(name, position)
            if reached is not None:
                return ReadProgress(self._mails, reached)
        return ReadProgress(self._mails, None)

    def _list_folders(self) -> Sequence[FolderInfo]:
        try:
            return list(self._mailbox.folder.list())
        except ValueError as error:  # a name that is not in the encoding of folders
            raise self._client.error("unreadable folders") from error

    def _read_folder(self, name: str, position: ReadPosition) -> ReadPosition | None:
        """Read a folder. Return how far, or None if to its end."""
        _, exists = self._mailbox.folder.set(name, readonly=True)
        count, validity = int(exists[-1] or 0), self._find_validity()
        uid = position.uid if (position.folder, position.validity) == (name, validity) else 0
        first = self._find_first_after(uid, count) if uid else 1
        while first <= count:
            if self._mails >= MOST_MAILS or time.monotonic() > self._until:
                return ReadPosition(name, validity, uid)
            last = min(first + MAILS_AT_ONCE - 1, count)
            uid = max(uid, self._read_mails(first, last))
            first = last + 1
        return None

    def _find_validity(self) -> int:
        _, data = self._client.response("UIDVALIDITY")
        return int(data[-1]) if data and data[-1] and data[-1].isdigit() else 0

    def _read_mails(self, first: int, last: int) -> int:
        """Read the mails with these numbers. Return the highest of their ids."""
        highest = 0
        for uid, block in self._fetch(f"{first}:{last}", HEADERS):
            self._mails += 1
            highest = max(highest, uid)
            self._take_block(block)
        return highest

    def _find_first_after(self, uid: int, count: int) -> int:
        """Return the number of the first mail whose id is higher, by halving the folder."""
        low, high = 1, count + 1
        while low < high:
            middle = (low + high) // 2
            found = [each for each, _ in self._fetch(str(middle), "(UID)")]
            if found and found[0] > uid:
                high = middle
            else:
                low = middle + 1
        return low

    def _fetch(self, numbers: str, parts: str) -> Iterator[tuple[int, bytes]]:
        """Yield id and header block of each mail.

        Raises:
            imaplib.IMAP4.error
        """
        self._client.begin_answer()
        status, data = self._client.fetch(numbers, parts)
        self._client.untagged_responses.clear()  # what nobody asked for would fill the memory
        if status != "OK":
            raise self._client.error("no mails")
        for each in data:
            head, block = each if isinstance(each, tuple) else (each, b"")
            if isinstance(head, bytes) and (found := UID.search(head)):
                yield int(found[1]), block.rstrip(b"\r\n")


def _choose_folders(folders: Sequence[FolderInfo]) -> list[str]:
    """Return the folders to read. One with all mail replaces the others but junk."""
    flags: dict[str, set[str]] = {
        each.name: {flag.lower() for flag in each.flags} for each in folders[:MOST_FOLDERS]
    }
    readable = [name for name, has in flags.items() if not has & UNREAD_FLAGS]
    if any("\\all" in flags[name] for name in readable):
        readable = [name for name in readable if flags[name] & {"\\all", "\\junk"}]
    return sorted(readable, key=lambda name: (name.upper() != "INBOX", name))
