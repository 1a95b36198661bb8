"""Finding the mails inside a forwarded mail."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from cmr.mailbox.forwarded_mails import find_quoted_sender, read_forwarded_mail
from tests.scaling import is_linear

ACME = "Acme <news@acme.example>"
#: The beginning of a quoted mail, by the program that writes it.
HEADS = {
    "Gmail": f"---------- Forwarded message ---------\nFrom: {ACME}",
    "Gmail, German": f"---------- Weitergeleitete Nachricht ---------\nVon: {ACME}",
    "Gmail, French": f"---------- Message transféré ---------\nDe : {ACME}",
    "Gmail, Spanish": f"---------- Mensaje reenviado ---------\nDe: {ACME}",
    "Gmail, Italian": f"---------- Messaggio inoltrato ---------\nDa: {ACME}",
    "Gmail, Dutch": f"---------- Doorgestuurd bericht ---------\nVan: {ACME}",
    "Gmail, bold": "---------- Forwarded message -----\nFrom: *Acme* <news@acme.example>",
    "Outlook": "-----Original Message-----\nFrom: Acme [mailto:news@acme.example]\nSent: Monday",
    "Outlook, German": f"-----Ursprüngliche Nachricht-----\nVon: {ACME}",
    "Outlook, French": f"-----Message d'origine-----\nDe : {ACME}",
    "Outlook, Spanish": f"-----Mensaje original-----\nDe: {ACME}",
    "Outlook, Italian": f"-----Messaggio originale-----\nDa: {ACME}",
    "Outlook, Dutch": f"-----Oorspronkelijk bericht-----\nVan: {ACME}",
    "Outlook, line": "_" * 32 + f"\nVon: {ACME}\nGesendet: Montag",
    "Apple": f"Begin forwarded message:\n\n> From: {ACME}\n> Subject: x",
    "Apple, German": f"Anfang der weitergeleiteten Nachricht:\n\nVon: {ACME}",
    "Apple, French": f"Début du message réexpédié :\n\nDe: {ACME}",
    "Apple, Spanish": f"Inicio del mensaje reenviado:\n\nDe: {ACME}",
    "Apple, Italian": f"Inizio messaggio inoltrato:\n\nDa: {ACME}",
    "Apple, Dutch": f"Begin doorgestuurd bericht:\n\nVan: {ACME}",
    "Thunderbird": f"-------- Forwarded Message --------\nSubject: \tx\nFrom: \t{ACME}",
    "Thunderbird, German": "-------- Weitergeleitete Nachricht --------\nBetreff: \tx\n"
    f"Von: \t{ACME}",
    "broken line": "---------- Forwarded message ---------\nFrom: Acme\n<news@acme.example>",
    "quotes": '---------- Forwarded message ---------\r\nFrom: "Acme" <News@Acme.example>\r\n',
}


@pytest.mark.parametrize("kind", HEADS)
def test_find_quoted_sender_knows_each_program(kind: str) -> None:
    found = find_quoted_sender(f"Look at this!\n\n{HEADS[kind]}\nDate: today\n\nHello Ana")
    assert found is not None
    assert (found.name, found.address) == ("Acme", "news@acme.example")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "From: Acme <news@acme.example>",
        "I got a forwarded message\nFrom: Acme <news@acme.example>",
        "---------- Forwarded message ---------\nhello",
        "---------- Forwarded message ---------\nFrom: Acme\nTo: nobody",
        "---------- Forwarded message ---------\n" + "\n" * 20 + "From: a <news@acme.example>",
    ],
)
def test_find_quoted_sender_without_a_quotation_is_none(text: str) -> None:
    assert find_quoted_sender(text) is None


def test_find_quoted_sender_address_alone_has_no_name() -> None:
    found = find_quoted_sender("Begin forwarded message:\nFrom: news@acme.example")
    assert found is not None and (found.name, found.address) == ("", "news@acme.example")


def test_read_forwarded_mail_of_html_alone_is_read() -> None:
    message = EmailMessage()
    page = (
        "<style>p {}</style><p>Look</p><div>Begin forwarded message:</div><br>"
        "<div><b>From: </b>Acme &lt;<a href='mailto:x'>news@acme.example</a>&gt;</div>"
    )
    message.set_content(page, subtype="html")
    found = read_forwarded_mail(message.as_bytes(), own_domain="in.cmr.example").quoted
    assert found is not None and (found.name, found.address) == ("Acme", "news@acme.example")


def test_read_forwarded_mail_keeps_folding_of_attached_headers() -> None:
    head = b"From: a@acme.example\r\nDKIM-Signature: v=1;\r\n\td=acme.example;\r\n  b=AA=="
    mail = (
        b"From: ana@example.org\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + head + b"\r\n\r\nbody\r\n--x--\r\n"
    )
    assert read_forwarded_mail(mail, own_domain="in.cmr.example").blocks == [head]


@pytest.mark.parametrize("name", ["mail.eml", "Newsletter.EML"])
def test_read_forwarded_mail_attached_as_a_file_is_read(name: str) -> None:
    message = EmailMessage()
    message.set_content("see")
    message.add_attachment(b"From: a@acme.example\nList-Id: <x.y>\n\nhi", "application", "octet",
                           filename=name)  # fmt: skip
    (block,) = read_forwarded_mail(message.as_bytes(), own_domain="in.cmr.example").blocks
    assert b"List-Id: <x.y>" in block


@pytest.mark.parametrize("piece", ["<", "<style", "-", "From: ", "---------- Forwarded message\n"])
def test_find_quoted_sender_takes_linear_time(piece: str) -> None:
    assert is_linear(lambda size: find_quoted_sender(piece * (size // len(piece))), 10_000)
