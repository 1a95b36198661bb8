"""How people ask for no more in Spanish."""

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
        "messages": """mensaje* sms correo* email* mail* publicidad* promociones promocion* promos
            promo boletin* newsletter* suscripcion* ofertas anuncios propaganda spam notificacion*
            comunicacion* informacion* envio* newsletters llamadas avisos catalogo* revista*
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
        r"no ~ me (?:avisen|aviseis|informen|notifiquen)",
    ),
    opposites=(
        r"no (?:pares?|paren|te detengas|dejen de|dejes de|dejeis de|deje de|quiero (?:darme de"
        r" baja"
        r"|parar|que paren|cancelar|perder)|me (?:des|den|deis|doy) de baja|me (?:borren|quiten"
        r"|saquen|eliminen|borreis|quiteis)|quiero (?:que me (?:borren|quiten|den de baja)))",
        r"(?:por que|porque|como que) (?:ya )?no (?:me|nos) \w+",
        r"no (?:me|nos) (?:enviaron|mandaron|escribieron|llamaron|contactaron|han|ha|habeis"
        r"|enviasteis|mandasteis|llego|llega|envio\b|mando\b|enviais|molesta\b|molestan\b)",
        r"no (?:he|hemos|recibi|recibo|recibimos|estoy recibiendo|llegan) ",
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
        r"(?:nunca|no|jamas) me (?:he dado|di|habia dado|borre|desuscribi)\b",
    ),
    asides=(
        r"(?:por error|sin querer|por equivocacion|volver a (?:apuntar|suscribir)\w*|de nuevo de"
        r" alta)",
        r"si (?:usted )?(?:ya )?no (?:quiere|desea|quieres|deseas|quereis)",
        r"(?:haga clic|haz clic|pulse aqui|pulsa aqui|pinche aqui|responda (?:con )?(?:stop|baja)"
        r"|responde (?:con )?(?:stop|baja)|envie baja|envia baja|para (?:darse|darte) de baja)",
    ),
    start="alta suscribir",
    help="ayuda",
)
