"""The words by which people say no, start and help, in English, German, Spanish and French.

All are written as `meaning.normalised` leaves a text: in lower case, without accents, apostrophes
and hyphens, one space between words, and ` ; ` between clauses. So `dont` is "Don't", and `loschen`
is "löschen". Nothing in a phrase stands for just any word: what was matched is kept as evidence,
and may hold no name and no address.
"""

from __future__ import annotations

#: Each is a no by itself, as a clause, or anywhere in a short message.
CLEAR = frozenset(
    """
    stop stopp stopall stoppen unsubscribe unsuscribe unsubcribe unsubscibe unsubsribe unsubscrib
    unsubsctibe unsubscripe unsub unscribe optout revoke
    abmelden abmeldung abbestellen abbestellung austragen
    desabonner desabonnement desinscrire desinscription desuscribir desuscribirme
    """.split()
)
#: These are a no where the message says nothing else: "end" is also the end of a week.
ALONE = CLEAR | frozenset(
    """
    cancel end quit remove cease stahp stpo sotp stio
    ende beenden kundigen widerruf widerspruch loschen
    baja alto parar cancelar
    arret arreter arretez
    """.split()
)
#: What may stand beside a word without changing what it says.
FILLERS = frozenset(
    """
    please pls plz kindly thanks thank you thx ty now it this that these all just sms mms text texts
    txt message messages msg msgs mail email emails newsletter hi hello hey ok okay no yes me sir
    immediately asap already everything my and so
    bitte danke jetzt sofort alle alles hallo nein ja endlich mich vom von der die das den
    por favor gracias ya hola todo
    merci svp sil vous plait bonjour tout
    """.split()
)
START = frozenset("start unstop optin subscribe resubscribe anmelden alta".split())
HELP = frozenset("help info hilfe ayuda aide".split())

# -- English -----------------------------------------------------------------------------------

_DONT = "(?:dont|do not|never)(?: ever)?"
_TEXTING = (
    "(?:texts?|texting|txts?|txting|sms|messages?|messaging|msgs?|send|sending|mails?|mailing"
    "|emails?|emailing|contact|contacting|calls?|calling|write|writing|bother|bothering|spam"
    "|spamming|harass|harassing)"
)
_TEXT = "(?:text|txt|message|msg|sms|mail|email|contact|write to|spam|bother)"
_TEXTS = (
    "(?:texts?|txts?|sms|messages?|msgs?|mails?|emails?|newsletters?|ads?|advertising|marketing"
    "|promos?|promotions?|offers?|spam|alerts?|notifications?|subscriptions?)"
)
_LIST = (
    "(?:(?:your|this|the|these|all|any)(?: of your)? )?"
    "(?:(?:email|mailing|text|sms|marketing|distribution|contact) )?(?:lists?|database)"
)
_MY_NUMBER = "my (?:mobile |phone |cell |email )?(?:number|address|email|name|data|details|contact)"
_ME = f"(?:me|us|this number|{_MY_NUMBER})"
_ANY = "(?: (?:to|any|more|of|your|these|those|this|the|all|get|be|receive|receiving|further))*"
#: "Don't text me before nine" is about the time.
_AT_ANY_TIME = r"(?! (?:\w+ )?(?:before|after|at|during|while|until|so|in|on|between|now|today)\b)"
_ENGLISH = [
    rf"stop(?: (?:all|the|these|those|your|this|with|me|sending|any|more|further))* {_TEXTING}",
    rf"(?:quit|cease) (?:{_TEXTING}|and desist)",
    rf"{_DONT} {_TEXT} (?:me|us|this number|here|again|any ?more){_AT_ANY_TIME}",
    rf"{_DONT} send (?:me|us)(?: any| more| these| your| anything)* (?:{_TEXTS}|any ?more)",
    rf"no (?:more|further)(?: of)?(?: your| these| this| such| marketing| promotional)* {_TEXTS}",
    rf"(?:take|get|remove|drop|delete|strike)(?: {_ME})?(?: please)? (?:off|from|out of) {_LIST}",
    r"(?:take|get) me off",
    rf"(?:remove|delete) {_ME}",
    rf"(?:{_DONT}|no longer) (?:want|wish|care|agree|consent|need){_ANY} "
    rf"(?:{_TEXTS}|contacted|texted|emailed|hear from you)",
    rf"(?:{_DONT}|no longer) (?:want|wish) to (?:receive|get) (?:these|those|them|this|it)",
    rf"(?:cancel|end)(?: my| the| this| these| all| your| any| sms| text| email)* {_TEXTS}",
    r"(?:withdraw|revoke|rescind)(?: hereby)?(?: my| all| any)? (?:consent|permission)",
    r"(?:opt|opting) (?:me|us) out",
    r"(?:want|wish|like|trying|tried|try|need|unable|impossible|how|able|asked|cant|cannot|please"
    r"|let me|did|have|already|finally|just|i|you|could|would)(?: do| can| i| you| to| already)* "
    r"(?:unsubscribe|unsubscribed|optout)",
    r"unsubscribe (?:me|us|from|this|my)",
    r"leave me alone",
    r"lose my number",
    r"(?:fuck|piss|bugger) off",
]

# -- German ------------------------------------------------------------------------------------

_SMS = (
    "(?:sms|nachrichten?|mails?|emails?|werbung|werbe(?:mails?|sms|nachrichten)|newsletter"
    "|angebote?|mitteilungen|benachrichtigungen|textnachrichten|post|spam|infos?)"
)
_MICH = (
    r"(?:mich|uns|mein\w* (?:\w*nummer|handy|\w*adresse|daten|mails?|emails?|kontakt\w*|name\w*))"
)
_WILL = "(?:will|wollen|mochten?|moechten?|wunsche|wuensche|bitte|mag|darf|durfen)"
_SCHREIB = r"(?:schreib|kontaktier|schick|send|belastig|belaestig|nerv)\w*(?: sie| ihr)?"
_GERMAN = [
    rf"kein\w* (?:weiter\w*|solche\w*)(?: weiter\w*)? {_SMS}",
    rf"kein\w* {_SMS} mehr",
    r"keine? werbung",
    rf"{_WILL}(?: ich| wir| diese\w*| ihr\w*| eur\w*| den| die| das| von| euch| ihnen| bitte"
    rf"| {_SMS})* nicht (?:mehr|langer|laenger|weiter)(?: von euch| von ihnen| von dir)?"
    r"(?= (?:haben|bekommen|erhalten|kontaktiert|angeschrieben|angerufen|horen|hoeren|lesen|sehen"
    r"|empfangen|belastigt|belaestigt|;)|$)",
    rf"{_SCHREIB} (?:mir|mich|uns)(?: bitte| endlich| einfach)*"
    rf"(?: keine?\w*(?: {_SMS})?| nichts| nicht) mehr",
    r"nicht mehr (?:schreiben|anschreiben|kontaktieren|kontaktiert|belastigen|belaestigen)",
    rf"meld(?:e|en|et)(?: sie| ihr)?(?: mich| uns)(?: bitte| sofort| umgehend| hiermit| wieder"
    rf"| von| vom| aus| dem| der| diesem| ihrem| eurem| {_SMS})* ab",
    r"bestelle?n?(?: ich| wir| sie| hiermit| den| das| die| diesen| ihren| euren| bitte"
    rf"| {_SMS})* ab",
    r"(?:aus|von) (?:(?:dem|der|den|ihrem|ihrer|eurem|eurer|allen|diesem|dieser) )?"
    r"(?:(?:email|mail) )?(?:verteiler\w*|mailingliste|adressliste|empfanger?liste)",
    rf"(?:streich|entfern|losch|loesch)\w*(?: sie| ihr)?(?: bitte)? {_MICH}",
    r"(?:trag|nehm|nimm)\w*(?: sie| ihr)?(?: bitte)? (?:mich|uns)(?: bitte)?"
    r" (?:aus|von|raus|heraus)",
    rf"{_MICH}(?: bitte| sofort| endlich| wieder)* "
    r"(?:loschen|loeschen|entfernen|streichen|abmelden|austragen)",
    r"lass\w*(?: sie| ihr)? (?:mich|uns)(?: bitte| endlich| einfach)* in ruhe",
    r"(?:hor|hoer)\w*(?: sie| ihr)?(?: bitte| endlich| sofort)* auf",
    r"(?:widerrufe|ziehe|nehme)(?: ich| hiermit)*(?: meine| die)? "
    r"(?:einwilligung|zustimmung|erlaubnis)",
    r"widerspreche(?: ich| hiermit)*",
    r"kein interesse mehr",
]

# -- Spanish and French ------------------------------------------------------------------------

_MENSAJES = "(?:mensajes?|sms|correos?|emails?|publicidad|promociones)"
_SPANISH = [
    r"(?:dar|darme|denme|dame|deme|den) (?:de )?baja",
    r"baja de (?:la|esta|su) lista",
    rf"no (?:me )?(?:quiero|deseo)(?: recibir)?(?: mas)?(?: sus| estos| este)? {_MENSAJES}",
    r"no (?:quiero|deseo) (?:que me|recibir) (?:mas|escriban|contacten|envien|manden)",
    r"no me (?:envien?|envies|escriban?|escribas|manden?|mandes|contacten?|contactes|molesten?"
    r"|molestes)",
    r"deje?n? de (?:enviar|escribir|mandar|molestar|contactar)(?:me|nos)?",
    rf"no mas {_MENSAJES}",
    r"cancel(?:ar|en|a)(?: la| mi| esta)? suscripcion",
    r"(?:quiten|borren|eliminen)(?:me)?(?: mi| me)? (?:de|numero|correo|datos)",
]
_VEUX = "(?:veux|souhaite|desire|voudrais|veut)"
_FRENCH = [
    r"(?:arrete|arretez|cessez|cesse)(?: de)?(?: me)? "
    r"(?:menvoyer|mecrire|envoyer|ecrire|contacter|harceler|deranger|spammer)",
    rf"ne {_VEUX} plus",
    rf"{_VEUX} plus (?:recevoir|etre contacte|vos|ces)",
    r"ne plus (?:recevoir|etre contacte|menvoyer|mecrire|me contacter)",
    # At the beginning of a clause; else "plus de" is as likely "more".
    r"(?<![a-z] )plus (?:de|aucun) (?:sms|messages?|mails?|emails?|pub|publicites?|newsletters?)",
    r"(?:desabonnez|desinscrivez|retirez|supprimez|enlevez|rayez) "
    r"(?:moi|mon (?:numero|adresse|email|mail))",
    r"ne m(?:envoyez|ecrivez|e contactez) plus",
    r"laissez moi tranquille",
]
#: Phrases that ask for no more, whatever else the message says.
NO = "|".join([*_ENGLISH, *_GERMAN, *_SPANISH, *_FRENCH])

# -- The opposite ------------------------------------------------------------------------------

_STOP = "(?:stop|unsubscribe|optout|cancel|quit|end|remove me|leave)"
_NOT_OF_OTHERS = "".join(
    rf"(?<!\b{who} )" for who in "why you u they these this it texts messages emails".split()
)
_NICHT = "(?:stoppen|stopp|stop|abmelden|abbestellen|austragen|aufhoren|aufhoeren|kundigen)"
#: Where a clear word says something else, or its opposite; it is taken out before all else. What
#: people say of messages that do not stop ("you never stop", "I can't unsubscribe") stays in.
OTHERWISE = "|".join(
    [
        rf"{_NOT_OF_OTHERS}\b(?:please )?(?:{_DONT}|dont you dare)(?: to)? {_STOP}\b"
        r"(?! (?:getting|receiving))",
        rf"(?:love|like|enjoy) (?:it|this|them|these|you) (?:so )?(?:please )?{_DONT} stop\b",
        r"(?:dont|do not|never|wouldnt|would not|didnt|did not) "
        r"(?:want|wish|mean|meant|intend|like|need|plan)(?: you| it| this| them)? "
        rf"to {_STOP}\b",
        rf"(?:dont|do not|never|didnt) wanna {_STOP}\b",
        r"(?<!\byou )(?<!\bthey )(?<!\bit )"
        r"\b(?:cant|cannot|can not|couldnt|could not|wont|will not) stop"
        r"(?! (?:getting|receiving|these|those|the|your|them|this|you))",
        r"(?:why )?(?:did|have|has|why do|why are) (?:you|u|they)(?: guys| all)? stop(?:ped)?"
        rf"(?: (?:{_TEXTING}|me|us|any|the|your))*",
        r"\b(?:bus|train|tram|metro|subway|next|last|first|one|non|full|pit|rest|door) stops?\b",
        r"\bstop(?:s|ped|ping)? (?:by|over|off|sign)\b",
        r"(?:get|getting|got|receive|receiving|received|have|had|are|were) no (?:more|further) \w+",
        r"(?<!\bmich )(?<!\bsich )(?<!\bkann )(?<!\bnewsletter )"
        rf"\b(?:bitte )?nicht (?:{_NICHT}|loschen|loeschen)",
        rf"{_WILL}(?: ich)?(?: mich| es| das| den| newsletter)*"
        rf" (?:gar |aber |wirklich |noch )?nicht {_NICHT}",
        r"(?:bekomm|erhalt|krieg|bekam|erhielt|hab)\w*"
        rf"(?: ich| wir| leider| noch| nun| jetzt| seitdem)* kein\w* {_SMS} mehr",
        rf"(?:warum|wieso|weshalb) {_SCHREIB} (?:mir|mich|uns)"
        rf"(?: keine?\w*| nichts?| {_SMS})* mehr",
        r"aus (?:dem|ihrem|eurem) verteiler (?:gefallen|geflogen|verschwunden)",
        r"por que (?:ya )?no me \w+",
        r"no (?:pares?|paren|te detengas|quiero (?:darme de baja|parar)|me (?:des|den) de baja)",
        r"\bn ?arret\w+(?: surtout)? pas",
        rf"{_VEUX} pas (?:me |vous )?(?:desabonner|desinscrire|arreter)",
        r"ne me desabonn\w+ pas",
    ]
)
