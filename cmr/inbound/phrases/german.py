"""Phrases by which people ask to stop, in German."""

from __future__ import annotations

from cmr.inbound.phrases.language import Language

GERMAN = Language(
    keywords="stoppen stopp aufhoeren aufhoren",
    strong="""abmelden abmeldung abbestellen abbestellung austragen abzumelden abzubestellen
        auszutragen newsletterabmeldung abbestelle""",
    alone="""ende beenden kundigen kundigung widerruf widerspruch loschen loeschen entfernen
        schluss_damit schluss aus_damit basta reicht es_reicht lassen_sie_das kuendigung
        kuendigen""",
    fillers="""tschuss tschuess
        bitte danke jetzt sofort alle alles hallo nein ja endlich mich vom von der die das
        den dem ich es moin servus guten tag hiermit gerne umgehend nummer newsletter newsletters
        hier nur noch mal damit alle ihrem ihren eurem und dringend mfg gruss vielen dank""",
    words={
        "messages": """sms nachricht nachrichten mail mails email emails werbung werbe* reklame
            newsletter* newsletters angebot angebote angeboten mitteilung* benachrichtigung*
            textnachricht* post spam infos info* zusendung* kontaktaufnahme* anrufe rundmail*
            rundbrief* prospekt* katalog* zuschriften spammails muell mull massenmail*
            kontaktierung* zuschicken heft *neuheiten neuigkeiten
            gutschein* aktionen tipps einladungen""",
        "me": """mich uns mein_name meinen_namen meine_*nummer meine_*adresse meine_*mail
            meine_daten meine_kontakt* diese_adresse diese_nummer diese_*mail* diese_*adresse
            diese_*nummer nummer adresse mein_handy meine_email_adresse diese_email_adresse
            meine_mail_adresse unsere_adresse unsere_email_adresse unsere_daten unsere_*adresse""",
        "list": """verteiler* mailingliste* adressliste* empfangerliste* liste listen kartei
            datenbank* adressbuch system empfaenger* mailverteiler* emailverteiler* bestand""",
        "send": """schreib* anschreib* kontaktier* schick* send* belastig* belaestig* nerv* zusend*
            zuschick* melden anruf* ruf ruft simsen bombardier* zuspam* spamm* angeschrieben
            kontaktiert zuzusenden zuzuschicken anzuschreiben anzurufen zu_schreiben zu_schicken
            zu_senden zu_kontaktieren zu_belastigen beliefer*""",
        "want": """will wollen mochte mochten moechte moechten wunsche wuensche wunschen bitte mag
            brauch brauche brauchen benotige benotigen lege""",
        "none": "kein* kei nix nichts weder",
        "nomore": """nicht_mehr nie_mehr nie_wieder nichts_mehr nix_mehr keine*_mehr
            nicht_langer nicht_laenger nicht_weiter nimmer""",
        "remove": """streich* entfern* losch* loesch* tilg* gestrichen geloscht entfernt""",
        "take": "nehm* nimm* nehmt trag* schmeiss* werf* wirf* hol* kick*",
        "linkwords": """abmeldelink* abmelde_link* abmeldebutton abmeldeseite abmeldeformular
            link_zum_abmelden link_zur_abmeldung abbestelllink button_zum_abmelden austragelink""",
        "byhand": """per_hand von_hand handisch manuell fur_mich_erledigen fur_mich_machen
            bei_ihnen_erledigen selbst_austragen diese_adresse dieser_adresse das_erledigen
            das_ubernehmen""",
        # The sender's own: "unsubscribe my address" is a request, "unsubscribe my brother" is none.
        "own": """*adresse* *nummer* *mail* name* daten *konto handy abo* newsletter* *kontakt*
            account* werbung*""",
        "out": "raus rausnehmen rauszunehmen heraus herausnehmen runter austragen abmelden"
        r" rauswerfen",
    },
    requests=(
        r"{none} (?:weiter\w*|solche\w*) (?:\w+ )?{messages}",
        r"{none} (?:\w+ ){0,2}?{messages} ~ meh?r?",
        r"(?:^|; |bitte |mochte |will |und |aber )(?:ich )?keine? {messages}"
        r"(?= ;|$| bitte| danke| mehr| auf| an| per)",
        r"{want} ~ {none} ~ {messages}",
        r"{messages} ~ {want} ~ nicht(?: mehr)?(?= ;|$)",
        r"{messages} ~ (?:nicht|weder) ~ {want}(?= ;|$)",
        r"{want} ~ {nomore}(?= (?:haben|bekommen|erhalten|kontaktiert|angeschrieben|angerufen|horen"
        r"|hoeren|lesen|sehen|empfangen|belastigt|belaestigt|von|;)|$)",
        r"{want} ~ {messages} ~ (?:stoppen|beenden|abbestellen|abstellen|einstellen|unterlassen)",
        r"{send} ~ {nomore}",
        r"{send} ~ {none} ~ {messages} ~ mehr",
        r"{send} ~ (?:keine?|nichts|nix) (?:\w+ )?{messages}",
        r"nicht mehr ~ {send}",
        r"(?:nie|niemals) (?:wieder|mehr) ~ {send}",
        r"meld(?:e|en|et) ~ (?:mich|uns) ~~ ab(?= ;|$)",
        r"bestell\w* ~ {messages} ~ ab(?= ;|$)",
        r"bestelle?n?(?: ich| wir| sie| hiermit| bitte)* ~ ab(?= ;|$)",
        r"{remove} ~ {me}",
        r"{me} ~~ (?:{remove}|{out})",
        r"{take} ~ {me} ~ (?:{out}|aus|von)",
        r"{me} ~ (?:aus|von) ~ {list}",
        r"{remove} ~ (?:aus|von) ~ {list}",
        r"(?:aus|von) ~ {list} ~ {remove}",
        r"lass\w* ~ (?:mich|uns) ~ (?:in ruhe|in frieden)",
        r"lass\w* ~ {messages}(?= ;|$)",
        r"(?:hor|hoer)\w* ~ auf(?= ;|$| mit| damit| mir| uns)",
        r"(?:widerruf\w*|ziehe|nehme|entziehe) ~ (?:einwilligung|zustimmung|erlaubnis"
        r"|genehmigung|einverstandnis)",
        r"\w*(?:einwilligung|zustimmung|erlaubnis|einverstandnis) ~~ (?:widerruf\w*|zuruck|entzogen"
        r"|entziehe|zuruckgezogen)",
        r"widersprech\w*(?! sich)",
        r"widerspruch (?:gegen|nach|gemass|ein|zur|gem)",
        r"lege ~ widerspruch",
        r"(?:kein interesse|kein bock|keinen bock|keine lust)(?= mehr| danke| auf| ;|$)"
        r"(?! auf (?!eure|die|deine|ihre))",
        r"(?:sehen|seht) ~~ {messages} ab",
        r"(?:kundige|kuendige|kundigen) ~ {messages}",
        r"{messages} ~ (?:kundigen|kuendigen|abbestellen|abstellen|stoppen|einstellen|beenden"
        r"|unterlassen|weglassen|sparen|abschalten|deaktivieren|zu unterlassen|einzustellen|raus)",
        r"(?:stoppen|stoppt|stopp|stop|beend\w*|unterlass\w*|spar\w*|deaktivier\w*) ~ {messages}",
        r"(?:stell|schalt)\w* ~ {messages} ~ (?:ein|ab|aus)",
        r"(?:sofort|schnell|einfach|bitte) raus(?= ;|$| damit| aus| hier)",
        r"(?:dreimal|mehrfach|mehrmals|schon|bereits|langst|mal|gestern) abgemeldet",
        r"(?:kann|konnte|konnen|moglich|will|mochte|wie|um) ~~ (?:abmelden|abbestellen|austragen)",
        r"verschon\w* ~ (?:mich|uns)",
        r"(?:nichts|nicht|nie|niemals) (?:mehr|langer|laenger|weiter) ~ {send}",
        r"(?:abmeld\w*|austrag\w*|abbestell\w*) (?:von|vom|aus)(?! der arbeit)",
        r"(?:will|mochte|moechte|wollen) ~ (?:raus|runter|austreten)(?= ;|$| aus| von| hier)",
        r"verzicht\w* ~ (?:auf|kunftig|ab) ~ {messages}",
        r"unterlass\w* (?:sie|es|das|ihr|bitte)",
        r"(?:genug|schluss) (?:jetzt|(?:mit|von) (?:\w+ ){0,3}?{messages})",
        r"(?:verpisst euch|haut ab|verschwindet)",
        r"(?:kein|keinen) bedarf (?:mehr|an)",
        r"(?:vergesst|vergessen sie|loscht) ~ {me}",
        r"nicht (?:mehr|langer|weiter) ~ (?:bekommen|erhalten|kriegen|haben|beziehen|beliefert"
        r"|interessiert)",
        r"(?:auf|in) ~ (?:sperrliste|robinsonliste|blacklist|sperrdatei)",
        r"(?:melde|meld|anzeig\w*|beschwer\w*) ~ (?:bundesnetzagentur|datenschutz\w*"
        r"|verbraucherzentrale)",
        r"nicht (?:erneut|nochmal\w*|noch einmal) ~ {send}",
        r"(?:lieber|am liebsten) (?:\w+ )?(?:nichts|nix|keine) (?:\w+ )?mehr (?:von|bekommen"
        r"|erhalten)",
        r"{send} ~~~ nicht mehr an (?:mich|uns)(?= ;|$)",
        r"nicht mehr an (?:mich|uns)(?= ;|$)",
        r"auf ~ {messages} ~ verzichten(?= ;|$)",
        r"(?:kunftig|zukunft) ~ weglassen",
        r"{linkwords} ~~~ {byhand}",
        r"(?<![a-z0-9] )(?:die|den|das|ihre?n?|eure?n?) (?:\w+ )?{messages} (?:aber |bitte |jedoch "
        r"|dagegen )?nicht(?: mehr)?(?= ;|$)",
        r"\w*(?:einwilligung|zustimmung|erlaubnis) ~ (?:gilt nicht|gilt ~ nicht mehr|erlischt"
        r"|erloschen|hinfallig)",
        r"verschont ~ (?:mich|uns)",
        r"verbitte\w* ~ (?:mir|uns)",
        r"(?:{messages}|kontakt|\w*kontakte?|ansprache) ~ (?:unerwunscht|nicht ~ erwunscht|nicht "
        r"~ gewunscht)",
        r"(?:unerwunschte?r?|ungewollte) {messages} ~~ (?:stopp\w*|beend\w*|einstellen"
        r"|unterlass\w*)",
        r"untersage ~~ (?:nutzung|verwendung|zusendung|daten|{messages}|{send})",
        r"(?:komme|komm|kommt man) ~ (?:von|aus) ~ {list} ~ (?:runter|raus|heraus|weg)",
        r"spar\w* (?:sie sich|euch|dir|sie) (?:bitte |doch |einfach )?(?:das|die|den|ihre?n?"
        r"|eure?n?)",
        r"(?:bitte|es|das|dies|konnten|mochten) ~ (?:unterlassen|zu unterlassen)(?= ;|$)",
        r"nicht (?:damit )?einverstanden ~ {messages}",
        r"(?:reicht|langt) ~ mit ~ {messages}",
        r"genug ist genug",
        r"(?:will|mochte|moechte) (?:\w+ )?(?:meine|unsere) ruhe",
        r"(?:betrachten|werten|verstehen|nehmen) sie ~ als (?:\w+ )?(?:abmeldung|widerruf"
        r"|widerspruch|abbestellung|kundigung des newsletters)",
        r"{none} (?:bedarf|interesse|verwendung) ~ (?:{messages}|ihrem newsletter|eurem "
        r"newsletter)",
        r"lass\w* (?:den|das|diesen|die|ihr) (?:scheiss|mist|quatsch|unsinn|blodsinn|sein|bleiben)",
        r"{want} ~ {none} (?:weiteren )?(?:kontakt|kontakte|ansprache) (?:mehr|zu|mit|durch)",
        r"(?:bitte|bitten|ersuche|verlange|fordere|beantrage|veranlassen sie|bestatig\w*) ~ (?:um "
        r"|die )?(?:streichung|loschung|austragung|entfernung) (?:meiner|unserer|aus|dieser"
        r"|von)(?! (?:bestellung|rechnung))",
        r"(?:absehen|abzusehen|abstand zu nehmen|abstand nehmen)(?= ;|$)",
        r"(?:keinen|wenig|kaum) (?:zweck|sinn|wert) ~~ (?:{send}|{messages})",
        r"aussen vor(?= ;|$| lassen| zu lassen)",
        r"{messages} ~ behalten(?= ;|$)",
        r"(?:versand|zusendung|zustellung) (?:\w+ ){0,2}?{messages} ~ (?:ein|einstellen"
        r"|einzustellen|beenden|stoppen|zu beenden)",
        r"abgemeldet ~~~ (?:trotzdem|immer noch|weiterhin|noch immer|noch)",
        r"(?:trotzdem|immer noch|weiterhin|noch immer|noch|wieder) ~~~ (?:hatte|habe|hatten|haben"
        r"|bin|war) (?:mich|uns) ~ abgemeldet",
        r"nicht (?:mehr|langer|weiter) ~ behelligt",
        r"{messages} nein danke",
        r"mach\w* ~ {messages} weg",
        r"(?:werde|werd|kriege|bekomme) ~ {messages} (?:wieder )?(?:los|weg)",
        r"von (?:der|ihrer|eurer|dieser) {list} (?:nehmen|runternehmen|streichen|loschen)",
        r"(?:will|mochte|moechte) nicht ~ (?:in|auf) (?:eure\w*|ihre\w*|der|dem) {list}",
    ),
    opposites=(
        r"(?<!\bmich )(?<!\bsich )(?<!\bkann )(?<!\bkonnte )(?<!\bnewsletter )"
        r"\b(?:nicht|nie|niemals|keinesfalls|auf keinen fall|keineswegs)"
        r"(?: mehr| wieder| aus versehen)?"
        r" (?:stoppen|stopp|stop|abmelden|abbestellen|austragen|aufhoren|aufhoeren|kundigen"
        r"|kuendigen|loschen|loeschen|entfernen|streichen|abzumelden|abzubestellen)",
        r"(?:{remove}|nehmen|lassen) ~ (?:mich|uns|meine? \w+) (?:bloss |bitte |ja )?nicht\b",
        r"(?:hor|hoer)\w* ~ nicht auf",
        r"meld\w* ~ (?:mich|uns) ~ nicht ~ ab",
        r"(?:will|mochte|moechte|wollen|wollte) ~ (?:mich|uns)(?: \w+)?(?: nicht| auf keinen fall"
        r"| keinesfalls| gar nicht| nie) (?:\w+ )?(?:abmelden|austragen|abbestellen)",
        r"{want}(?: ich)?(?: mich| es| das| den| newsletter)*(?: gar| aber| wirklich| noch)? nicht"
        r" (?:stoppen|stopp|stop|abmelden|abbestellen|austragen|aufhoren|kundigen|verpassen)",
        r"(?:bekomm|erhalt|krieg|bekam|erhielt|hab|habe|haben|hatte|kommen|kam|kamen|gibt)\w*"
        r"(?: ich| wir| leider| noch| nun| jetzt| seitdem| seit \w+| bisher| gar| auch| ja| so|"
        r" uns| mich| mir| es)*"
        r" {none}(?! (?:bedarf|interesse|lust|bock|verwendung))",
        r"(?:warum|wieso|weshalb) (?:schreib|schick|send|kommen|kommt|bekomm|krieg|meld|hab)\w*",
        r"aus (?:dem|ihrem|eurem) verteiler (?:gefallen|geflogen|verschwunden)",
        r"in ~ verteiler ~ auf(?:nehmen)?\b",
        r"nehm\w* ~ in ~ verteiler",
        r"(?:wo|wann|welche\w*|wieviel\w*|wie viele) ~ stopp?s?\b",
        r"(?:der|die|das|am|zum|beim|nachste\w*|ein\w*|kurzen?|letzte\w*|jedem|erster?) stopp?\b",
        r"(?:will|wollen|mochte) nicht mehr (?:warten|ohne)",
        r"(?:wie|wo) ~ (?:sich|man) ~~ (?:abmelden|abbestellen|austragen)",
        r"(?:lieferung|bestellung|termin|auftrag|tisch|abholung|reservierung) ~ (?:stoppen"
        r"|abbestellen|loschen|stornieren|beenden|streichen)",
        r"{none} (?:quittung|rechnung|beleg|bestatigung|rueckmeldung|antwort)",
        r"(?:mich|uns) ~ (?:nie|nicht|niemals) (?:\w+ )?abgemeldet",
        r"(?:meinen?|unseren?|unser|ihn|sie) (?!(?:\w+ ){0,2}{own})\w+ ~~ (?:abmelden|abzumelden"
        r"|austragen|auszutragen|abgemeldet)",
        r"widersprech\w* ~ (?:rechnung|mahnung|bescheid|\w*erhohung|kundigung|abbuchung|lastschrift"
        r"|forderung|anderung\w*|beschluss)",
        r"(?:widerspruch|einspruch) (?:\w+ ){0,3}?(?:rechnung|mahnung|bescheid|\w*erhohung"
        r"|forderung"
        r"|kundigung|abbuchung)",
        r"(?:uberlege|vielleicht|beinahe|fast) (?:\w+ )*?(?:abmelden|abzumelden|abgemeldet)",
        r"(?:uns|mir|euch) (?:ein\w*|den|das) \w+ (?:entfernt|geloscht|gestrichen)",
        r"(?:sonst|andernfalls|ansonsten|oder) (?:melde|bestelle|trage) ich (?:mich )?(?:\w+ "
        r")?(?:ab|aus)",
        r"(?:bevor|ehe|bis) ich ~ (?:abmelde|austrage|abbestelle|kundige)",
        r"(?:hor\w*|hoer\w*) ~ (?:nie|niemals|bloss nicht|ja nicht) auf",
        r"(?:hat|wurde|ist|war) ~ (?:abmeldung|kundigung|abbestellung) ~ (?:geklappt|angekommen"
        r"|eingegangen|bestatigt)",
        r"(?:abmeldung|abmelden) (?:vom|von|des|eines|beim|zum|fur) (?:\w+ )?(?:seminar\w*"
        r"|kurs\w*|auto\w*|fahrzeug\w*|hund\w*|training\w*|kita|schule|gewerbe\w*|wohnung\w*"
        r"|einwohner\w*|workshop\w*|event|veranstaltung)",
        r"{none} (?:\w+ ){0,3}?(?:verpassen|versaumen|missen|verpasst)",
        r"(?:versprochen|geschworen|gewettet|gedroht|angedroht) (?:; )?(?:\w+ "
        r"){0,3}?(?:abzumelden|abmelde\w*)",
        r"{send} (?:\w+ ){0,3}?(?:paket\w*|pakete|lieferung\w*|ware|bestellung\w*|sendung)",
        r"{send} (?:\w+ ){0,3}?nicht (?:vor|nach|zwischen|wahrend|am|um)",
        r"(?:hor\w*|hoer\w*) ~ mit (?:der|dem|den) (?:auslieferung\w*|lieferung\w*|arbeit\w*) ~ "
        r"auf",
        r"(?:wann|um wie viel uhr) (?:hort|hort ihr|horen sie)",
    ),
    asides=(
        r"(?:^|; )(?:wenn|falls|sollten?|sofern) (?![\w ;]*hiermit)[\w ;]{1,200}?(?:werden? "
        r"(?:ich|wir)"
        r" (?:mich|uns) ~ (?:abmelden|austragen)|melden? (?:ich|wir) (?:mich|uns) ~ ab(?= ;|$)"
        r"|kundige"
        r" ich|bestelle ich ~ ab)",
        r"(?:ich|wir) (?:werden? )?(?:melden? )?(?:mich|uns) ~ (?:abmelden|ab) ; (?:wenn|falls"
        r"|sollte)",
        r"(?:aus versehen|versehentlich|irrtumlich|irrtuemlich|wieder anmelden|wieder aufnehmen)",
        r"(?<!froh ; )(?<!dankbar ; )(?<!nett ; )(?<!schon ; )(?<!lieb ; )(?<!verbunden ; "
        r")(?<!freundlich ; )(?:wenn|falls|sollten|mochten|wollen) (?:sie|du|ihr) (?:\w+ "
        r")?(?:kein|nicht|sich)\w*",
        r"(?:klicken? sie|klick hier|hier klicken|antworten sie|antworte mit|antwort stop|mit stop"
        r"|abmelden konnen sie|abmeldung hier|hier abmelden|jederzeit abmelden|sms mehr"
        r" antwort)",
        r"(?:abmelden|abbestellen|deaktivieren|ausschalten|andern) (?:konnen|kannst|kann)",
        r"warteliste",
        r"alte\w* (?:\w+ )?(?:adresse|nummer|email)[\w ;]{1,80}neue\w*",
    ),
    start="anmelden",
    help="hilfe",
)
