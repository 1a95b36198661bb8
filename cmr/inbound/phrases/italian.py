"""How people ask for no more in Italian."""

from __future__ import annotations

from cmr.inbound.phrases.language import Language

ITALIAN = Language(
    keywords="basta smettetela smettila smettere finitela piantatela fatela_finita",
    strong="""disiscrivere disiscrivermi disiscrizione disiscrivi disiscrivetemi disiscrivimi
        disiscriviti disiscriversi disdire disdetta annullamento_iscrizione""",
    alone="""cancella cancellami cancellazione rimuovi rimuovere rimuovimi disattiva disattivare
        annulla annullare revoca fine togli toglietemi ferma fermare interrompi eliminami elimina
        cancellare cancellarmi cancellatemi rimozione disabilita cancellate smettete basta_cosi
        bast""",
    fillers="""per favore grazie prego subito ora salve buongiorno buonasera ciao tutto tutti sms
        messaggi messaggio mail email newsletter dalla dal la il le i mi lo vi un cortesia pf
        cordiali saluti iscrizione di da questa questo richiesta chiedo voglio vorrei lista promo
        mailing si con ai e pubblicita davvero numero""",
    words={
        "messages": """messaggi messaggio messaggini sms mail email posta newsletter* pubblicita
            promo promozion* promozional* offerte offerta comunicazion* spam notific* invio invii
            iscrizion* abbonament* rivista bollettin* avvisi telefonat* chiamate sollecit* marketing
            volantin* cataloghi catalogo reclame lettere""",
        "send": """invi* mand* scriv* contatt* disturb* chiam* spedi* telefon* assill* molest*
            tempest* recapit* bombard* stress*""",
        "end": """smett* cess* ferm* interromp* interruzion* sospen* disattiv* disabilit* annull*
            bloccat* bloccare fini* piantat* piantal* disdi* stop basta stoppat* stoppare
            cancell* elimin* togli*""",
        "clitic": """tog*mi cancell*mi rimuov*mi elimin*mi depenn*mi lev*mi esclud*mi sospend*mi
            disiscriv*mi tog*rci cancell*ci elimin*ci depenn*ci lev*me leva*ci
            mi_cancelli mi_tolga mi_rimuova mi_elimini mi_cancelliate mi_togliate
            mi_rimuoviate mi_tolgano mi_depenni""",
        "remove": """toglie* togli* cancell* rimuov* rimoz* elimin* depenn* lev* esclud* fuori via
            tolga""",
        "me": """mio_numero mia_mail mia_email mio_indirizzo miei_dati questo_numero
            questo_indirizzo questa_mail mio_nome mio_nominativo questo_contatto mio_contatto
            questa_email mio_cell mio_cellulare mio_telefono nostro_indirizzo questa_utenza
            mia_casella""",
        "list": """lista liste elenco elenchi mailing database archivi* indirizzari* rubrica banca
            registro distribuzione anagrafic*""",
        "want": "voglio vogliono desidero vorrei vogliamo desideriamo intendo gradisco accetto",
        "consent": "consenso autorizzazione permesso",
    },
    requests=(
        r"{end} (?:subito |di |il |la |l |i |gli |le |con |tutti |tutte |queste |questi |questo"
        r" |questa |i vostri |le vostre |la vostra |mia |a |ogni |ed |per favore |qualsiasi |vostri"
        r" |vostre |vostra |mio )*(?:{messages}|{send})",
        r"{end} {messages}",
        r"non ~ {want} ~ (?:ricever\w*|{messages}|essere|che mi|saperne|piu)",
        r"{want} ~ non ~ (?:ricever\w*|essere)",
        r"non ~ (?:ricever\w*|essere contattat\w*|essere disturbat\w*) ~ (?:{messages})",
        r"{messages} ~ non (?:ne |li |le |la )?{want}",
        r"non (?:mi |ci |mi piu )?{send}",
        r"non ~ {send} piu",
        r"non ~ piu ~ {send}",
        r"(?:niente|nessun\w*|mai|no) (?:piu |altri |altre )?{messages}",
        r"{messages} (?:no|basta|mai piu)(?= ;|$| grazie)",
        r"non ~ (?:ulteriori|altri|altre|alcuna|nessuna) ~ {messages}",
        r"{clitic}",
        r"(?:mi|ci) ~ (?:cancell\w*|disiscriv\w*|rimuov\w*|elimin\w*|depenn\w*|togli\w*|lev\w*)"
        r" (?:da|dal|dalla|dai|dalle|per favore)",
        r"{remove} ~ {me}",
        r"{remove} ~ (?:da|dal|dalla|dall|dalle|dai|dagli) ~ {list}",
        r"cancellazione ~ (?:{messages}|{list}|miei dati|nominativo|indirizzo|dati|iscrizione)",
        r"(?:revoc\w*|ritir\w*|neg\w*) ~ {consent}",
        r"(?:mi oppongo|opposizione|oppongo)(?= ;| a| ai| al| all| alla|$)",
        r"(?:lasciatemi|lasciami|lasciateci) (?:in pace|stare)",
        r"non (?:mi |ci )?interess\w*(?= ;|$| piu| grazie)",
        r"non (?:mi |ci )serv\w* piu",
        r"(?:riesco|provato|come|posso|vorrei|voglio|link per|faccio) ~"
        r" (?:cancellarmi|disiscrivermi|cancellarsi|disiscriversi)",
        r"registro ~ opposizioni",
        r"basta (?:con|cosi|per favore|ricevere)",
        r"disdi\w* ~ {messages}",
        r"(?:interromp\w*|sospend\w*|cess\w*) l invio",
        r"(?:piantat\w*|smettetela|smettila|finit\w*|finiam\w*) (?:\w+ ){0,2}?(?:con|co|di) ~"
        r" (?:{messages}|{send})",
        r"fatela finita",
        r"disiscri\w* (?:da|dalla|dalle|dal|dai)",
        r"(?:fuori|via) (?:da|dalla|dal|dalle) ~ {list}",
        r"mai piu(?= ;|$| {messages}| {send})",
        r"non (?:contattar\w*|contattat\w*|scriver\w*)",
        r"smetter\w* di ricevere",
        r"non ~ (?:inviat\w*|inoltrat\w*) ~ {messages}",
        r"non ~ intendo ~ ricever\w*",
        r"{end} ~ {messages}",
        r"(?:reclamo|segnal\w*|denunci\w*|esposto) ~ garante",
    ),
    opposites=(
        r"non (?:smett\w*|fermat\w*|fermar\w*|basta|cancell\w*|rimuov\w*|toglie\w*|elimin\w*|togli"
        r"|disiscriv\w*|annull\w*|sospend\w*|interromp\w*)",
        r"non (?:voglio|vorrei|intendo) (?:mica )?(?:disiscriv\w*|cancellar\w*|disdir\w*|perder\w*"
        r"|smettere|annullar\w*)",
        r"(?:perche|come mai) ~ non ",
        r"non (?:ho|abbiamo|ricevo|riceviamo|arriva\w*|mi e|mi sono|mi avete|avete|mi hanno|mi ha"
        r"|ci avete|hanno) ",
        r"non (?:mi|ci) (?:mandate|scrivete|chiamate|inviate) (?:mai|da)",
        r"(?:cancellare|annullare|disdire|cancello|annulla\w*|disdett\w* d\w*|elimin\w*|cancella\w*"
        r"|disdico|spostare|togliere) (?:la |il |l |un |una |mio |mia |quell |quella |questa )*"
        r"(?:prenotazione|ordine|appuntamento|tavolo|visita|lezione|cena|abbonamento in palestra"
        r"|mio ordine|cipoll\w*|consegna)",
        r"basta (?:che|poco|un|una|il|la|solo|dire|cliccare|portare|venire|chiedere|questo)\b"
        r"|(?:mi|ci|ne|quanto|quanta|non|se) basta\b",
        r"(?:alla|la|a|fine|in|di|buon|buona) fine (?:del|settimana|mese)?",
        r"(?:si|mi|non mi|si e|mi sono|autobus|treno) ferm\w*",
        r"(?<![a-z0-9] )(?:lo|uno|allo|gli) stop\b",
        r"(?:spedizione|consegna|invio) (?:del|della|dell|a) ~ (?:pacco|ordine|merce|casa)",
        r"non {send} (?:il|lo|la) (?:corriere|pacco|merce|fattura|tecnico)",
        r"non (?:mi )?(?:sono|ero|ho) (?:mai|affatto)? ?(?:cancellat|disiscritt|chiesto)\w*",
    ),
    asides=(
        r"(?:per errore|per sbaglio|involontariamente|riscriver\w*|reiscriver\w*|iscrivermi di"
        r" nuovo|di nuovo iscri\w*)",
        r"se (?:non |lei non )?(?:desidera|vuole|vuoi|desideri|volete|desiderate)",
        r"(?:clicca|cliccate|clicchi|fai clic|fare clic|rispondere stop|rispondi stop|risponda stop"
        r"|rispondere con stop|per (?:disiscriverti|disiscriversi|non ricevere piu|cancellarti)"
        r"|stop sms (?:al|a))(?! mi)",
    ),
    start="iscrivimi iscrivi attiva",
    help="aiuto",
)
