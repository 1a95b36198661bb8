"""Phrases by which people ask to stop, in Italian."""

from __future__ import annotations

from cmr.inbound.phrases.language import Language

ITALIAN = Language(
    keywords="basta smettetela smettila smettere finitela piantatela fatela_finita",
    strong="""disiscrivere disiscrivermi disiscrizione disiscrivi disiscrivetemi disiscrivimi
        disiscriviti disiscriversi disdire disdetta annullamento_iscrizione""",
    alone="""smettete smetti cancella cancellami cancellazione rimuovi rimuovere rimuovimi
            disattiva disattivare
        annulla annullare revoca fine togli toglietemi ferma fermare interrompi eliminami elimina
        cancellare cancellarmi cancellatemi rimozione disabilita cancellate basta_cosi
        bast""",
    fillers="""per favore grazie prego subito ora salve buongiorno buonasera ciao tutto tutti sms
        messaggi messaggio mail email newsletter dalla dal la il le i mi lo vi un cortesia pf
        cordiali saluti iscrizione grz mille di da questa questo richiesta chiedo voglio vorrei
            lista promo
        mailing si con ai e pubblicita davvero numero""",
    words={
        "messages": """messaggi messaggio messaggini sms mail email posta newsletter* pubblicita
            promo promozion* promozional* offerte offerta comunicazion* spam notific* invio invii
            iscrizion* abbonament* rivista bollettin* avvisi telefonat* chiamate sollecit* marketing
            volantin* cataloghi catalogo reclame lettere""",
        "send": """invi* mand* scriv* contatt* ricontatt* riscriv* richiam* disturb* chiam* spedi*
            telefon* assill* molest*
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
        "linkwords": """link_per_disiscriversi link_per_disiscrivermi link_per_cancellarsi
            link_per_cancellarmi link_di_disiscrizione link_di_cancellazione
            link_per_la_cancellazione link_per_la_disiscrizione pulsante_di_disiscrizione
            tasto_disiscriviti link_disiscriviti pulsante_per_disiscriversi""",
        "byhand": """a_mano manualmente provvedere_voi farlo_voi pensarci_voi da_cui_scrivo
            questo_indirizzo provvediate_voi voi_stessi occuparvene procedere_voi
            voi_a_cancellarmi""",
        # The sender's own: "unsubscribe my address" is a request, "unsubscribe my brother" is none.
        "own": """indirizz* numer* *mail nome nominativo account dati contatt* cellulare telefono
            iscrizion* abbonament* newsletter* utenza casella profilo""",
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
        r"(?:mi|ci) ~ (?:cancell(?!av|at|er)\w*|disiscriv(?!ev)\w*|rimuov\w*|elimin\w*|depenn\w*"
        r"|togli\w*|lev\w*)"
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
        r"(?:la|volete|vogliamo) (?:piantate|smettete|finite|smetterla|piantarla|finirla)",
        r"(?:disattiv|sospend|interromp|blocc)\w+(?:le|li)(?= ;|$| per| grazie| subito| pure)",
        r"non (?:ricontattar|riscriver)\w*",
        r"non (?:fatevi|farvi|vi fate|farti|ti fai|fatti) (?:piu )?(?:vivi|vivo|viva|sentire)",
        r"(?:sparite|sparisci|sparire) ~ (?:casella|vita|posta|telefono|cellulare)",
        r"(?<![a-z0-9] )(?:\w+ )?(?:le|i|la|il|vostre|vostri|vostra) {messages} ~ no(?= ;|$)",
        r"{linkwords} ~~~ {byhand}",
        r"(?:preferirei|preferisco|preferiamo) non ~ (?:ricev\w*|essere contattat\w*)",
        r"(?:reclamo|segnal\w*|denunci\w*|esposto) ~ garante",
        r"(?:fate|faccia|fai|facciano|fare) a meno di {send}",
        r"(?:fuori|via|lontan\w) (?:da|dalla|dal) (?:mia |mio |nostra )?(?:posta|casella|telefono"
        r"|vita|cellulare)",
        r"{consent} ~ (?:non e piu valido|non vale piu|decade|decaduto|revocato|ritirato)",
        r"(?:invito|prego|chiedo|pregherei|diffido) ~ non {send}",
        r"(?:evitare|evitate|eviti|evitino|astenersi|astenetevi|si astenga) (?:di |da |dal |dall "
        r")(?:\w+ )?{send}",
        r"nn (?:\w+ )?{send}",
        r"non (?:sono|siamo) (?:piu |affatto |assolutamente |per niente )?interessat\w*",
        r"(?:essere|venire|venga|vengano) ~ (?:tolt\w|rimoss\w|cancellat\w|eliminat\w|depennat\w"
        r"|esclus\w|disiscritt\w) (?:da|dal|dalla|dalle|dai|dagli)",
        r"(?:mi|ci) (?:cancellate|togliete|rimuovete|eliminate|disiscrivete|depennate|levate"
        r"|cancella|togli)(?= ;|$| per| subito| grazie| da| dal| dalla)",
        r"(?:chiedo|richiedo|confermate|esigo|procedere|procedete|sollecito|richiesta di"
        r"|pretendo) ~ (?:rimozione|disiscrizione|cancellazione (?:dei|del mio|dalla|dalle|da))",
        r"disiscrizione immediata",
        r"(?:vieto|proibisco|diffid\w+) ~~ (?:{send}|{messages}|utilizz\w*|uso|contattar\w*|usare)",
        r"(?:rifiuto|nego|non do|non presto|non concedo) ~ (?:{messages}|{consent})",
        r"consider\w+ ~ (?:come )?(?:disiscrizione|disiscritt\w|cancellat\w|revoca)",
        r"risparmia(?:te|tevi|rvi|ti) (?:la|il|le|i|pure|questi|queste|tempo|fatica)",
        r"(?:date|dateci|datevi|diamoci|dacci) un taglio",
        r"(?:come|vorrei|voglio|posso) ~ (?:uscire|esco|tolgo|levo) ~ (?:da|dalla) ~ {list}",
        r"come (?:faccio|si fa|posso) (?:a |per )?(?:non ricever\w*|smetter\w* di ricever\w*)",
        r"non (?:voglio|vogliamo) piu (?:niente|nulla|sentir\w*|veder\w*|saper\w*|aver\w*"
        r"|trovar\w*)",
        r"(?:voglio|vorrei|chiedo|gradirei|desidero|preferirei) (?:che )?(?:\w+ )?non (?:mi|ci) ~ "
        r"{send}",
        r"(?:fatemi|fammi|fateci|mi faccia) (?:la cortesia|il favore|il piacere) ~ (?:non"
        r"|smett\w*|cancell\w*|togli\w*)",
        r"(?:ne ho|ne abbiamo) (?:abbastanza|le tasche piene|fin sopra) ~ {messages}",
        r"non (?:ho|abbiamo) (?:piu )?(?:bisogno|interesse|necessita|motivo) ~ {messages}",
        r"inutile (?:che|continuare) ~ {send}",
        r"tene(?:tevi|tevele|te) ~ {messages}",
        r"non ~ {want} ~ contatt\w+",
        r"(?:disiscritt|cancellat)\w ~~~ (?:continuo|continuate|ancora|continua|sempre)",
        r"(?:ancora|continuo|continuate|sempre) ~~~ (?:ero|sono|eravamo) (?:gia )?(?:disiscritt"
        r"|cancellat)\w",
        r"(?:esercito|esercitare|esercizio) ~ diritto ~ (?:cancellazione|opposizione|oblio)",
        r"come (?:blocco|fermo|si bloccano|si ferman\w|bloccare|fermare) ~ {messages}",
        r"non (?:voglio|desidero|vogliamo) (?:piu )?(?:stare|essere|figurare|restare) (?:in|nella"
        r"|nel|nelle|nei) ~ {list}",
        r"(?:{messages}|pubblicita) non (?:la|le|li|lo) (?:voglio|vogliamo)",
    ),
    opposites=(
        r"non (?:smett\w*|fermat\w*|fermar\w*|basta|cancell\w*|rimuov\w*|toglie\w*|elimin\w*|togli"
        r"|disiscriv\w*|annull\w*|sospend\w*|interromp\w*)",
        r"non (?:voglio|vorrei|intendo) (?:mica )?(?:disiscriv\w*|cancellar\w*|disdir\w*|perder\w*"
        r"|smettere|annullar\w*)",
        r"(?:perche|come mai) ~ non",
        r"non (?:(?:ho|abbiamo)(?! (?:motivo|intenzione|interesse|bisogno|piu|alcun\w*"
        r"|nessun\w*))|ricevo|riceviamo|arriva\w*|mi e|mi sono|mi avete|avete|mi hanno|mi ha"
        r"|ci avete|hanno)",
        r"disiscriver\w* (?:il|la|lo|i|le|l|mio|mia|nostr\w+|un|una) (?!(?:\w+ ){0,2}{own})\w+",
        r"disdett\w* (?:\w+ ){0,3}?(?:contratt\w*|linea|adsl|fibra|polizza|palestra|affitto|luce"
        r"|gas"
        r"|fornitura|locazione|corso|assicurazione)",
        r"(?:pensando|tentat\w|valutando) (?:\w+ ){0,3}?(?:disiscriver|cancellar)\w+",
        r"oppo(?:ngo|sizione|rmi) ~ (?:fattura|addebito|multa|aumento|decisione|pagamento"
        r"|bolletta)",
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
        r"iscrizion\w* ~~ (?:esame|appello|corso|gara|palestra|torneo|senza penale|rimborso"
        r"|passare)",
        r"(?:altrimenti|senno|se no|o) mi (?:cancello|disiscrivo|tolgo|cancellero|disiscrivero)",
        r"prima (?:di|che io) (?:mi )?(?:disiscriv|cancellar|disdir)\w*",
        r"non (?:voglio|vorrei|vogliamo) (?:piu )?(?:perder\w*|perderm\w*)",
        r"(?:promesso|giurato|scommesso|minacciato) (?:di |che )?(?:\w+ )?(?:disiscriver"
        r"|cancellar)\w*",
        r"non (?:mi |ci )?{send} (?:\w+ ){0,2}?(?:prima|dopo|tra le|durante|il pacco|i pacchi"
        r"|pacchi|la merce|l ordine)",
    ),
    asides=(
        r"(?:per errore|per sbaglio|involontariamente|riscriver\w*|reiscriver\w*|iscrivermi di"
        r" nuovo|di nuovo iscri\w*)",
        r"(?:^|; )se [\w ;]{1,200}?mi (?:cancello|disiscrivo|cancellero|disiscrivero|tolgo)\b",
        r"se (?:non |lei non )?(?:desidera|vuole|vuoi|desideri|volete|desiderate)",
        r"(?:clicca|cliccate|clicchi|fai clic|fare clic|rispondere stop|rispondi stop|risponda stop"
        r"|rispondere con stop|per (?:disiscriverti|disiscriversi|non ricevere piu|cancellarti)"
        r"|stop sms (?:al|a))(?! mi)",
        r"lista d attesa",
        r"(?:vecchi\w) (?:indirizzo|numero|mail|email)[\w ;]{1,80}nuov\w",
    ),
    start="iscrivimi iscrivi attiva",
    help="aiuto",
)
