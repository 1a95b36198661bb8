"""Separating what the sender wrote in a mail from what is quoted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmr.inbound import replies
from cmr.inbound.meaning import Meaning, Understood
from tests.scaling import is_linear

#: A newsletter, whose foot must not be taken for its reader's word.
FOOT = "Spring is here!\nTo unsubscribe click here.\nUnsubscribe\nStop"
MARKED = "\n".join(f"> {line}" for line in FOOT.splitlines())
GMAIL = f"On Tue, 3 Feb 2026 at 10:12, Acme <news@acme.example> wrote:\n\n{MARKED}"
GMAIL_BROKEN = f"On Tue, 3 Feb 2026 at 10:12, Acme Newsletter\n<news@acme.example> wrote:\n{MARKED}"
GERMAN = f"Am 03.02.2026 um 10:12 schrieb Acme <news@acme.example>:\n\n{MARKED}"
FRENCH = f"Le mar. 3 févr. 2026 à 10:12, Acme <news@acme.example> a écrit :\n{MARKED}"
SPANISH = f"El mar, 3 feb 2026 a las 10:12, Acme (<news@acme.example>) escribió:\n{MARKED}"
APPLE = f"On 3. Feb 2026, at 10:12, Acme wrote:\n\n{FOOT}"
OUTLOOK = f"________________________________\nFrom: Acme <news@acme.example>\nSent: Tuesday\n{FOOT}"
OUTLOOK_DE = f"Von: Acme <news@acme.example>\nGesendet: Dienstag, 3. Februar\nAn: Ana\n\n{FOOT}"
OLD = f"-----Original Message-----\nFrom: Acme\n{FOOT}"
OLD_DE = f"-----Ursprüngliche Nachricht-----\nVon: Acme\n{FOOT}"
QUOTES = [GMAIL, GMAIL_BROKEN, GERMAN, FRENCH, SPANISH, APPLE, OUTLOOK, OUTLOOK_DE, OLD, OLD_DE]
ACME = "Acme <news@acme.example>"
#: What mail programs put above what they quote, in languages that the phrases do not know as well.
ATTRIBUTIONS = [
    f"On Tue, Mar 5, 2024, {ACME} said:",
    "On Tue, Mar 5, 2024 Acme Outdoor Newsletter <news@acme.example\n> wrote:",
    f"---- On Tue, 05 Mar 2024 10:00 {ACME} wrote ----",
    "W dniu 3.02.2026 o 10:12, Acme napisał:",
    '30.09.2024, 18.30, "Acme" <news@acme.example>:',
    "Acme schrieb am 05.03.24 um 10:00:",
    "Acme Outdoor a écrit :",
    f"Il giorno lun 1 feb 2026 alle ore 10:00 {ACME} ha scritto:",
    f"Op di 3 feb 2026 om 10:12 schreef {ACME}:",
    "Begin forwarded message:",
    "-----Oorspronkelijk bericht-----",
    "-----Messaggio originale-----",
    "---------- Message transféré ---------",
    f"On Wed, 14 Nov 2018 08:14:43 -0200 {ACME} wrote",
    f"Fra: {ACME}\nSendt: 5. marts 2024 10:00\nTil: Ana\nEmne: Forår",
    f"Van: {ACME}\nVerzonden: dinsdag\nAan: Ana\nOnderwerp: Lente",
    f"Da: {ACME}\nInviato: martedì\nA: Ana",
    f"Från: {ACME}\nSkickat: den 5 mars 2024 10:00",
    f"Lähettäjä: {ACME}\nLähetetty: tiistai",
]
QUOTES += [MARKED, *(f"{attribution}\n\n{FOOT}" for attribution in ATTRIBUTIONS)]
each_quote = pytest.mark.parametrize("quote", QUOTES)


def says_no(text: str, subject: str = "Re: Spring is here") -> bool:
    return replies.find_no(subject=subject, text=text) is not None


@each_quote
def test_find_no_above_quote_is_found(quote: str) -> None:
    assert says_no(f"Please remove me from your list.\n\nAna\n\n{quote}")
    assert says_no(f"unsubscribe\r\n\r\n{quote}")
    assert says_no(f"Hello,\nplease remove me.\n{quote}")


@each_quote
def test_find_no_in_quoted_footer_is_ignored(quote: str) -> None:
    assert not says_no(quote)
    assert not says_no(f"Thank you, what a lovely offer!\n\n-- \nAna\n\n{quote}")
    assert not says_no(f"Do you have it in blue?\n{quote}\n")


@pytest.mark.parametrize("quote", [GMAIL, GERMAN, FRENCH, MARKED])
def test_find_no_below_quote_is_found(quote: str) -> None:
    assert says_no(f"{quote}\n\nPlease unsubscribe me.\n")
    assert says_no(f"Hi,\n\n{quote}\n\nbitte abmelden")
    assert says_no(f"{quote}\nPlease unsubscribe me.")


def test_find_no_in_wrapped_quote_is_ignored() -> None:
    long = "> You get this mail because you bought our boots in the spring of 2024;"
    assert not says_no(f"Nice!\n\n{GMAIL}\n{long}\nunsubscribe here")


@pytest.mark.parametrize(
    "foot",
    [
        "Sent from my iPhone",
        "Gesendet von Outlook für Android<https://outlook.example/app>",
        "Get Outlook for iOS",
        "Envoyé de mon iPhone",
    ],
)
def test_find_no_below_phone_signature_is_ignored(foot: str) -> None:
    assert not says_no(f"Do you have it in blue?\n\n{foot}\n{FOOT}")
    assert says_no(f"Please unsubscribe me.\n\n{foot}\n{FOOT}")
    assert says_no(f"{foot}\n\nPlease unsubscribe me.")


@pytest.mark.parametrize(
    "text",
    [
        "As Ben <ben@example.org> wrote:\nplease unsubscribe me too.",
        "Wie Ben <ben@example.org> schrieb:\nbitte auch mich abmelden.",
    ],
)
def test_find_no_after_sentence_like_quote_head_is_found(text: str) -> None:
    assert says_no(text)


def test_find_no_after_filled_form_is_found() -> None:
    assert says_no("Name: Ana Doe\nE-Mail: ana@example.org\n\nPlease unsubscribe me.")


@pytest.mark.parametrize(
    "foot",
    [
        "If you no longer wish to receive emails from us, click unsubscribe.",
        "Unsubscribe: https://doe.example/u/1",
        "Wenn Sie keine Mails mehr möchten, können Sie sich hier abmelden.",
        "Per non ricevere più email clicca qui.",
    ],
)
def test_find_no_in_own_footer_is_ignored(foot: str) -> None:
    assert not says_no(f"Thanks, I will take two.\n\nMia Doe | Sales\n{foot}")


@pytest.mark.parametrize(
    "subject",
    ["unsubscribe", "Unsubscribe", "UNSUBSCRIBE 8f2c41", "Abmelden", "stop", "Please remove me"],
)
def test_find_no_in_own_subject_is_found(subject: str) -> None:
    """`mailto:` in List-Unsubscribe: the body is empty, or what a mail program puts there."""
    assert says_no("", subject)
    assert says_no("This message was automatically generated by Gmail.", subject)


@pytest.mark.parametrize(
    "subject",
    [
        *["Re: unsubscribe", "AW: Stop!", "Fwd: Unsubscribe", "RE[2]: stop", "R: unsubscribe"],
        *["SV: Unsubscribe", "RES: Unsubscribe", "Odp: Stop", "Vá: Stop", "Ynt: Stop"],
        *["[EXT] Re: unsubscribe", "Antwort: How to unsubscribe from bad weather"],
        *["Gelesen: Stop paying too much!", "Read: Stop paying", "Accepted: Unsubscribe"],
        *["Geaccepteerd: Stop", "Rifiutato: stop"],
    ],
)
def test_find_no_in_subject_of_brand_is_ignored(subject: str) -> None:
    assert not says_no("Hello!", subject)


def test_find_no_in_reply_subject_without_text_is_found() -> None:
    assert says_no("", "RE: Unsubscribe")
    assert not says_no("", "Re: How to unsubscribe from bad weather")


APPLE_TEXTS = [
    "Apple Mail sent this email to unsubscribe from the message “Spring”.",
    "Apple Mail hat diese E-Mail gesendet, um die Nachricht „Frühling“ abzubestellen.",
]


@pytest.mark.parametrize("auto_submitted", ["auto-replied", "auto-generated", "no", ""])
@pytest.mark.parametrize("subject", ["", "unsubscribe"])
@pytest.mark.parametrize("text", APPLE_TEXTS)
def test_read_mail_button_of_mail_program_is_stop(
    text: str, subject: str, auto_submitted: str
) -> None:
    read = replies.read_mail(
        sender="ana@example.org", subject=subject, text=text, auto_submitted=auto_submitted
    )
    assert read.understood is not None


@pytest.mark.parametrize(
    "text",
    [
        "Cet e-mail a été envoyé par Apple Mail pour se désabonner du message « Printemps ».\n",
        "Apple Mail sendte denne e-mail for at framelde dig fra meddelelsen “Forår”.",
        "Apple Mail wysłał tę wiadomość, aby zrezygnować z „Wiosna”.",
    ],
)
def test_read_mail_apple_mail_shape_is_stop(text: str) -> None:
    read = replies.read_mail(
        sender="ana@example.org", subject="9f", text=text, auto_submitted="auto-replied"
    )
    assert read == (Understood(Meaning.STOP, "apple mail"), None)


@pytest.mark.parametrize(
    "text",
    [
        "I am away until Monday. Write to “sales”.\n\nSent by Apple Mail",
        "I am away, and so is Apple Mail.",
        "I am away. Since we moved to Apple Mail please write to “sales@example.org”.",
        "“Spring” is a nice mail.\nApple Mail told me “so”. More below.\nAna",
    ],
)
def test_read_mail_auto_reply_about_apple_mail_is_none(text: str) -> None:
    read = replies.read_mail(
        sender="ana@example.org", subject="Away", text=text, auto_submitted="auto-replied"
    )
    assert read == (None, replies.IgnoredReason.AUTOMATIC)


@pytest.mark.parametrize(
    ("header", "understood"), [("true", True), (" True\r\n", True), ("false", False), ("", False)]
)
def test_read_mail_apple_mail_header_is_stop(header: str, understood: bool) -> None:
    """Whatever subject and text the `mailto:` of the brand names."""
    read = replies.read_mail(
        sender="ana@icloud.example",
        subject="Re: 8f2c41",
        text="",
        auto_submitted="auto-replied",
        apple_unsubscribe=header,
    )
    assert (read.understood is not None) is understood


@pytest.mark.parametrize(
    ("sender", "subject", "auto_submitted"),
    [
        ("ana@example.org", "Automatic reply: Spring is here", ""),
        ("ana@example.org", "Out of office: unsubscribe", ""),
        ("ana@example.org", "Abwesenheitsnotiz", ""),
        ("ana@example.org", "Automatische Antwort: Frühling", ""),
        ("ana@example.org", "Réponse automatique", ""),
        ("ana@example.org", "Undeliverable: Spring is here", ""),
        ("ana@example.org", "Spring", "auto-replied"),
        ("ana@example.org", "Spring", "auto-generated"),
        ("ana@example.org", "Re: unsubscribe", "auto-generated"),
        ("ana@example.org", "Risposta automatica: Primavera", ""),
        ("ana@example.org", "Automatisch antwoord: Lente", ""),
        ("ana@example.org", "Spring", "Auto-Replied (vacation)"),
        ("MAILER-DAEMON@example.org", "unsubscribe", ""),
        ("postmaster@example.org", "Stop", ""),
    ],
)
def test_is_automatic_auto_reply_is_true(sender: str, subject: str, auto_submitted: str) -> None:
    text = "Sono in ferie.\n\nMario | To unsubscribe from our updates click here"
    assert replies.is_automatic(
        sender=sender, subject=subject, text=text, auto_submitted=auto_submitted
    )


@pytest.mark.parametrize("subject", ["unsubscribe", "Auto insurance", "My office", "Re: away"])
@pytest.mark.parametrize("auto_submitted", ["", "no", "No; sent by hand"])
def test_is_automatic_mail_of_person_is_false(subject: str, auto_submitted: str) -> None:
    assert not replies.is_automatic(
        sender="ana@example.org", subject=subject, text="", auto_submitted=auto_submitted
    )


@given(st.text(), st.text())
def test_read_mail_random_mail_does_not_fail(subject: str, text: str) -> None:
    replies.read_mail(sender=subject, subject=subject, text=text, auto_submitted="")
    replies.read_sms(text)


@pytest.mark.parametrize(
    "part",
    [
        *["\n", "> ", ">", "> x\n", "From: ", "From: a\n", "-", "_", "x: y@z\n", "[EXT] ", "<"],
        *["On a wrote", "On a\n", "Am schrieb ", "a@b wrote: ", "On a wrote:\n> ", "1.1.2024\n"],
    ],
)
def test_find_own_words_time_is_linear(part: str) -> None:
    assert is_linear(lambda size: replies.find_own_words((part * size)[:size]), 20_000)
    assert is_linear(lambda size: replies.find_no(subject=(part * size)[:size], text=""), 2_000)
