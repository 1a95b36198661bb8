"""Phrases by which people ask to stop, in French."""

from __future__ import annotations

from cmr.inbound.phrases.language import Language

FRENCH = Language(
    keywords="arreter arretez arrete",
    strong="""desabonner desabonnement desabonnez desinscrire desinscription desinscrivez desabonne
        desinscris desabonnes desinscrit""",
    alone="""arret stpp stope basta supprimer supprimez ca_suffit suffit retirez_moi fin resilier
        resiliation assez""",
    fillers="""merci svp sil vous te plait bonjour bonsoir tout de suite le la les l d vos votre moi
        me je ca cela sms pub pubs mail mails newsletter bonne journee cordialement maintenant stp
        textos texto messages message envoi envois demande ma mon a des tous immediatement du ce
        demander veuillez souhaite veux liste diffusion et on la lettre oui non pour""",
    words={
        "messages": """message messages sms texto textos mail mails email emails courriel courriels
            pub pubs publicite* newsletter* promo promos promotion* offre offres envoi envois lettre
            lettres spam infolettre* communication* sollicitation* notification* demarchage
            prospection relance relances appels infos information* catalogue* abonnement bulletin*
            prospectus publipostage* reclame* gazette""",
        "send": """envoy* envoi* ecri* contact* harcel* derang* spamm* adress* sollicit* appel*
            demarch* relanc* importun* telephon* embet*""",
        "end": """arret* cess* stopp* stop suspend* annul* resili* interromp* fin_a terme_a""",
        "remove": """retir* suppri* enlev* rayer rayez raye otez oter ote sortez sortir effac*
            vire* virez desinscri* desabonn* elimin* radiez radier exclu*""",
        "me": """moi moe me mon_numero mon_adresse mon_email mon_mail mon_courriel mes_coordonnees
            mon_nom ce_numero cette_adresse mes_donnees mon_portable mon_tel mon_telephone nous
            notre_adresse ce_mail ce_portable adresse_mail mon_num mon_06 mon_courrier""",
        "list": """liste listes fichier fichiers base base_de_donnees bases diffusion repertoire
            mailing registres contacts""",
        "want": "veux souhaite desire voudrais veut voulons souhaitons desirons aimerais"
        r" souhaiterais",
        "linkwords": """lien_de_desabonnement lien_de_desinscription lien_pour_me_desabonner
            lien_pour_se_desabonner lien_desabonnement lien_desinscription bouton_de_desabonnement
            bouton_desabonnement lien_pour_me_desinscrire lien_pour_se_desinscrire
            bouton_de_desinscription page_de_desinscription page_de_desabonnement""",
        "byhand": """a_la_main manuellement le_faire vous_en_charger vous_en_occuper pour_moi
            de_votre_cote vous_meme vous_memes cette_adresse""",
        # The sender's own: "unsubscribe my address" is a request, "unsubscribe my brother" is none.
        "own": """adresse* numero* *mail* courriel* nom compte* coordonnees donnees portable
            telephone abonnement* newsletter* lettre contact*""",
        "consent": "consentement accord autorisation permission",
    },
    requests=(
        r"{end} (?:(?:donc|immediatement|maintenant|tout|svp) )*(?:(?:de|d|aux|au|les|l|vos|ces"
        r"|avec|tous"
        r"|tout|toute|cet|ce|mon|a) )+(?:\w+ ){0,2}?(?:{messages}|{send})",
        r"(?:arret\w*|cess\w*) (?:tout )?(?:de )?(?:m |me )?{send}",
        r"(?:ne|n) {want} (?:surtout )?(?:pas|plus) ~ (?:{messages}|{send}|recevoir|etre"
        r" contacte\w*|de vous|rien|ca)",
        r"{want} plus (?:recevoir|rien|etre|entendre|vos|votre|ces|de vos|de votre|de ces)",
        r"(?:ne|n) {want} plus(?= ;|$)",
        r"ne (?:plus|pas|jamais) ~ (?:recevoir|etre|m|me|nous) ~ (?:{send}|contacte\w*|{messages})",
        r"ne (?:plus|pas) (?:rien )?(?:recevoir|{send})",
        r"(?:ne |n )?m (?:envoyez|ecrivez|envoie|envoyer|appelez) (?:plus|pas)",
        r"(?:ne )?(?:me|nous) (?:contactez|derangez|sollicitez|relancez|harcelez|telephonez) "
        r"(?:plus|pas)",
        r"(?:plus|pas) (?:la peine|besoin) de m {send}",
        # Only at the beginning of a clause; elsewhere "plus de" may just as well mean "more".
        r"(?<![a-z0-9] )(?:s il vous plait |svp |merci )?(?:plus|pas) (?:de|d|aucun|aucune)"
        r" {messages}",
        r"(?<![a-z0-9] )(?:aucune?|zero) (?:\w+ )?{messages}",
        r"(?:la|les|vos|de) {messages} non(?= ;|$| merci)",
        r"{remove} ~ {me}",
        r"{me} ~ (?:{remove}|desabonner|desinscrire)",
        r"{remove} ~ (?:de|des|d) ~ {list}",
        r"(?:retir\w*|revoqu\w*) ~ {consent}",
        r"retrait (?:de|du) (?:mon )?consentement",
        r"m oppos\w*",
        r"(?:nous|s) oppos\w* ~ {messages}",
        r"(?:droit d )?opposition ~ (?:{messages}|traitement|donnees|prospection|marketing)",
        r"droit d opposition",
        r"lachez (?:moi|nous)",
        r"(?:laissez|laisse|fichez|foutez|foutre|lachez|lache) (?:moi|nous|nous donc)?"
        r" ?(?:tranquille|la paix|en paix|les baskets)",
        r"(?:mettre|mettez|met) ~ (?:fin|terme)(?: a)?(?! l)",
        r"(?:y|en) mettre (?:fin|un terme)",
        r"on arrete (?:la|ca|tout)",
        r"(?:me|m|nous|te) (?:desabonn\w+|desinscri\w+|raye\w*|supprim\w+|enlev\w+|retir\w+)",
        r"resili\w* ~ {messages}",
        r"plus (?:interesse\w*|concerne\w*|client\w*)(?= ;|$)",
        r"pas (?:interesse\w*)(?= ;|$| merci| par)",
        r"{remove} (?:la|le|les)(?= ;|$| s il| svp| de)",
        r"(?<![a-z0-9] )(?:plus?|pus) (?:de|d) {messages}",
        r"plus? rien(?= ;|$| recevoir| de vous)",
        r"(?:desabonn|desinscri)\w* (?:moi|de|a|du|des)(?! ma )",
        r"oubliez (?:moi|nous|mon (?:numero|adresse|mail))",
        r"(?:foutez|fichez|lachez) ~ (?:paix|tranquille)",
        r"(?:souhaite|voudrais|aimerais|demande|prie|merci|veuillez) (?:\w+ )?(?:de |a )?ne plus",
        r"(?:ne|n) ~ plus ~ (?:contacter|contacte|solliciter|sollicite|importuner|destinataire"
        r"|figurer)",
        r"(?:plainte|signale\w*|saisi\w*) ~ cnil",
        r"liste (?:rouge|noire|d opposition)|bloctel",
        r"j ?veux (?:plus |pas )?rien(?! (?:rater|louper|manquer|perdre|changer))",
        r"(?:inutile|pas la peine|plus la peine|pas besoin|plus besoin) (?:de|d) ~ {send}"
        r"(?! avant| la facture| le colis| une facture| de facture)",
        r"(?:je m|on s|nous nous) en (?:passe\w*|dispense\w*)",
        r"(?<![a-z0-9] )(?:plus|pas) (?:celles|ceux|celle|celui) (?:la|ci)",
        r"{want} plus ~ (?:voir|lire|trouver) (?:votre|vos|ca|cela|ces)",
        r"sans facon ~ (?:suite|avenir|prochaine)",
        r"{linkwords} ~~~ {byhand}",
        r"epargnez (?:moi|nous) ~ (?:ca|cela|ces|vos|{messages})",
        r"consider\w* (?:\w+ )?correspondance ~~~ (?:close|terminee)",
        r"{consent} ~ (?:plus valable|plus valide|caduc|retire|revoque)",
        r"ne (?:m |nous |me )?interess\w* (?:pas|plus|nullement|absolument pas)",
        r"n en veu\w+ (?:plus|pas)",
        r"(?:demande|confirm\w*|souhaite|exige\w*|proceder|procedez|sollicite|requiers) ~ "
        r"(?:desinscription|desabonnement|suppression de (?:mes|mon|ma|toutes)|retrait de"
        r"|radiation|effacement)",
        r"(?:comment|veux|souhaite|voudrais|aimerais|afin de|pour) ~ ne plus (?:rien "
        r")?(?:recevoir|etre|avoir|voir)(?! {messages} par)",
        r"(?:ca|cela) suffit ~ {messages}",
        r"refus\w* ~ (?:{messages}|recevoir|toute prospection|etre contacte\w*)",
        r"(?:interdis|interdisons|defends) ~ (?:{send}|utiliser|utilisation|d utiliser|exploiter)",
        r"consider\w* (?:moi|nous|ceci|ce message|cela|mon adresse) ~ (?:desabonn\w+|desinscri\w+"
        r"|opposition|supprime\w*)",
        r"(?:epargnez|economisez|gardez) (?:vous )?(?:vos|votre|la|le) (?:timbres?|peine|temps"
        r"|papier|efforts?|argent)",
        r"(?:sortir|sors|sort on|quitter) ~ (?:de )?(?:cette|votre|la|vos) (?:liste|listes"
        r"|mailing|base)",
        r"passer? a autre chose(?= ;|$) ~~~ {messages}",
        r"cess\w* (?:tout|toute|tous|toutes|immediatement|donc) (?:\w+ )?(?:{messages}|contact"
        r"|correspondance|demarchage)",
        r"plus (?:besoin|envie|l utilite) (?:de|d) (?:\w+ ){0,2}?{messages}",
        r"(?:sert|servira|serait) (?:plus )?a rien (?:de|d|que) ~ {send}",
        r"gardez (?:\w+ ){0,2}?{messages} ~ pour vous",
        r"stop c est bon",
        r"(?<!ne )(?:veux|voulons) pas (?:de|d) (?:vos|votre|ces)",
        r"(?<!t )en veu\w+ (?:plus|pas)(?= ;|$| merci)",
        r"(?:laissez|laisse) tomber ~ {messages}",
        r"(?:ne )?(?:veux|souhaite|voulons) (?:plus|pas) (?:etre |figurer )(?:sur|dans) (?:votre"
        r"|vos|cette) (?:{list})",
    ),
    opposites=(
        r"n ?arret\w+(?: surtout)? (?:pas|jamais|rien)",
        r"{want} (?:pas|surtout pas|absolument pas) (?:me |vous |nous )?(?:desabonn\w+|desinscri\w+"
        r"|arret\w+|partir|quitter|perdre|rater|etre (?:retire|supprime|desinscri|desabonne)\w*)",
        r"ne (?:me|m|nous) (?:desabonn\w+|retir\w+|supprim\w+|enlev\w+|ray\w+|desinscri\w+)"
        r" (?:pas|surtout|jamais)",
        r"(?:pourquoi|comment ca) ~ (?:plus|pas)",
        r"(?:ne )?(?:recois|recoit|recevons|recevais|ai|avons) (?:plus|pas|jamais)(?! (?:besoin"
        r"|envie|l utilite))",
        r"(?:desabonn|desinscri)\w+ (?:mon|ma|mes|notre|nos|le|la|un|une) (?!(?:\w+ ){0,2}{own})"
        r"(?!liste|base|diffusion)\w+",
        r"oppos\w* ~ (?:facture|prelevement|augmentation|decision|paiement|amende|hausse"
        r"|changement)",
        r"resili\w* ~ (?:contrat|assurance|mobile|internet|box|salle|sport|velo|electricite"
        r"|forfait)",
        r"(?:hesite|failli|envisage|songe|pense) (?:\w+ ){0,3}?(?:desabonn|desinscri)\w+",
        r"(?:bus|train|prochain|dernier|premier|un|le|cet|chaque|des|sans|quel|d|en) arrets?"
        r"|arret (?:de|du|d) (?:bus|tram|travail|maladie|train|metro|car|autobus)",
        r"(?:j|je|on|il|elle|n|tu|ils|qui|a|ne m|ne) (?:ai |a |s |l |peux pas m )?arrete\w*"
        r"(?! les?\b| la\b| vos| ca)",
        r"(?:rendez vous|arretes?|arreter) (?:de|d) (?:rire|manger|sourire|fumer|danser|penser"
        r"|lire|relire|jouer|regarder|travailler|m emerveiller)",
        r"{remove} ~ (?:de|du|d) (?:ma commande|mon panier|la commande|panier|facture)",
        r"envoi (?:de|du) (?:ma|mon|la|le|colis) ?(?:commande|colis|paquet)?(?= ;|$| a)",
        r"ne (?:me |m |nous )?(?:suis|etais|sommes|ai) (?:jamais|pas)",
        r"moi qui",
        r"je me (?:desabonnerai|desinscrirai)",
        r"(?:sinon|ou) je (?:me )?(?:desabonn|desinscri)\w+",
        r"avant (?:de|d|que je) (?:me |m )?(?:desabonn|desinscri|resili)\w+",
        r"oppos\w* (?:a|au|aux|a la|a l) ~ (?:vente|projet|construction|travaux|devis|decision"
        r"|resolution)",
        r"(?:desabonn|desinscri)\w* ~ (?:du|de la|de l|au) (?:cours|judo|club|piscine|stage"
        r"|cantine|atelier|formation|gym|salle|tournoi|danse)",
        r"plus (?:rater|louper|manquer|perdre)",
        r"(?:promis|jure|parie|menace) (?:\w+ ){0,2}?(?:me |m )?(?:desabonn|desinscri)\w+",
        r"(?:ne |n )?(?:m |me |nous )?{send} (?:pas|plus) (?:avant|apres|entre|pendant|a l "
        r"ancienne|le colis|les colis|ma commande|la commande)",
        r"{remove} ~ (?:chez|devant|derriere|sous) nous",
    ),
    asides=(
        r"(?:par erreur ~ (?:desabonn|desinscri)\w*|(?:desabonn|desinscri)\w* ~ par erreur|par"
        r" megarde|par accident|sans faire expres|me reinscrire|me reabonner"
        r"|reinscri\w+|reabonn\w+)",
        r"(?:^|; )si (?:vous|le|la|les|ca|cela|vos|votre|l|on) [\w ;]{1,200}?(?:je me (?:desabonn"
        r"|desinscri)\w+|nous nous (?:desabonn|desinscri)\w+|je resilie\w*)",
        r"(?:me remettre|remettez moi|me remettez|nous remettre) ~ (?:dans|sur)",
        r"si vous ne (?:souhaitez|voulez|desirez) (?:plus|pas)",
        r"(?:^|; )pour (?:vous|se|ne plus)",
        r"(?:cliquez|clique ici|repondez (?:par )?stop|envoyez stop|stop au|stop sms (?:au|a)"
        r")",
        r"liste d attente",
        r"ancienne? (?:adresse|numero|email)[\w ;]{1,80}nouve\w*",
    ),
    help="aide",
)
