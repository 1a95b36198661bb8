"""Phrases by which people ask to stop, in Dutch."""

from __future__ import annotations

from cmr.inbound.phrases.language import Language

DUTCH = Language(
    keywords="stoppen ophouden stop_ermee",
    strong="""afmelden afmelding uitschrijven uitschrijving opzeggen afmeld uitgeschreven afgemeld
        afmeldn""",
    alone="""einde beeindigen annuleren verwijder verwijderen verwijderd stopzetten genoeg kappen
        opzegging wissen afmedlen weg_ermee laat_maar stopp schrap uitzetten""",
    fillers="""doei
        aub svp alsjeblieft alstublieft graag dank bedankt dankjewel u je nu meteen direct
        hallo hoi dag beste alles alle sms smsjes berichten bericht mail mails nieuwsbrief van voor
        de het deze dit die mij me ik wil nummer met groet groeten mvg gr ajb even gewoon en maar
        nou reclame mijn uit vriendelijke hi nieuwsbrieven is te jullie bij""",
    words={
        "messages": """sms smsjes smsen bericht* *mail *mails mail mails mailtjes mailtje email*
            emails reclame*
            nieuwsbrie* newsletter* aanbieding* spam notificatie* meldingen post promotie* acties
            reclamemails folders brieven bedelmails kortingscodes abonnement* advertenties
            reclamepost catalogus mailing mailings telefoontjes appjes uitnodigingen tips
            reclamesms* maandbrief""",
        "send": """stuur* sturen gestuurd zend* toezend* mail* gemaild schrijf* aanschrijven
            contacteer* contacteren benader* benaderen bel bellen sms* lastigvallen lastig bericht
            berichten opbellen val appen spam* toesturen verstuur* contact""",
        "want": """wil wilt willen wens wensen wens hoef hoeven hoeft wou zou believe""",
        "none": "geen niks niets",
        "nomore": """niet_meer nooit_meer niks_meer niets_meer nooit_weer niet_langer geen_*_meer
            nooit_wat_meer niks_niet_meer""",
        "end": """stop stopt stoppen gestopt stopzetten stopgezet zet_*_stop beeindig* staak staken
            ophouden houd* hou kap kappen beeindigd annuleer* opzeggen zeg schrap* cancel*
            achterwege
            afzeggen afbestellen opdoeken afgelopen""",
        "me": """mij me mn_nummer mijn_nummer mijn_adres mijn_email* mijn_mail* mijn_gegevens
            mijn_naam dit_nummer dit_adres dit_email* dit_mailadres ons ons_adres onze_gegevens
            mijn_telefoonnummer mijn_mobiel* m mn_mail* dit_mobiel* mijn_06 deze_mail* hem haar
            mn_gegevens mn_adres mn_naam deze_gegevens""",
        "list": """lijst* verzendlijst* mailinglijst* mailinglist* bestand* adressenbestand*
            database adreslijst* systeem bellijst* adresboek mailing verzendbestand*
            klantenbestand*""",
        "remove": """verwijder* schrap* wis wissen gewist verwijderd geschrapt
            streep verwijderen gehaald gooien""",
        "take": "haal* halen gooi* neem nemen doe schrijf",
        "out": "uit af eruit eraf vanaf ervanaf weg",
        "linkwords": """afmeldlink* afmeld_link* afmeldknop afmeldpagina afmeldformulier
            uitschrijflink* uitschrijfknop link_om_af_te_melden link_om_me_af_te_melden
            link_om_uit_te_schrijven""",
        "byhand": """handmatig met_de_hand zelf_doen zelf_even voor_me_doen voor_mij_doen dit_adres
            even_regelen voor_me_regelen""",
        # The sender's own: "unsubscribe my address" is a request, "unsubscribe my brother" is none.
        "own": """adres* *nummer* *mail* naam account* gegevens telefoon* mobiel abonnement*
            nieuwsbrie* inschrijving 06 contact*""",
        "consent": "toestemming akkoord machtiging goedkeuring",
    },
    requests=(
        r"{none} (?:\w+ ){0,2}?{messages} ~ meer",
        r"(?:^|; |wil |aub |graag |en )(?:ik )?geen (?:enkele |verdere |nieuwe |andere"
        r" )?{messages}",
        r"{want} ~ {none} ~ {messages}",
        r"{messages} ~ (?:{want}|hoef\w*) ~ (?:niet|nooit|niets)(?= meer|$| ;)",
        r"{want} ~ (?:niet|nooit) ~ meer (?:ontvang\w*|krijg\w*|hebben|horen|gebeld|benaderd"
        r"|gemaild)?(?= ;|$|ontvang|krijg)",
        r"{want} ~ (?:niet|nooit) (?:meer|langer) ~ (?:ontvang\w*|krijg\w*|hebben|benaderd|gebeld"
        r"|gemaild|{send})",
        r"(?:{want}|mag|mogen|kunt|kun|kan|kunnen|moet|moeten) ~ (?:{messages}) ~ {end}",
        r"{send} ~ {nomore}",
        r"{send} ~ (?:niks|niets|nooit) ~ meer",
        r"{send} ~ geen ~ {messages}",
        r"(?:niet|nooit|niet langer) meer ~ {send}",
        r"niet meer ~ (?:gebruiken|benaderen|contacteren) ~ {messages}",
        r"niet (?:bellen|smsen|mailen|contacteren|benaderen|storen)",
        r"{end} ~ (?:met|het) ~ (?:{send}|{messages}|sturen|dit|die)",
        r"{end} (?:de|deze|die|alle|mijn|jullie|uw|met|dit) ~ {messages}",
        r"{messages} (?:\w+ )?{end}",
        r"{messages} ~ (?:stopzetten|stoppen|staken|beeindigen|achterwege|opzeggen|afzeggen"
        r"|stop te zetten|te staken|uitzetten)",
        r"meld ~ {me} ~ af",
        r"schrijf ~ {me} ~ uit",
        r"zeg ~ {messages} ~ op",
        r"{me} ~ (?:van|uit) ~ {list}",
        r"(?:van|uit) (?:de|je|jullie|uw|die|deze|alle|elke) (?:\w+ )?{list}"
        r" (?:\w+ )?(?:af|halen|verwijder\w*|gehaald|schrappen)",
        r"{remove} ~ {me}",
        r"{take} ~ {me} ~~ {out}",
        r"{take} ~ {me} ~ (?:uit|van) ~ {list}",
        r"{me} ~ (?:verwijder\w*|uitschrijven|afmelden|schrappen|wissen|eruit|eraf|weghalen"
        r"|uit te schrijven|af te melden|te verwijderen|verwijderd)",
        r"(?:haal|gooi|neem|schrap|verwijder|wis|doe)\w* ~ (?:uit|van) ~ {list}",
        r"laat (?:me|mij|ons) (?:\w+ )?(?:met rust|met vrede|ongemoeid)",
        r"(?:rot|sodemieter|donder|flikker) op",
        r"(?:trek\w*|intrek\w*|herroep\w*) ~ {consent} ~~ in(?= ;|$)",
        r"{consent} ~ (?:in|intrekken|ingetrokken|intrek)(?= ;|$)",
        r"(?:maak\w* ~ bezwaar|bezwaar (?:tegen|maken)|recht van bezwaar|verzet (?:tegen|aan))",
        r"(?:geen|niet) (?:interesse|behoefte|geinteresseerd|zin) (?:\w+ )?(?:meer|in|aan|bedankt)",
        r"(?:hou|houd|houdt|houden|schei|kap|kappen) (?:\w+ ){0,2}?(?:op(?= ;|$| met| nou)|mee op"
        r"|uit(?= ;|$)"
        r"|ermee|nou|hiermee|daarmee)",
        r"(?:kan|kunnen|lukt|hoe|wil|wilt|kunt|kun|wens|verzoek|al|graag|keer|probeer\w*) ~"
        r" (?:uitschrijven|afmelden|uit te schrijven|af te melden|uitgeschreven|afgemeld)",
        r"(?:wil|wilde|vraag|wens) (?:ik )?(?:dit|dat|het|ze) niet(?= ;|$| meer)",
        r"(?:niets|niks|niet|nooit) (?:meer|langer) ~ {send}",
        r"{want} ~ (?:eraf|eruit|ervan af|er vanaf|ervanaf|er van af|er af)",
        r"(?:uitschrijv|afmeld)\w* (?:van|uit|voor)(?! de les)",
        r"weg met ~ {messages}",
        r"liever (?:niets|niks|geen(?: \w+)?) (?:meer )?(?:van|ontvang\w*|krijg\w*)",
        r"{consent} ~~~ (?:trek|trekken) (?:ik|wij|we) (?:\w+ ){0,2}in(?= ;|$)",
        r"{linkwords} ~~~ {byhand}",
        r"(?<![a-z0-9] )(?:maar )?(?:de|het|die|uw|jullie|al die) (?:\w+ )?{messages} (?:liever "
        r"|graag )?"
        r"niet(?: meer)?(?= ;|$)",
        r"geen (?:belangstelling|interesse|behoefte)",
        r"(?:vergeet|verlies) {me}",
        r"{messages} (?:mag|mogen|kan|kunnen) ~ (?:stoppen|weg|eruit|afgelopen)",
        r"(?:klacht|meld\w*|aangifte) ~ (?:acm|autoriteit\w*|consumentenbond)",
        r"(?:zorg|zorgen|zorgt|regel|regelen) ~ (?:niks|niets|nooit|geen(?: \w+)?) meer "
        r"(?:krijg\w*|ontvang\w*|binnenkrijg\w*|zie|hoor)",
        r"niet van gediend",
        r"{consent} ~ (?:niet meer|niet langer|vervalt|vervallen|ingetrokken)(?= ;|$)",
        r"{messages} (?:moet|moeten|mag|mogen) (?:\w+ )?weg(?= ;|$)",
        r"(?:genoeg|klaar) (?:\w+ )?(?:met|van) (?:\w+ ){0,2}?{messages}",
        r"genoeg is genoeg",
        r"(?:bespaar|spaar) (?:je|u|jullie) (?:de|het|die)",
        r"beschouw\w* ~ als (?:\w+ )?(?:afmelding|uitschrijving|opzegging van de nieuwsbrief"
        r"|intrekking)",
        r"hoef\w* ~ niet(?: meer)?(?= ;|$)",
        r"niet te wachten op ~ {messages}",
        r"{want} ~ (?:hier|er|hiervan|daar)(?: \w+)? (?:vanaf|af|uit)(?= ;|$)",
        r"verbied ~~ (?:{messages}|{me}|{send}|te gebruiken)",
        r"{messages} ; stop(?: hiermee| ermee| daarmee| nu)?(?= ;|$)",
        r"stop (?:hier|daar|er|nu|toch|alsjeblieft|aub)?(?:mee|mede)(?= ;|$)",
        r"(?:verzoek|vraag|bevestig\w*|eis|sommeer) ~ (?:verwijdering|uitschrijving|afmelding|te "
        r"verwijderen)(?! ~ bestelling)",
        r"(?:kom|komt|raak) ~ (?:van|uit) ~ {list} ~ (?:af|uit)",
        r"(?:niet gewenst|ongewenst)(?= ;|$)",
        r"{messages} ~ niet (?:meer|langer) nodig",
        r"geen (?:zin|nut) ~ {send}",
        r"(?:ontvang|krijg|hoor|lees|zie) ~ liever (?:niets|niks|geen)",
        r"hou\w* ~ {messages} (?:maar|lekker)",
        r"geen contact meer",
        r"niet (?:meer|langer) {send}",
        r"(?:nog|steeds|weer) ~~~ (?:had|heb|hadden) (?:me|mij|ons) ~ (?:afgemeld|uitgeschreven)",
        r"(?:afgemeld|uitgeschreven) ~~~ (?:toch|nog steeds|steeds|weer|nog)",
        r"recht op (?:vergetelheid|verwijdering|gegevenswissing)",
        r"hoe (?:blokkeer|stop) (?:ik|je|we) ~ {messages}",
        r"{want} niet ~ (?:op|in) (?:jullie|uw|deze|de) ~ {list}",
        r"(?:kunt|kunnen|wilt|willen|kan) ~ (?:het |de )?(?:sturen|mailen|verzenden|zenden) "
        r"(?:stoppen|staken)",
    ),
    opposites=(
        r"(?:niet|nooit) (?:\w+ )?(?:stoppen|stopt|uitschrijven|afmelden|verwijderen|opzeggen"
        r"|ophouden|schrappen|te stoppen)(?! gestopt)",
        r"(?:{remove}|haal|schrijf|meld) {me} (?:\w+ )?(?:niet|nooit)",
        r"(?:stop|hou|houd) (?:\w+ )?(?:niet|nooit)",
        r"(?:waarom|hoezo|hoe komt het) ~ (?:geen|niet|niks|niets)",
        r"(?:krijg|ontvang|kreeg|ontving|heb|hebben|had|zie|zag|komt|komen|is|er)"
        r"(?: ik| we| nog| al| dus| nu| er| van jullie| sinds \w+| ook)* {none}(?! (?:behoefte"
        r"|interesse|belangstelling|zin))",
        r"(?:meld|schrijf|verwijder) (?:\w+ )?(?:m n|mn|mijn|ons|onze) (?!(?:\w+ ){0,2}{own})\w+",
        r"(?:m n|mn|mijn|onze|ons) (?!(?:\w+ ){0,2}{own})\w+ ~~ (?:afmelden|uitschrijven|af te "
        r"melden"
        r"|uit te schrijven)",
        r"hoe (?:verwijder|haal|schrijf|meld) (?:ik|we|wij) (?!me\b|mij\b|mijn\b|m\b|mn\b)\w+",
        r"(?:overweeg|denk\w* erover|bijna|misschien) (?:\w+ ){0,3}?(?:af te melden|uit te "
        r"schrijven"
        r"|afgemeld|uitgeschreven)",
        r"(?:bus|tram|trein|volgende|laatste|eerste|korte|pit|non|ene|een) ?stops?",
        r"(?:waar|wanneer|hoe laat|welke) ~ stop\w*",
        r"(?:kan|kon) ~ niet ~ (?:stoppen|ophouden)",
        r"(?:verwijder|haal|annuleer|schrap)\w* ~ (?:uit|van) (?:mijn |de |m n |mn )?(?:bestelling"
        r"|winkelmand\w*|order|factuur)",
        r"(?:annuleer|annuleren|afzeggen|opzeggen) ~ (?:afspraak|bestelling|reservering)",
        r"(?<![a-z0-9] )(?:de|een|die|elke) stop(?:pen|s)?\b",
        r"(?:bezorging|levering|bestelling|afspraak) ~ (?:stopzetten|annuleren|afzeggen|stoppen"
        r"|opzeggen)",
        r"(?:heb|had|hebben) ~ (?:verwijderd|gewist|weggegooid)",
        r"(?:heb|had|ben) ~ (?:nooit|niet) (?:afgemeld|uitgeschreven)",
        r"(?:anders|zo niet|of) (?:schrijf|meld) ik (?:me|mij)",
        r"(?:voordat|voor) ik ~ (?:afmeld|uitschrijf|opzeg)",
        r"(?:contract|abonnement (?:op de|bij|van de)|lidmaatschap|huur|verzekering|sportschool"
        r"|energie\w*) ~ (?:opzeggen|opgezegd|beeindigen)",
        r"bezwaar ~ (?:factuur|boete|besluit|beschikking|verhoging|vergunning|bouw\w*|naheffing)",
        r"(?:afmelden|uitschrijven) (?:bij|voor|van|uit) (?:de |het |mijn )?(?:ziekte|les|cursus"
        r"|training|gemeente|kvk|school|zwemles|sportschool|toets|bso|opvang)",
        r"moet ik (?:me|mij|ons) ~ afmelden",
        r"{none} (?:\w+ ){0,5}?(?:missen|mislopen)",
        r"(?:beloofd|gezworen|gewed|gedreigd) (?:\w+ ){0,3}?(?:uit te schrijven|af te melden)",
        r"{send} (?:\w+ ){0,2}?(?:pakket\w*|pakje\w*|bestelling\w*|levering\w*)",
        r"{send} (?:\w+ ){0,2}?niet (?:voor|na|tussen|tijdens|om)",
    ),
    asides=(
        r"(?:per ongeluk|abusievelijk|per abuis|opnieuw (?:aanmelden|inschrijven)"
        r"|weer (?:aanmelden|inschrijven|op de lijst))",
        r"(?:^|; )(?:als|indien|mocht\w*|wanneer) [\w ;]{1,200}?(?:schrijf|meld) ik (?:me|mij|m) "
        r"\w+",
        r"(?<!stellen )(?<!fijn )(?<!prettig )(?<!blij )(?<!waarderen )(?:als|indien) (?:u|je"
        r"|jij) (?:\w+ )?(?:geen|niet)|^wilt u geen|(?<![a-z0-9] )wil(?:t u"
        r"| je)"
        r" (?:geen|niet|zich)",
        r"(?:klik (?:hier|op|dan)|klikt u|antwoord (?:dan )?(?:met )?stop|reageer met stop"
        r"|stuur stop|uitschrijven kan|afmelden kan|sms stop (?:naar|aan))",
        r"(?:uitzetten|aanpassen|wijzigen|afmelden) kan (?:in|via|hier|onderaan|je|u)",
        r"wachtlijst",
        r"oude (?:adres|nummer|mail\w*|email\w*)[\w ;]{1,80}nieuwe?",
    ),
    start="aanmelden inschrijven",
    help="hulp",
)
