"""What the sender of a mail wrote themselves: without what they quote, and no machine's answer.

Line by line and by plain expressions, since anybody may send anything; the libraries for it take
minutes for a mail made to hold them up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cmr.inbound import meaning
from cmr.inbound.meaning import Understood

#: What a mail program puts above what it quotes, at a line's beginning and its end.
ABOVE_QUOTE = [
    (re.compile(rf"^{opening}\b", re.I), re.compile(closing, re.I))
    for opening, closing in [
        ("on", r"\bwrote:$"),
        ("(?:am|um)", r"\bschrieb\b[^:]{0,200}:$"),
        ("le", r"\ba écrit\s?:$"),
        ("el", r"\bescribió:$"),
        (r".{1,200}", r"(?:@|>).{0,60}\b(?:wrote|schrieb|a écrit|escribió)\s?:$"),
    ]
]
#: From here on all is quoted.
ORIGINAL = re.compile(
    r"^(?:[-_]{2,} ?(?:original message|ursprüngliche nachricht|originalnachricht|weitergeleitete"
    r" nachricht|forwarded message|message d.origine|mensaje original)|_{20,}$)",
    re.I,
)
HEADER = re.compile(
    r"^\*?(?:from|sent|to|subject|date|von|gesendet|an|betreff|datum|de|envoyé|à|objet|enviado|para"
    r"|asunto|fecha)\s?:\*?\s",
    re.I,
)
SIGNATURE = re.compile(r"^--\s?$")
#: The subject is the brand's own: it was answered, or handed on.
ANSWERED = re.compile(r"^\s*(?:re|aw|antw|rv|fw|fwd|wg|tr|réf|sv|vs)\s*(?:\[\d+\])?\s*:", re.I)
#: A machine answers.
AUTOMATIC = re.compile(
    r"^\s*(?:auto(?:matic|matische|mated|matique)?[ -]?(?:reply|response|antwort|réponse)?\s*:"
    r"|automatic reply|automatische antwort|auto-?reply|réponse automatique|respuesta automática"
    r"|out of (?:the )?office|abwesen|ich bin (?:abwesend|nicht im)|absence|absent du bureau"
    r"|fuera de (?:la )?oficina|undeliver|unzustellbar|mail delivery"
    r"|delivery (?:status|failure|has failed)|returned mail|failure notice)",
    re.I,
)
MACHINES = re.compile(r"^(?:mailer-daemon|postmaster|no-?reply|bounces?)(?:[+=-].*)?@", re.I)
#: Values of `Auto-Submitted` (RFC 3834) that are no word of a person's. A mail program that
#: unsubscribes for its user may call that `auto-generated`.
ANSWERS_BY_ITSELF = ("auto-replied", "auto-notified")


def no_in(*, subject: str, text: str) -> Understood | None:
    """The no in a mail: in a subject that is the sender's own, or in what they wrote."""
    own = "" if ANSWERED.match(subject) else subject
    return meaning.no_in(own) or meaning.no_in(own_words(text))


def is_automatic(*, sender: str, subject: str, auto_submitted: str) -> bool:
    """Whether a machine answered: somebody is away, or the mail did not arrive."""
    by_itself = auto_submitted.strip().lower().startswith(ANSWERS_BY_ITSELF)
    return by_itself or bool(MACHINES.match(sender) or AUTOMATIC.match(subject))


def own_words(text: str) -> str:
    """What stands above the quoted mail, and what follows it where each of its lines is marked."""
    lines = [line.strip() for line in text[: meaning.LONGEST].splitlines()]
    end = _end_of_own(lines)
    below = _below_quote(lines[end:])
    return "\n".join([*_unquoted(lines[:end]), *_unquoted(below)])


def _end_of_own(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines):
        pair = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else line
        if line.startswith(">") or _is_above_quote(line) or _is_above_quote(pair):
            return number
        if ORIGINAL.match(line) or SIGNATURE.match(line) or _is_head(lines[number : number + 2]):
            return number
    return len(lines)


def _is_above_quote(line: str) -> bool:
    return any(opens.search(line) and ends.search(line) for opens, ends in ABOVE_QUOTE)


def _is_head(lines: Sequence[str]) -> bool:
    """Outlook puts the head of the original above it: two of its fields make one."""
    return len(lines) == 2 and all(HEADER.match(line) for line in lines)


def _below_quote(lines: Sequence[str]) -> Sequence[str]:
    """What stands under the last marked line, after a blank one: a line that was only broken in two
    has none before it."""
    marked = [number for number, line in enumerate(lines) if line.startswith(">")]
    rest = lines[marked[-1] + 1 :] if marked else []
    return rest if rest and not rest[0] else []


def _unquoted(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if SIGNATURE.match(line):
            return
        yield line
