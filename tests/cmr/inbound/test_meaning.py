"""Recognising requests in text: no request is lost, none is invented."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmr.inbound import meaning, phrases
from tests.cmr.inbound_cases import NO_REQUESTS, REQUESTS
from tests.scaling import is_linear

#: The keywords of the FCC's rule (47 CFR 64.1200(a)(10)) and of the carriers, and their like.
KEYWORDS = """
    STOP stop Stop stopall STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT STOPP ENDE ABMELDEN
    Abbestellen Austragen Widerruf BAJA ALTO CANCELAR ARRET ARRÊT Désabonner désinscrire Unsuscribe
""".split()
NO = [
    *KEYWORDS,
    *["opt out", "OPT-OUT", "opt  out please", "Stop all", "stop stop STOP", "STOPSTOP stop"],
    *["STOP!!!", "  stop. ", "“Stop”", "stop 🛑", "Stop pls", "please stop", "s t o p", "S.T.O.P."],
    *[
        "st\u200bop",
        "ＳＴＯＰ",
        "Stop it",
        "STOP 12345",
        "stop sms",
        "No. Stop.",
        "end please",
        "quit it",
    ],
    "please stop texting me",
    "Please stop texting me!! I have asked you before",
    "stop sending me these texts",
    "Stop with the spam messages",
    "Don't text me again",
    "do not contact me",
    "Do not text this number any more.",
    "don’t send me any more messages",
    "no more texts please",
    "No more of your marketing emails",
    "take me off your list",
    "Please remove me from your mailing list.",
    "pls remove my number",
    "Remove from list",
    "i no longer wish to receive these messages",
    "I don't want any more emails from you",
    "I do not wish to be contacted",
    "i do not want this stop",
    "cancel my subscription",
    "I revoke my consent",
    "I hereby withdraw my consent to all of this",
    "opt me out",
    "How do I unsubscribe?",
    "I can't unsubscribe, your link is broken",
    "I already unsubscribed three times and you keep on sending, what is wrong with your company?",
    "leave me alone",
    "lose my number",
    "I said stop",
    "Stop! Who is this?",
    "STOP or I report you to the FCC and to everybody else I can think of, you people",
    "I get these every single day and have had enough of your messages, stop",
    "You never sent me what I ordered in May and I am fed up with all of you. Stop.",
    "why don't you stop texting me",
    "you never stop",
    "if you don't stop I call a lawyer",
    "why won't you stop",
    "I can't stop these messages",
    "don't stop... no wait, unsubscribe me",
    "stop stop start",
    "you do not stop texting me",
    "this does not stop",
    "it don't stop",
    "I don't stop getting these",
    "Would someone at your place finally unsubscribe the address that I write from, thank you",
    # German
    *["Stop bitte", "bitte abmelden", "Bitte stoppen!", "Abmeldung", "STOPP danke"],
    "Bitte keine weiteren Nachrichten",
    "Keine Werbung mehr!",
    "keine werbung bitte",
    "Ich möchte keine SMS mehr bekommen",
    "ich moechte keine SMS mehr",
    "Ich will das nicht mehr",
    "Bitte melden Sie mich vom Newsletter ab.",
    "meldet mich ab",
    "Hiermit bestelle ich den Newsletter ab",
    "Bitte nehmen Sie mich aus dem Verteiler",
    "Bitte streichen Sie mich von der Liste",
    "Löschen Sie meine Handynummer",
    "bitte löscht meine E-Mail-Adresse",
    "Lassen Sie mich in Ruhe",
    "Hören Sie endlich auf",
    "Ich widerrufe hiermit meine Einwilligung",
    "Ich widerspreche der Nutzung meiner Daten zu Werbezwecken",
    "schreibt mir nicht mehr",
    "Bitte nicht mehr anschreiben",
    "Warum kann ich mich nicht abmelden?",
    "Ich konnte den Newsletter nicht abbestellen",
    # Spanish
    "no quiero recibir más mensajes",
    "Por favor dejen de enviarme mensajes",
    "quiero darme de baja",
    "No me escriban más",
    "no más mensajes",
    # French
    "Arrêtez de m'envoyer des messages",
    "Je ne veux plus recevoir vos messages",
    "désabonnez-moi svp",
    "plus de SMS merci",
    "Retirez-moi de votre liste",
]
NOTHING = [
    *["", " ", "?", "👍", "ok", "thanks", "no", "nein", "yes", "YES!", "ja", "Y", "hello", "1"],
    "don't stop, I love it",
    "Don’t stop!",
    "I love it dont stop",
    "please do not stop sending these",
    "never stop",
    "please don't unsubscribe me",
    "I don't want to unsubscribe",
    "I do not want you to stop",
    "I didn't mean to unsubscribe",
    "can't stop laughing",
    "I can't stop won't stop",
    "Where is the bus stop?",
    "can I stop by tomorrow?",
    "nonstop fun",
    "see you at the weekend",
    "in the end it was fine",
    "the end",
    "cancel my appointment on Monday",
    "Can I cancel order 5512?",
    "I quit smoking",
    "text me before noon",
    "don't text me before 9",
    "I get no more emails from you, why is that?",
    "I don't want to miss your messages",
    "There is no way for us to stop at your shop since the road is closed until May, so sorry",
    "start with the red one",
    "help me find my order",
    "I need info on your prices",
    "yes stay in touch",
    "I stopped receiving your emails, why?",
    "Why did you stop texting me?",
    "thanks for stopping by",
    # German
    "Schickt mir mehr davon!",
    "Warum schickt ihr mir keine SMS mehr?",
    "Bitte nehmen Sie mich in den Verteiler auf",
    "Ich will nicht mehr warten",
    "Bitte nicht stoppen, ist super",
    "Ich will mich nicht abmelden",
    "nicht abbestellen!",
    "Hört nicht auf damit",
    "Wann ist Ladenschluss?",
    "Ich bekomme keine SMS mehr, warum?",
    "Ich habe keine Nachrichten bekommen",
    "am Ende des Monats",
    "Wochenende",
    # Spanish and French
    "no me enviaron mi pedido",
    "¿Por qué ya no me envían ofertas?",
    "je voudrais plus de messages",
    "no pares, me encanta",
    "N'arrêtez pas, j'adore",
    "je ne veux pas me désabonner",
]


@pytest.mark.parametrize("text", NO)
def test_read_text_request_is_stop(text: str) -> None:
    understood = meaning.read_text(text)
    assert understood is not None and understood.meaning == "stop"


@pytest.mark.parametrize("text", NOTHING)
def test_read_text_other_text_is_none(text: str) -> None:
    assert meaning.read_text(text) is None


def cases(of: dict[str, str]) -> list[str]:
    lines = (line for block in of.values() for line in block.strip().splitlines())
    return [line.replace(r"\n", "\n") for line in lines]


@pytest.mark.parametrize("text", cases(REQUESTS))
def test_find_no_request_in_each_language_is_found(text: str) -> None:
    assert meaning.find_no(text) is not None


@pytest.mark.parametrize("text", cases(NO_REQUESTS))
def test_find_no_similar_text_is_none(text: str) -> None:
    assert meaning.find_no(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Please remove Ana Doe from your mailing list", "remove from mailing"),
        ("Bitte nehmen Sie Ana Müller und mich aus dem Verteiler", "nehmen mich aus"),
        ("Toglietemi, sono Ana Rossi, dalla lista", "toglietemi"),
    ],
)
def test_find_no_words_omit_gap(text: str, words: str) -> None:
    understood = meaning.find_no(text)
    assert understood is not None and words in understood.words
    assert not {"ana", "doe", "muller", "rossi"} & set(understood.words.split())


@pytest.mark.parametrize("text", ["START", "unstop", "Opt in", "Start please", "SUBSCRIBE"])
def test_read_text_start_is_start(text: str) -> None:
    understood = meaning.read_text(text)
    assert understood is not None and understood.meaning == "start"


@pytest.mark.parametrize("text", ["HELP", "info", "Hilfe!", "help please", "AYUDA", "aide"])
def test_read_text_help_is_help(text: str) -> None:
    understood = meaning.read_text(text)
    assert understood is not None and understood.meaning == "help"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Please STOP texting me, Ana Müller, +49 151 12345678", "stop texting"),
        ("ana@example.org: unsubscribe", "unsubscribe"),
        ("Take Ana Müller's name, ana@example.org, off. Stop!", "stop"),
        ("remove my number 0151 12345678 from it", "remove my number"),
        ("STOP 4915112345678", "stop"),
    ],
)
def test_read_text_words_contain_no_name_or_address(text: str, words: str) -> None:
    understood = meaning.read_text(text)
    assert understood is not None and understood.words == words


@given(st.text())
def test_read_text_random_text_is_deterministic(text: str) -> None:
    assert meaning.read_text(text) is None or meaning.read_text(text) == meaning.read_text(text)


@given(st.sampled_from(KEYWORDS), st.text("!.,?… \n\t\u200b🛑❤️\"'()-*", max_size=5))
def test_read_text_wrapped_keyword_is_stop(keyword: str, around: str) -> None:
    understood = meaning.read_text(f"{around} {unicodedata.normalize('NFD', keyword)} {around}")
    assert understood is not None and understood.meaning == "stop"


@pytest.mark.parametrize(
    "part",
    [
        *[
            "stop ",
            "do not ",
            "a ",
            "keine weitere ",
            "; ",
            "s.",
            "\n",
            "nicht ",
            "“",
            "« a",
            '"a ',
        ],
        *["no more of your these this such ", "remove me ", "non ", "i want ", ">", "a b c d "],
    ],
)
def test_read_text_time_is_linear(part: str) -> None:
    assert is_linear(lambda size: meaning.read_text((part * size)[:size]), 2_000)


def test_read_text_long_text_is_cut() -> None:
    assert meaning.read_text("nothing here. " * 5_000 + "Please stop.") is None


def test_fillers_are_no_keywords() -> None:
    meanings = meaning.ALONE | meaning.START | meaning.HELP
    assert not meaning.FILLERS & meanings
    assert not meaning.ALONE & (meaning.START | meaning.HELP)


@pytest.mark.parametrize("language", phrases.LANGUAGES)
def test_phrases_are_normalised(language: phrases.Language) -> None:
    lists = [language.keywords, language.strong, language.alone, language.fillers]
    every = " ".join([*lists, language.start, language.help, *language.words.values()])
    assert every.isascii() and every == every.lower()
    assert all(phrase.isascii() for phrase in language.requests + language.opposites)
