"""The words by which people ask for no more, in English, German, Spanish, French, Italian and
Dutch.

Words are written as `meaning.normalise` leaves a text: in lower case, without accents and
apostrophes, ` ; ` between clauses. `*` stands for any ending, `_` for a space. A phrase names lists
of words in braces, and `~` is a gap of up to four other words of the same clause, `~~` of up to
eight, and `~~~` of up to 25 in whatever sentences. What stood in a gap is never kept: it may be a
name or an address.
"""

from __future__ import annotations

from cmr.inbound.phrases.dutch import DUTCH
from cmr.inbound.phrases.english import ENGLISH
from cmr.inbound.phrases.french import FRENCH
from cmr.inbound.phrases.german import GERMAN
from cmr.inbound.phrases.italian import ITALIAN
from cmr.inbound.phrases.language import Language
from cmr.inbound.phrases.spanish import SPANISH

LANGUAGES = (ENGLISH, GERMAN, SPANISH, FRENCH, ITALIAN, DUTCH)

__all__ = ["LANGUAGES", "Language"]
