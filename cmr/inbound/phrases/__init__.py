"""Phrases by which people ask to stop, in English, German, Spanish, French, Italian and Dutch.

Words are written as `meaning.normalise` returns a text: lower case, no accents or apostrophes, and
` ; ` between clauses. In a phrase:

- `*` is any ending, and `_` is a space;
- `{name}` is any word of the list with that name;
- `~` is a gap of up to four words of the same clause, `~~` of up to eight, and `~~~` of up to 25
  across sentences.

Words in a gap are never kept, because they may be a name or an address.
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
