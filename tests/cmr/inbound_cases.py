"""Requests to stop and what is none, by language; not from the labelled texts.

One message a line; `\\n` stands for a line's end.
"""

from __future__ import annotations

REQUESTS = {
    "en": r"""
DO NOT CALL
Do not text
Do not contact
do not send
No texts
take my number off
Wrong number, please remove
Discontinue texting me
Please cease all communication
unsubscribed
You do not have my permission to text me
Put me on your do not call list
exclude me
dont want anymore messages
no more pls
Turn these off
stoppppp
STOP2END
🛑
unsubsscribe
UNSUBSRCIBE
opt our
remove from txt list
Please do not send any further emails to this address.
Could you kindly take my address off the distribution?
Please ensure this address is removed from all your lists.
Please remove this address from your list.
I object to the processing of my personal data for direct marketing (Art. 21 GDPR).
Ana has left the company, please remove her from your list.
Unsubscribe immediately or I go to the regulator
I wrote “STOP” twice
We have closed the shop, so kindly discontinue your weekly bulletin
No newsletter please
Would you mind leaving me off the mailing list from now on?
I would like you to stop contacting me
""",
    "de": r"""
aufhören
Schluss damit
Kündigung
bitte keine SMS
bitte entfernen
Nummer löschen
Kein Interesse, danke
Hiermit lege ich Widerspruch gegen die Nutzung meiner Daten für Werbung ein.
Hiermit kündige ich den Newsletter.
Ich wünsche keine weitere Zusendung.
Bitte nehmen Sie meine Adresse von der Liste.
Bitte schicken Sie mir keine Kataloge mehr
Ich will von euch nichts mehr hören
Bitte keine Mails mehr an diese Adresse
Ich bitte darum, mich aus Ihrer Kartei zu löschen
Könnt ihr mich da bitte rausnehmen?
Ab sofort bitte keinen Newsletter mehr
Den Rundbrief brauche ich nicht mehr
Nehmt mich bitte aus eurer Datenbank
Ich ziehe meine Einwilligung zurück
Bitte stellen Sie die Zusendung ein
Ruft mich nicht mehr an
""",
    "es": r"""
DETENER
borrame de la lista
Quitarme de su lista
no molestar
Por favor, elimíname de la lista.
No me manden más correos
No deseo recibir más publicidad
Ya no quiero sus ofertas
quiero cancelar mi suscripción
Dejen de llamarme
dejadme en paz
Solicito la baja del boletín
Quiten mi número de su base de datos
Retiro mi consentimiento para recibir comunicaciones comerciales
Me opongo al tratamiento de mis datos con fines comerciales
no me interesa, gracias
Les ruego que no vuelvan a escribirme
Por favor no enviar más mensajes a este número
Basta de mensajes
¿Cómo me doy de baja?
Podéis borrarme de la lista de correo
Nunca me apunté a esto, sáquenme
""",
    "fr": r"""
Arrêtez les SMS
Je me désabonne
Bonjour, merci de me retirer de votre liste de diffusion.
Merci de ne plus m'envoyer de mails
Je ne souhaite plus recevoir votre lettre d'information
Veuillez supprimer mon adresse de votre fichier
Stop aux pubs
Cessez de m'appeler
Plus aucun message svp
Je m'oppose au traitement de mes données à des fins de prospection
Je retire mon consentement
Fichez-moi la paix
Comment se désabonner ?
Je ne veux pas de publicité
Ne m'écrivez plus
Je n'ai jamais demandé ces messages, enlevez-moi de la liste
Pourriez-vous me désinscrire ?
Pas de pub merci
Je n'arrive pas à me désinscrire
Ne plus m'envoyer de SMS
""",
    "it": r"""
BASTA
Non voglio più ricevere messaggi
Cancellatemi dalla lista
Toglietemi dalla newsletter per favore
Basta sms
Non mandatemi più email
disiscrivimi
Vorrei disiscrivermi
Rimuovete il mio numero
Revoco il consenso al trattamento dei dati
Mi oppongo al trattamento dei miei dati per finalità di marketing
Lasciatemi in pace
Smettetela di scrivermi
Niente pubblicità, grazie
Non sono interessato, non scrivetemi più
Eliminate il mio indirizzo dai vostri archivi
Come faccio a cancellarmi?
Vi prego di non inviarmi più nulla
Vogliate cortesemente sospendere l'invio della newsletter
Non desidero più ricevere la rivista
""",
    "nl": r"""
afmelden
Ik wil geen mails meer ontvangen
Haal me van de lijst
Graag uitschrijven
Stop met sms'en
Geen reclame meer aub
Verwijder mijn nummer
Stuur me geen berichten meer
Laat me met rust
Kunt u mij uitschrijven van de nieuwsbrief?
Ik trek mijn toestemming in
Ik maak bezwaar tegen het gebruik van mijn gegevens voor reclame
Hou op met mailen
Schrijf mij uit
Gelieve dit adres uit uw bestand te verwijderen
Ik wil me afmelden
Niet meer bellen
Ik wens geen verdere e-mails
Meld mij af
Zet mijn adres niet meer op de verzendlijst en stuur me niets meer
Hoe kan ik me uitschrijven?
""",
}
NO_REQUESTS = {
    "en": r"""
Don't take me off your list
do not delete my number
Why would I unsubscribe? Love it
I didn't mean to text stop
Sorry, I meant to text START not STOP
I unsubscribed by mistake
I accidentally opted out, can you sign me up again?
Please delete my email from order 5521, use my new one
Liked “Acme: 20% off boots today. Reply STOP to opt out”
Loved “Acme: sale. Reply STOP to end”
Laughed at “Reply STOP to opt out”
Emphasized “Reply STOP to opt out”
👍 to “Acme: sale. Reply STOP to end”
Liked “Spring sale, 20% off. Reply STO
Re: "Acme: sale. Reply STOP to end"\nGreat, when do you open?
> Acme: sale. Reply STOP to end\nGreat, when do you open?
I’m driving with Focus turned on. I’ll see your message when I get to my stop.
What time does the shop stop serving?
when does the sale stop?
Do the boots stop water?
Please don't remove me, I still read every one
How do I cancel my order?
Please call me about the invoice
Can you send me the newsletter again? I deleted it
Thanks, I take two.\nMia | Sales\nIf you no longer wish to receive emails, click unsubscribe.
I don't want to lose my place on the list
You don't send me offers any more, what happened?
Can I remove an item from my basket?
My daughter won't stop talking about the show
Your link to unsubscribe is in very small letters, by the way, for your designer
No problem
Not interested in the blue one but the red one is great
I don't want the blue one, please send the red one
Please remove the second item from my order
Stop sending parcels to my old address, send them to the new one
I don't need a receipt by email, paper is fine
Please cancel my subscription box delivery for March only
The emails look lovely on my phone, no complaints
I have no more questions, thank you
Did you get my email about the refund?
Please don't call before ten, I work nights
Could you delete the duplicate payment?
I object to the delivery charge
Take care and get well soon
I want off-white, not cream
My dog ate the voucher, can you email me another?
I never got a reply to my message
Please contact my husband on his number instead
Unsubscribe rates are my job, so I admire your newsletter
You should stop selling plastic toys
My account says I am unsubscribed but I want your emails
We stop at your shop every summer
Nothing will stop me buying these
Please don't forget to send me the newsletter
No email from you yet, is the order lost?
I enjoy your emails, do not ever change
Take me to the list of shops please
""",
    "de": r"""
Bitte nehmen Sie mich nicht aus dem Verteiler
Bitte löschen Sie mich nicht
Ich will mich auf keinen Fall abmelden
Melden Sie mich ab Montag an
Ich bestelle ab morgen
Wo ist der nächste Stopp?
Hat ein Herz zu „Acme: Sale. Antwort STOP“ hinzugefügt
Gefällt „Acme: 20 % auf Stiefel. Abmelden mit STOP“
Ich habe mich aus Versehen abgemeldet, bitte wieder aufnehmen
Ich habe noch keine Mail bekommen
Können Sie meine Bestellung stornieren?
Kann man den Termin absagen?
Warum bekomme ich keine Newsletter mehr?
Ich bekomme gar keine Werbung mehr von euch, schade
Meine Nummer hat sich geändert, bitte die alte Nummer ersetzen
Bitte rufen Sie mich an
Haben Sie das auch in Blau?
Keine Ahnung, danke trotzdem
Schreiben Sie mir bitte, wann die Ware kommt
Bitte entfernen Sie die Position 3 von der Rechnung
Ich will die blaue nicht, bitte die rote
Bitte löschen Sie den zweiten Artikel aus meiner Bestellung
Ich brauche keine Quittung per Mail
Bitte nicht vor zehn anrufen
Der Hund will nicht mehr fressen
Nehmen Sie mich bitte in die Warteliste auf
Ich habe keine Fragen mehr
Holen Sie mich am Bahnhof ab?
Können Sie mir den Newsletter nochmal schicken? Hab ihn gelöscht
Ich möchte meine Bestellung widerrufen
Ich kündige meine Wohnung und ziehe um
Wann hört es auf zu regnen?
Bei mir kommt keine Werbung an, gibt es ein Problem?
Hört bloß nicht auf damit!
Die Mail war leer, bitte nochmal senden
Kann ich die Lieferung stoppen?
Ich will mehr davon, nicht weniger
Schreiben Sie mich bitte auf die Liste
Ich hab kein Interesse an der roten, aber an der blauen
""",
    "es": r"""
¿Por qué ya no me llegan los boletines?
No me den de baja por favor
No quiero darme de baja
Me di de baja por error, ¿me apuntan de nuevo?
Estoy de baja médica hasta mayo
Le gustó “Acme: rebajas. Responda BAJA para no recibir más”
Quiero cancelar mi pedido
¿Dónde para el autobús?
No me llegó el paquete
Envíenme más información
Necesito que me llamen mañana
¿La talla baja mucho?
No he recibido ningún correo
No puedo parar de leer vuestras historias
No quiero el azul, mándenme el rojo
Quiten el segundo artículo de mi pedido
¿Me pueden llamar después de las cinco?
No tengo más preguntas
La pantalla se quedó en stop
No me molesta esperar
Quiero dar de baja la línea de mi madre en otra compañía, perdón, mensaje equivocado
Por favor envíen el boletín otra vez, lo borré
Ningún problema
¿Puedo sacar una copia de la factura?
Estoy muy contenta con vuestros correos, no cambiéis
No dejéis de escribirme nunca
Me encanta, sin más
Bajaron los precios, ¡qué bien!
""",
    "fr": r"""
Pourquoi je ne reçois plus vos offres ?
Ne me désabonnez pas
Je me suis désabonné par erreur, pouvez-vous me réinscrire ?
Où est l'arrêt de bus ?
A aimé « Acme : soldes. STOP au 36200 »
Je ne peux plus m'arrêter de lire
Je suis en arrêt maladie
Pouvez-vous annuler ma commande ?
Je n'ai pas reçu votre message
Envoyez-moi le catalogue svp
Je ne veux pas me désinscrire
Ça n'arrête pas de pleuvoir
Le train s'arrête à Lyon ?
Je veux plus de promos !
Je ne veux pas le bleu, envoyez le rouge
Retirez le deuxième article de ma commande
Je n'ai plus de questions
Pouvez-vous me rappeler après 17 h ?
Merci de ne pas livrer avant midi
J'ai supprimé votre mail par erreur, pouvez-vous le renvoyer ?
N'arrêtez jamais vos recettes
Je me suis inscrite hier, rien reçu
Pas de souci
Je ne peux plus attendre
Vos mails sont superbes
Plus de renseignements svp
Le magasin arrête quand les soldes ?
""",
    "it": r"""
Perché non ricevo più le vostre offerte?
Non cancellatemi, mi piace
Non voglio disiscrivermi
Mi sono cancellato per sbaglio, potete riscrivermi?
Ha messo Mi piace a “Acme: saldi. STOP per cancellarti”
Vorrei cancellare la prenotazione di sabato
Non ho ricevuto la mail
Basta un messaggio e arrivo
Mandatemi il catalogo
Dove si ferma l'autobus?
Quanto basta di sale?
Non vedo l'ora
Potete togliere le cipolle dal mio ordine?
Non voglio il blu, mandatemi il rosso
Togliete il secondo articolo dal mio ordine
Non ho più domande
Potete chiamarmi dopo le cinque?
Ho cancellato la vostra mail per errore, potete rimandarla?
Nessun problema
Non smettete mai
Non vorrei disturbare
Basta una mail per prenotare?
La pizza senza mozzarella per favore
Mi fermo volentieri
Non mandate il corriere prima delle dieci
Vorrei eliminare una riga dal preventivo
""",
    "nl": r"""
Waarom krijg ik geen nieuwsbrief meer?
Haal me niet van de lijst
Ik wil me niet uitschrijven
Per ongeluk afgemeld, kunnen jullie me weer aanmelden?
Vond “Acme: sale. STOP = afmelden” leuk
Waar stopt de bus?
Kunt u mijn bestelling annuleren?
Ik heb geen mail ontvangen
Stuur me de folder
Ik heb nog geen bericht gehad
Niet stoppen hoor, ik lees ze graag
Bel me even terug
Ik kan morgen niet, schrijf me maar in voor dinsdag
Ik wil die blauwe niet, stuur de rode
Haal het tweede artikel uit mijn bestelling
Ik heb geen vragen meer
Niet voor tien uur bellen graag
Kunt u de nieuwsbrief nog eens sturen? Ik heb hem verwijderd
Geen probleem
Ik wil niet meer wachten
Blijf vooral sturen
De stop is doorgeslagen
Doe mij maar twee stuks
Neem me mee op de lijst
De mail was leeg
Ik kan niet meer wachten op de nieuwe collectie
Schrijf mij in voor de workshop
Houd me op de hoogte
Ik wil het pakket niet, kan het retour?
""",
}
