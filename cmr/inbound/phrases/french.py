"""How people ask for no more in French."""

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
        # At the beginning of a clause; else "plus de" is as likely "more".
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
        r"(?<![a-z0-9] )plus? (?:de|d) {messages}",
        r"plus? rien(?= ;|$| recevoir| de vous)",
        r"(?:desabonn|desinscri)\w* (?:moi|de|a|du|des)(?! ma )",
        r"oubliez (?:moi|nous|mon (?:numero|adresse|mail))",
        r"(?:foutez|fichez|lachez) ~ (?:paix|tranquille)",
        r"(?:souhaite|voudrais|aimerais|demande|prie|merci|veuillez) (?:\w+ )?(?:de |a )?ne plus",
        r"(?:ne|n) ~ plus ~ (?:contacter|contacte|solliciter|sollicite|importuner|destinataire"
        r"|figurer)",
        r"(?:plainte|signale\w*|saisi\w*) ~ cnil",
        r"liste (?:rouge|noire|d opposition)|bloctel",
    ),
    opposites=(
        r"n ?arret\w+(?: surtout)? (?:pas|jamais|rien)",
        r"{want} (?:pas|surtout pas|absolument pas) (?:me |vous |nous )?(?:desabonn\w+|desinscri\w+"
        r"|arret\w+|partir|quitter|perdre|rater|etre (?:retire|supprime|desinscri|desabonne)\w*)",
        r"ne (?:me|m|nous) (?:desabonn\w+|retir\w+|supprim\w+|enlev\w+|ray\w+|desinscri\w+)"
        r" (?:pas|surtout|jamais)",
        r"(?:pourquoi|comment ca) ~ (?:plus|pas)",
        r"(?:ne )?(?:recois|recoit|recevons|recevais|ai|avons) (?:plus|pas|jamais) ",
        r"(?:bus|train|prochain|dernier|premier|un|le|cet|chaque|des|sans|quel|d|en) arrets?"
        r"|arret (?:de|du|d) (?:bus|tram|travail|maladie|train|metro|car|autobus)",
        r"(?:j|je|on|il|elle|n|tu|ils|qui|a|ne m|ne) (?:ai |a |s |l |peux pas m )?arrete\w*"
        r"(?! les?\b| la\b| vos| ca)",
        r"(?:rendez vous|arretes?|arreter) (?:de|d) (?:rire|manger|sourire|fumer|danser|penser"
        r"|lire|relire|jouer|regarder|travailler|m emerveiller)",
        r"{remove} ~ (?:de|du|d) (?:ma commande|mon panier|la commande|panier|facture)",
        r"envoi (?:de|du) (?:ma|mon|la|le|colis) ?(?:commande|colis|paquet)?(?= ;|$| a)",
        r"ne (?:me |m |nous )?(?:suis|etais|sommes|ai) (?:jamais|pas)",
    ),
    asides=(
        r"(?:par erreur ~ (?:desabonn|desinscri)\w*|(?:desabonn|desinscri)\w* ~ par erreur|par"
        r" megarde|par accident|sans faire expres|me reinscrire|me reabonner"
        r"|reinscri\w+|reabonn\w+)",
        r"si vous ne (?:souhaitez|voulez|desirez) (?:plus|pas)",
        r"(?:cliquez|clique ici|repondez (?:par )?stop|envoyez stop|stop au|stop sms (?:au|a)"
        r"|pour (?:vous|se|ne plus))",
    ),
    help="aide",
)
