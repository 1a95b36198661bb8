"""Finding the sender's own words in a mail, without quotations, signatures and automatic replies.

The rules go line by line and use simple expressions, because anybody may send anything. They are
independent of the language where the shape is enough:
- A line that ends with a colon and holds an address or a date opens a quotation:
  "On Tuesday Acme <news@acme.example> wrote:".
- Two lines of a word with a colon, one of them with an address, are the head of a quoted mail:
  "From: news@acme.example", "Sent: Tuesday".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from cmr.inbound import meaning
from cmr.inbound.meaning import Meaning, Understood

#: Only so many characters are read of a mail. Quoted text counts as well.
LONGEST = 100_000

# -- Above a quotation ----------------------------------------------------------------------------

#: The end of an attribution: "Acme wrote:", "---- On Tuesday Acme wrote ----".
CLOSING = re.compile(r"(?::|：|-{2,})$")
_WROTE = (
    r"\b(?:wrote|writes|said|schrieb|geschrieben|a écrit|écrit|escribió|ha scritto|scritto|schreef"
    r"|escreveu|napisał|napisała|napsal|skrev|kirjoitti|написал|пише|yazdı|írta)\b"
)
WROTE = re.compile(_WROTE + r".{0,80}$", re.I)
#: The last word of an attribution whose mail program leaves out the colon.
ENDS_WITH_WROTE = re.compile(_WROTE + r"$", re.I)
#: The sender's own sentence about what somebody wrote: "As Ben wrote: please stop".
AS = re.compile(r"^(?:as|like|wie|comme|como|come|zoals)\b", re.I)
ADDRESS = re.compile(r"[<(\[](?:mailto:)?[^\s<>()]+@[^\s<>()]+[>)\]]")
DATE = re.compile(
    r"\b(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}"
    r"|\d{1,2}\.? [^\W\d]{3,9}\.?,? \d{4}|[^\W\d]{3,9}\.? \d{1,2},? \d{4})\b"
)
#: The beginning of an attribution that is broken in two.
OPENING = re.compile(r"^(?:on|am|um|le|el|il|op|em|den|dnia|w dniu|dne|>?\s*-{2,})\b", re.I)
LONGEST_ATTRIBUTION = 300
#: All text below is quoted: "-----Original Message-----" in any language, and Outlook's line.
SEPARATOR = re.compile(r"^(?:[-_=]{3,}\s*[^\W\d_][^\d]{3,50}?[-_=]{3,}|[_-]{20,})$")
FORWARDED = re.compile(
    r"^(?:begin|anfang|début|inicio|inizio)\b.{0,20}\b(?:forwarded|weitergeleitet\w*|réexpédié"
    r"|transféré|reenviado|inoltrato|doorgestuurd)\b.{0,20}:$",
    re.I,
)
FIELD = re.compile(r"^\*?([^\W\d_][^:<>@\n]{0,20}?)\s?:\*?\s+(\S.*)$")
FIELD_NAMES = frozenset(
    """from sent to subject date cc von gesendet an betreff datum de envoyé à objet enviado para
    asunto fecha da inviato a oggetto data van verzonden aan onderwerp fra sendt til emne från
    skickat till ämne od wysłano do temat""".split()
)
#: Fields of a form that the sender filled in; they are not the head of a mail.
CONTACT_FIELD = re.compile(r"^(?:e-?mail|mail|correo|courriel|tel|phone|mobil|name|nom|nome)", re.I)
#: The longest quoted line, in characters, that no mail program breaks in two.
SHORT_LINE = 60

# -- Below the sender's words ---------------------------------------------------------------------

SIGNATURE = re.compile(r"^(?:--|—|__)\s?$")
#: The line that a phone adds below its user's words, and above the quoted mail.
SENT_FROM = re.compile(
    r"^(?:sent from|get outlook for|gesendet (?:von|mit)|envoyé (?:de|depuis|à partir)"
    r"|enviado (?:desde|do|con)|inviato da|verzonden (?:vanaf|met|via))\b.{0,100}$",
    re.I,
)
# -- Subjects and senders --------------------------------------------------------------------------

#: Prefixes of the brand's own subject: answered, forwarded, read, or accepted.
ANSWERED = re.compile(
    r"^\s*(?:\[[^\]]{1,20}\]\s*|\([^)]{1,20}\)\s*)*"
    r"(?!(?:stop|baja)\s*:)"
    r"(?:[^\W\d_]{1,4}|antwort|antwoord|resposta|rif|doorst|doorgestuurd)"
    r"\s*(?:\[\d+\]|\(\d+\))?\s*[:：]",
    re.I,
)
RECEIPT = re.compile(
    r"^\s*(?:read|gelesen|lu|leído|letto|gelezen|accepted|declined|tentative|zugesagt|abgelehnt"
    r"|accepté|refusé|aceptad[oa]|rechazad[oa]|accettat[oa]|rifiutat[oa]|geaccepteerd|geweigerd"
    r"|not read|ungelesen|delivered|zugestellt)\s*:",
    re.I,
)
#: Subjects of automatic replies.
AUTOMATIC = re.compile(
    r"^\s*(?:auto\w*[ -]?\s?(?:reply|response|antwort|réponse|respuesta|risposta|antwoord|svar)"
    r"|(?:réponse|respuesta|risposta|odpowiedź|resposta) autom"
    r"|auto(?:matic|matische|mated|matique)?\s*:"
    r"|out of (?:the )?office|abwesen|ich bin (?:abwesend|nicht im)|absence|absent du bureau"
    r"|fuera de (?:la )?oficina|ausente|fuori (?:sede|ufficio)|assente|afwezig|undeliver"
    r"|unzustellbar|mail delivery|onbestelbaar|niet bezorg|non remis|non consegnabile|no se puede"
    r" entregar"
    r"|delivery (?:status|failure|has failed)|returned mail|failure notice)",
    re.I,
)
MACHINES = re.compile(r"^(?:mailer-daemon|postmaster|no-?reply|bounces?)(?:[+=-].*)?@", re.I)
#: A value of `Auto-Submitted` that says a person wrote the mail.
BY_A_PERSON = re.compile(r"\s*no\b", re.I)
#: A value of `X-Apple-Unsubscribe`.
BY_APPLE = re.compile(r"\s*true\s*\Z", re.I)
#: Apple's programs unsubscribe by a mail of their own wording, which they mark as automatic.
APPLE = re.compile(
    r"\W*Apple Mail (?:sent|hat|a envoyé|ha enviado|ha inviato|heeft)\b[^\n]{0,300}\s*\Z"
)
#: The same in a language that we have not seen: one sentence, by Apple Mail, about a mail's title.
APPLE_SHAPE = re.compile(
    r"\W*(?:(?:[^\W\d_][\w'’-]* ){1,6}(?:by|von|par|por|da|door|av|af|przez) )?"
    r"Apple Mail\b[^\n“„«\"]{1,150}[“„«\"][^\n]{0,300}[”“»\"][^\n]{0,60}\s*\Z"
)


class IgnoredReason(StrEnum):
    """Why a message had no effect."""

    AUTOMATIC = "automatic"
    QUOTED_ONLY = "quoted_only"
    NO_REQUEST = "no_request"


class Reading(NamedTuple):
    """The meaning of a message, or the reason why it has none."""

    understood: Understood | None
    reason: IgnoredReason | None = None


def read_sms(text: str) -> Reading:
    """Return the meaning of a text message, without the message that it reacts to."""
    if understood := meaning.read_text(text):
        return Reading(understood)
    return Reading(None, _explain(text, meaning.remove_quotations(text)))


def read_mail(
    *, sender: str, subject: str, text: str, auto_submitted: str, apple_unsubscribe: str = ""
) -> Reading:
    """Return the request to stop in a mail, from the sender's own subject or own words."""
    if BY_APPLE.match(apple_unsubscribe) or _is_by_apple(text, auto_submitted):
        return Reading(Understood(Meaning.STOP, "apple mail"))
    if is_automatic(sender=sender, subject=subject, text=text, auto_submitted=auto_submitted):
        return Reading(None, IgnoredReason.AUTOMATIC)
    if understood := find_no(subject=subject, text=text):
        return Reading(understood)
    return Reading(None, _explain(text, find_own_words(text)))


def _explain(text: str, own_words: str) -> IgnoredReason:
    """Return why a text is no request: either only its quotation asks to stop, or nothing does."""
    if len(text.split()) == len(own_words.split()):
        return IgnoredReason.NO_REQUEST
    is_quoted = meaning.has_no(text) or not own_words.strip()
    return IgnoredReason.QUOTED_ONLY if is_quoted else IgnoredReason.NO_REQUEST


def find_no(*, subject: str, text: str) -> Understood | None:
    """Return the request to stop in a mail, or None."""
    words = find_own_words(text)
    return _find_in_subject(subject, is_blank=not words.strip()) or meaning.find_no(words)


def _find_in_subject(subject: str, *, is_blank: bool) -> Understood | None:
    """Return the request in a subject that the sender wrote.

    If the mail has no other text, "Re: Unsubscribe" is a request as well.
    """
    if RECEIPT.match(subject):
        return None
    answered = ANSWERED.match(subject)
    if answered is None:
        return meaning.find_no(subject)
    return meaning.find_keyword(subject[answered.end() :]) if is_blank else None


def is_automatic(*, sender: str, subject: str, text: str, auto_submitted: str) -> bool:
    """Return whether a mail is an automatic reply, such as an absence note or a bounce.

    Any `Auto-Submitted` except `no` marks one (RFC 3834). The exception is a mail program that
    unsubscribes for its user: then the subject is the request.
    """
    if MACHINES.match(sender) or AUTOMATIC.match(subject):
        return True
    return _says_automatic(auto_submitted) and not _find_in_subject(subject, is_blank=False)


def _says_automatic(auto_submitted: str) -> bool:
    return bool(auto_submitted.strip()) and not BY_A_PERSON.match(auto_submitted)


def _is_by_apple(text: str, auto_submitted: str) -> bool:
    """Return whether Apple Mail unsubscribes for its user, judged by its text alone."""
    shape = APPLE_SHAPE.match(text) if _says_automatic(auto_submitted) else None
    return bool(shape or APPLE.match(text))


# -- Own words -----------------------------------------------------------------------------------


def find_own_words(text: str) -> str:
    """Return the text above the quoted mail, and the text below quoted lines marked by `>`."""
    lines = [line.strip() for line in text[:LONGEST].splitlines()]
    end = _find_end_of_own(lines)
    below = _skip_marked(lines[end:])
    return "\n".join([*_until_signature(lines[:end]), *_until_signature(below)])


def _find_end_of_own(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines):
        pair = lines[number : number + 2]
        if line.startswith(">") or SEPARATOR.match(line) or FORWARDED.match(line):
            return number
        if _is_attribution(line) or _is_broken_attribution(pair) or _is_head(pair):
            return number
    return len(lines)


def _is_attribution(line: str) -> bool:
    if len(line) > LONGEST_ATTRIBUTION or AS.match(line):
        return False
    if not CLOSING.search(line):
        is_by = ADDRESS.search(line) and DATE.search(line)
        return bool(is_by and ENDS_WITH_WROTE.search(line))
    return bool(ADDRESS.search(line) or DATE.search(line) or WROTE.search(line.rstrip(":：- ")))


def _is_broken_attribution(lines: Sequence[str]) -> bool:
    """Return whether two lines are one attribution.

    They are not if the second is a whole attribution and the first is the sender's last line.
    """
    if len(lines) < 2 or not CLOSING.search(lines[1]) or len(lines[0]) > LONGEST_ATTRIBUTION:
        return False
    if _is_attribution(lines[1].lstrip("> ")) and not _is_tail(lines[1]):
        return False
    begins = OPENING.match(lines[0]) or DATE.search(lines[0]) or "<" in lines[0]
    return bool(begins) and _is_attribution(f"{lines[0]} {lines[1].lstrip('> ')}")


def _is_tail(line: str) -> bool:
    """Return whether a line can only end an attribution: it begins with an address or "wrote"."""
    return line.startswith(("<", ">", "wrote", "schrieb", "a écrit", "escribió", "ha scritto"))


def _is_head(lines: Sequence[str]) -> bool:
    """Return whether two lines are fields of the head that Outlook puts above the original."""
    fields = [FIELD.match(line) for line in lines]
    if len(fields) < 2 or not all(fields):
        return False
    names = [field[1].strip().lower() for field in fields if field]
    if all(name in FIELD_NAMES for name in names):
        return True
    return any("@" in field[2] and not CONTACT_FIELD.match(field[1]) for field in fields if field)


def _skip_marked(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines below the last marked line.

    If that line is long, a mail program may have broken it, so one more line is skipped.
    """
    marked = [number for number, line in enumerate(lines) if _is_marked(line)]
    rest = lines[marked[-1] + 1 :] if marked else []
    is_broken = rest and rest[0] and len(lines[marked[-1]]) > SHORT_LINE
    return rest[1:] if is_broken else rest


def _is_marked(line: str) -> bool:
    """Return whether a line is quoted. "> wrote:" is the second half of a broken attribution."""
    return line.startswith(">") and not (len(line) < 25 and _is_attribution(line))


def _until_signature(lines: Sequence[str]) -> Iterator[str]:
    has_words = False
    for line in lines:
        if SIGNATURE.match(line) or (has_words and SENT_FROM.match(line)):
            return
        has_words = has_words or bool(line)
        yield line
