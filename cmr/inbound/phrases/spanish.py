"""Phrases by which people ask to stop, in Spanish."""

from __future__ import annotations

from cmr.inbound.phrases.language import Language

SPANISH = Language(
    keywords="baja detener",
    strong="""desuscribir desuscribirme desuscribanme desuscribeme desuscribirse desuscripcion
        desapuntarme desapuntadme""",
    alone="""alto parar pare paren cancelar bja baj abja basta eliminar borrar borrenme
        eliminenme eliminame borrame borradme sacame saquenme quitame quitenme quitadme cancela
        cancelen fin darse_de_baja no_molestar no_molesten dar_de_baja""",
    fillers="""adios
        por favor porfa gracias ya hola todo todos x pf pls buenas buenos dias tardes noches
        un saludo saludos a el la los las de mi me quiero solicito solicitud pido sms boletin
        newsletter correo correos mensajes lista yo y urgente esto numero si que es""",
    words={
        "messages": """mensaje* novedades sms correo* email* mail* publicidad* promociones
            promocion* promos
            promo boletin* newsletter* suscripcion* ofertas anuncios propaganda spam notificacion*
            comunicacion* informacion* envio* newsletters llamadas avisos catalogo* catalogos
            revista*
            folletos mensajitos textos whatsapps cartelera circular""",
        "send": """envi* escrib* mand* contact* molest* llam* spamm* remit* seguir_enviando
            bombarde* bombardear fastidi*""",
        "end": """deje dejen deja dejad dejar dejeis dejes pare paren para parad parar cese cesen
            cesar basta basta_ya detener detengan suspender suspendan suspende suspendan
            interrumpan cancelar cancelen cancela cancelad cancelacion cancele cortar corten
            cortenla desactiv* desactivar""",
        "clitic": """elimin*me borr*me quit*me saqu*me sac*me retir*me suprim*me excluy*me tach*me
            desapunt*me desinscrib*me saquenlo quitenlo borrenlo eliminenlo borr*nos elimin*nos
            quit*nos sac*nos saqu*nos""",
        "remove": """elimin* borr* quit* saqu* sac* retir* suprim* supresion exclu* tach* baja_a""",
        "me": """mi_numero mi_correo mi_email mi_mail mi_direccion mis_datos este_numero este_correo
            esta_direccion este_email mi_telefono mi_nombre este_telefono este_movil mi_movil mi_cel
            mi_celular mi_contacto este_cel suscripcion mi_ficha""",
        "list": """lista listas base_de_datos bases_de_datos base registro* fichero* agenda archivos
            distribucion sistema listado* mailing""",
        "want": """quiero deseo quisiera queremos deseamos necesito interesa interesan autorizo
            autorice acepto consiento""",
        "linkwords": """enlace_de_baja link_de_baja boton_de_baja enlace_para_darme_de_baja
            enlace_para_darse_de_baja link_para_darme_de_baja link_para_darse_de_baja
            enlace_de_cancelacion enlace_para_cancelar boton_para_darme_de_baja pagina_de_baja
            enlace_de_desuscripcion""",
        "byhand": """a_mano manualmente hacerlo_ustedes ustedes_mismos hacerlo_vosotros por_mi
            vosotros_mismos de_su_parte esta_direccion este_correo desde_ahi desde_alli
            encargarse tramitarlo hacermelo""",
        # The sender's own: "unsubscribe my address" is a request, "unsubscribe my brother" is none.
        "own": """numero* correo* *mail* direccion* nombre cuenta* datos telefono* movil celular
            suscripcion* boletin* newsletter* contacto*""",
        "consent": "consentimiento autorizacion permiso",
    },
    requests=(
        r"(?:dar|darme|denme|dame|deme|den|dad|dadme|doy|deis|dar le|darnos|dennos|cause|causar"
        r"|solicito|solicitar|pido|tramit\w*|quiero|deseo|solicitud de|pedir)"
        r"(?: (?:me|la|mi|que|de))* baja",
        r"baja (?:de|en|del) ~ (?:{list}|{messages})",
        r"baja baja",
        r"no ~ {want} ~ {messages}",
        r"{messages} ~ no ~ {want}",
        r"no (?:me )?{want} ~ (?:recibir|recibiendo|recibirlos|mas|que me (?:{send}))",
        r"no me {send}",
        r"no (?:volvais|vuelvan|vuelva|vuelvas|me vuelvan|sigan|sigais) ~ {send}",
        r"(?:ni|no) ~ (?:{send}) mas",
        r"{end} (?:ya )?(?:de|con) ~ (?:{send}|{messages})",
        r"{end} (?:la|las|los|el|mi|esta|este|estos|todos) ~ {messages}",
        r"no mas {messages}",
        r"(?<![a-z0-9] )(?:ni un )?(?:no )?mas {messages} no",
        r"{clitic}",
        r"{remove} ~ {me}",
        r"{remove} ~ de ~ {list}",
        r"(?:me opongo|oposicion|opongo) ~~"
        r" (?:{messages}|tratamiento|datos|mercadotecnia|marketing)",
        r"derecho de oposicion",
        r"(?:retiro|revoco|retirar|revocar|revocacion|retirada) ~ {consent}",
        r"(?:dej|dejar|deja|dejen|dejad|dejeis)\w*(?:me|nos)? (?:en paz|tranquil\w+)",
        r"(?:me|nos) (?:dejen|dejeis|deje|dejes|deja) (?:ya )?(?:en paz|tranquil\w+|de)",
        r"cancel\w* ~ suscripcion",
        r"(?:que )?(?:pareis|paren)(?= ;|$| ya| de una| y)",
        r"no (?:me |nos )?interesa(?:n)?(?= ;|$| mas| gracias)",
        r"(?:me|nos) (?:borren|eliminen|quiten|saquen|excluyan|borreis|quiteis|saqueis|borre|quite"
        r"|saque|elimine)",
        r"(?:puede\w*|podria\w*|podeis|quiero|favor de|pueden) (?:eliminarme|borrarme|quitarme"
        r"|sacarme)",
        r"(?:cortala|cortenla|parenla|parad ya|paren ya)",
        r"no autorizo ~ (?:datos|uso|envio|{messages})",
        r"no (?:hace falta|es necesario|necesito|hay que|tiene sentido|sigan|sigais|continuen) ~"
        r" {send}",
        r"(?:dejar|dejo|dejad|dejen) de recibir",
        r"cese ~ de ~ {messages}",
        r"cese (?:de|del) (?:los |las )?(?:{messages}|{send})",
        r"(?<![a-z0-9] )(?:por favor )?(?:nada de|ni un|ningun|ninguna|sin) (?:mas )?{messages}",
        r"no {send}(?= ;|$| mas| a este| a esta| a mi| nada)",
        r"(?:ya basta|ya esta bien|ya estuvo|hasta aqui|suficiente)(?= ;|$| de| con)",
        r"olvid(?:ense|aos|ate|ese|adme|enme) de mi",
        r"fuera de (?:la|su|vuestra|esta) lista",
        r"no quiero (?:nada|saber)(?= ;|$| mas| de)",
        r"prohibo ~ {send}",
        r"no ~ (?:recibir|seguir recibiendo) ~ {messages}",
        r"ya no ~ {want} ~ (?:recibir|{messages})",
        r"(?:desuscri|desapunt)\w* ~ de",
        r"no more {messages}",
        r"lista robinson",
        r"lista negra",
        r"(?:pedi|pido|pedimos|solicite|dije|pidiendo|pedido) ~ (?:me|nos) (?:quit|borr|elimin"
        r"|sac|saqu|retir)\w*",
        r"(?:me|nos) (?:pueden|puede|podrian|podria|podeis|puedes) (?:quitar|borrar|eliminar"
        r"|sacar|retirar|dar de baja)",
        r"(?:denunci\w*|reclam\w*) ~ (?:aepd|proteccion de datos|consumidor)",
        r"no (?:me |nos )?(?:vuelv(?:an|a|as)|volv(?:ais|ieran|iera|ieras|ierais|iesen|iese|er))"
        r" (?:nunca |mas )?a (?:\w+ )?{send}",
        r"(?:de|que) no (?:envi|mand|escrib|llam|contact|molest)\w*(?:me|nos)",
        r"no (?:me |nos )llegue\w* ~ (?:mas|nada|ningun\w*|otr\w*)",
        r"no insist(?:as|an|a|ais|ir)(?= ;|$| mas| por)",
        r"(?:las|los|la|el|sus|vuestr\w+) {messages} ~ ; no(?= ;|$)",
        r"{linkwords} ~~~ {byhand}",
        r"no ~ me (?:avisen|aviseis|informen|notifiquen)",
        r"hag\w+ que (?:se |esto )*(?:acab|termin|par)\w+",
        r"(?:desuscrib|desapunt|desinscrib|desafili)\w*me",
        r"(?:los|las|lo|la) (?:pueden|podeis|puede|puedes) ir (?:quitando|eliminando|borrando)",
        r"(?:favor|pido|ruego|quiero|exijo|dije|digo|espero|agradeceria) (?:\w+ )?que (?:tampoco"
        r"|no|nunca) (?:me|nos) {send}",
        r"no (?:entra|entran|entre|entren) (?:mas|ninguna?|ni) ~ {messages}",
        r"{consent} ~ (?:ya no vale|sin efecto|retirado|revocado|anulado)",
        r"absten\w+ de ~ (?:{send}|{messages})",
        r"abst\w+nganse de ~ (?:{send}|{messages})",
        r"no (?:estoy|estamos) (?:ya )?interesad\w+",
        r"(?:ya vale|ya esta bien|basta|vale ya|harto|harta) (?:de|con) (?:\w+ "
        r"){0,2}?(?:{messages}|{send})",
        r"(?:salir|salgo|salirme|quitarme|borrarme) ~ (?:de )?(?:esta|su|la|vuestra) (?:lista"
        r"|listas|base)",
        r"prohib\w+ ~~ (?:{messages}|{send}|us\w+|mis datos)",
        r"ahorr(?:ense|aos|ese|ate|en|ad) (?:el|la|los|las|sus|vuestr\w+|tiempo|dinero|papel)",
        r"consider(?:enme|eme|adme|en esto|en este|e esto) ~ (?:baja|oposicion|fuera|desuscrit\w+)",
        r"(?:eviten|evitad|evite|evita) ~ {send}",
        r"(?:deje|dejen|dejad|deja|dejo) ~ recib\w+",
        r"(?:de nada|no|para que) sirve ~ {send}",
        r"(?:prefiero|preferiria|preferimos|prefeririamos) no ~ (?:recib\w*|{messages}|saber)",
        r"guard(?:ense|aos|ate|ese) ~ {messages}",
        r"no necesito ~ {messages}",
        r"(?:di|dimos|dado) de baja ~~~ (?:sigo|seguimos|siguen|sigue|aun|todavia)",
        r"(?:sigo|seguimos|siguen|sigue|aun|todavia) ~~~ (?:di|dimos|habia dado|he dado) de baja",
        r"(?:ejerzo|ejercer|ejercicio|ejercito) ~ derecho ~ (?:supresion|oposicion|cancelacion"
        r"|olvido)",
        r"(?:como|quiero) (?:paro|parar|bloqueo|bloquear|detengo|quito) ~ {messages}",
        r"no (?:quiero|queremos|deseo) (?:estar|figurar|seguir) en ~ {list}",
        r"no (?:los|las|lo|la) (?:quiero|queremos|deseo)(?= ;|$| mas| gracias)",
    ),
    opposites=(
        r"no (?:pares?|paren|te detengas|dejen de|dejes de|dejeis de|deje de|quiero "
        r"(?:desuscribirme|desapuntarme|borrarme|darme de"
        r" baja"
        r"|parar|que paren|cancelar|perder)|me (?:des|den|deis|doy) de baja|me (?:borren|quiten"
        r"|saquen|eliminen|borreis|quiteis)|quiero (?:que me (?:borren|quiten|den de baja)))",
        r"(?:por que|porque|como que) (?:ya )?no (?:me|nos) \w+",
        r"no (?:me|nos) (?:enviaron|mandaron|escribieron|llamaron|contactaron|han|ha|habeis"
        r"|enviasteis|mandasteis|llego|llega|envio\b|mando\b|enviais|molesta\b|molestan\b)",
        r"no (?:he|hemos|recibi|recibo|recibimos|estoy recibiendo|llegan)",
        r"de baja (?:a (?:mi|mis|su|nuestr\w+|un|una|el|la)|al) (?!(?:\w+ ){0,2}{own})\w+",
        r"(?:desapunt|desuscrib|desinscrib)\w+ a (?:mi|mis|nuestr\w+|el|la) (?!(?:\w+ "
        r"){0,2}{own})\w+",
        r"(?:pensando|planteando|a punto) (?:\w+ ){0,3}?(?:baja|desuscribirme|desapuntarme"
        r"|borrarme)",
        r"opo(?:ngo|sicion) ~ (?:factura|cargo|cobro|subida|multa|recibo|decision)",
        r"(?:parada|temporada) baja",
        r"(?:estoy|esta|de) de baja(?: por| medica| laboral| en| hasta)?",
        r"(?:planta|tension|presion|marea|voz|mas|muy) baja\b",
        r"(?:baja|bajo) (?:medica|laboral|por maternidad|el precio|el volumen|de precio|temporada)",
        r"(?:donde|cuando|que|a que hora) ~ para\w*",
        r"{remove} ~ (?:del|de mi) (?:pedido|carrito|factura|reserva|cesta)",
        r"cancel\w* (?:mi|el|la) (?:pedido|cita|reserva|compra)",
        r"envios? (?:a|de|del) ~ (?:calle|casa|pedido|paquete|tienda|direccion nueva)",
        r"(?<![a-z0-9] )(?:el|un|cada) stop\b",
        r"(?:en|de|del) stop(?= ;|$)",
        r"baja ~ (?:linea|luz|telefono|tarjeta|contrato|seguro)",
        r"no (?:lo|la|los|las) quiero (?:en|de|con|asi|azul|rojo|para)",
        r"(?:nunca|no|jamas) me (?:he dado|di|habia dado|borre|desuscribi)\b",
        r"(?:si no|sino|o|de lo contrario) (?:me (?:doy|dare|borro|borrare|desapunto)|cancelo) "
        r"(?:de )?baja",
        r"(?:si no|de lo contrario) ; (?:me (?:doy|dare) de baja)",
        r"antes de (?:darme|darnos|dar|desuscribirme|desapuntarme|cancelar)",
        r"no (?:quiero|queremos) (?:perder\w*|perd\w+)",
        r"(?:prometi|prometido|jure|apostado|aposte|amenace) (?:que )?(?:\w+ ){0,2}?(?:darme de "
        r"baja|me daba de baja|me daria de baja|borrarme)",
        r"no (?:me |nos )?{send} (?:\w+ ){0,2}?(?:antes|despues|entre|durante|el paquete|los "
        r"paquetes|paquetes|mi pedido|el pedido)",
        r"suscripcion (?:al|a un|del) (?:periodico|diario|gimnasio)",
    ),
    asides=(
        r"(?:por error|sin querer|por equivocacion|volver a (?:apuntar|suscribir)\w*|de nuevo de"
        r" alta)",
        r"(?:^|; )si (?:me |nos |vuelven |suben |en |esto |la |el |los |las |no |siguen |sigue "
        r")[\w ;]{1,200}?"
        r"(?:me (?:doy|dare|tendre que dar) de baja|me borro|me borrare|me desapunto)",
        r"si (?:usted )?(?:ya )?no (?:quiere|desea|quieres|deseas|quereis)",
        r"(?:haga clic|haz clic|pulse aqui|pulsa aqui|pinche aqui|responda (?:con )?(?:stop|baja)"
        r"|responde (?:con )?(?:stop|baja)|envie baja|envia baja|para (?:darse|darte) de baja)",
        r"lista de espera",
        r"(?:direccion|correo|numero) (?:antigu|viej|anterior)\w*[\w ;]{1,80}nuev\w*|(?:antigu"
        r"|viej)\w* (?:direccion|correo|numero)[\w ;]{1,80}nuev\w*",
    ),
    start="alta suscribir",
    help="ayuda",
)
