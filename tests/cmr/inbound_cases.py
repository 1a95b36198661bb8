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
Please would you kindly stop all these emails
I would be grateful if you could cease sending these.
I have no wish to receive your newsletter
I can do without these texts
Save yourself the postage, I won't be buying anything
Consider this my formal opt-out
Consider me unsubscribed
Please arrange for my removal from your mailing list
Kindly confirm the removal of my address
How do I get off this list?
Can I come off your mailing list
I never signed up for this, get rid of my number
you've got the wrong person, delete this number
My husband passed away in May, please don't send him any more letters
Please scratch my name from your list
cross me off
don't include me in your mailings
Please cancel these emails
no thanks, no more
Give it a rest with the emails
pack it in with the texts
That's enough emails now
enough with the emails
enough is enough, no more of this
You may not use my address for advertising
I forbid you to use my data for marketing
I did not agree to get promotional emails. Stop.
nothing further please
nothing more from you please
please make it stop
Please discontinue
plz cancel txts
quit texting me
Erase all data you hold on me for marketing
I do not consent to marketing
no marketing please
no longer wish to be contacted
I would like to be removed
Please make sure I don't get any more of these
I'd be much obliged if these would cease
You are hereby notified that any further message is unwanted
unwanted messages, please end them
I only signed up for the raffle. Not for this. Take me off please
Not for me anymore, cheers. You can take my email off
Please, no further correspondence
We have no use for your catalogue any longer
We've retired and closed the shop, so there's no point in sending us offers
No point sending these to me, I've moved abroad
I'm not the person you're looking for, kindly update your records and remove this number
this inbox is for work only so pls keep your offers away from it
Kindly desist
please be so kind as to leave me out of your next mailings
I've sold the boat, so your bulletins are wasted on me
u guys r relentless. delete my digits
Dear Madam, I must ask you to refrain from writing to me again
Formal notice under article 21 GDPR: I object to direct marketing
Under Art. 17 GDPR I request erasure of my personal data
I rescind my permission effective today
yo quit it with the spam
can u not text me pls
could you please not email me again
would you mind not sending me these
STOP STOP STOP
pls stap
no more spam u lot
Why am I still getting these? I opted out in May
I already unsubscribed three times!
you're still emailing me after I opted out
how many times do I have to unsubscribe
I don't want it
I don't want to be on your list
I don't want anything from you
not for me thanks, take me off
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
Ich verbitte mir jede weitere Werbung
Weitere Kontaktaufnahme ist nicht erwünscht
Ihre Werbung ist unerwünscht
Hiermit untersage ich Ihnen die Nutzung meiner Daten zu Werbezwecken
Bitte sehen Sie von weiteren Mails ab
Ich bitte um Löschung meiner Daten aus Ihrem Verteiler
Ich bitte um Streichung aus dem Verteiler
Wie komme ich von dieser Liste runter?
Sparen Sie sich das Porto
Lasst mich in Ruhe mit eurem Newsletter
Bitte hören Sie auf, mir zu schreiben
Hört auf damit
Könnten Sie es bitte unterlassen, mir Angebote zu schicken?
ich möchte das nicht mehr
will nix mehr von euch
Bitte keine weiteren SMS
bitte nichts mehr schicken
Nehmt mich aus dem Verteiler
Bitte meine Nummer aus dem System löschen
Mein Mann ist verstorben, bitte schicken Sie ihm keine Post mehr
Es reicht mir mit euren Mails
Genug ist genug
ich will meine Ruhe
Betrachten Sie das als Abmeldung
Ich habe keinen Bedarf mehr an Ihrem Newsletter
lass den scheiß
kein Interesse mehr
Ich wünsche keinen Kontakt mehr
Bitte verschonen Sie uns künftig
Wir haben das Geschäft aufgegeben, Ihre Angebote brauchen wir nicht mehr
Ich lege keinen Wert auf Ihre Mails
Lassen Sie mich bei künftigen Aussendungen außen vor
Ich möchte aus Ihrer Kartei gestrichen werden
Eure Mails könnt ihr behalten
bitte mail adresse rausnehmen
kein newsletter mehr pls
Ich habe mich schon dreimal abgemeldet und bekomme immer noch Mails
könnt ihr mich da mal rausnehmen
nehmt mich da raus
Schmeißt mich raus aus dem Verteiler
Ich möchte von Ihnen nicht mehr behelligt werden
Ich möchte keine Post mehr
Werbung nein danke
bitte keine werbung
Keine Nachrichten mehr an diese Nummer
Ich fordere Sie auf, meine Daten zu löschen
Gemäß Art. 21 DSGVO widerspreche ich der Direktwerbung
Bitte um Entfernung aus der Mailingliste
mach die sms weg
Wie werde ich diese Mails los?
Ich will aus dem Newsletter raus
Bitte von der Liste nehmen
hab kein bock auf eure sms
Ich bin kein Kunde mehr, bitte streichen Sie mich
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
Ya no quiero recibir más correos
Absténganse de enviarme publicidad
Ruego no me envíen más ofertas
Por favor, dejen de escribirme
no me escribas más
No me interesa, gracias
no estoy interesado
no estoy interesada, por favor no escriban más
Ya vale de mensajes
ya está bien de correos
Solicito la supresión de mis datos
Solicito que eliminen mis datos
Me gustaría darme de baja
quiero salir de esta lista
cómo salgo de esta lista
Cómo dejo de recibir esto
No deseo más información
que no me manden más
déjenme tranquilo
Mi marido falleció, no le envíen más cartas
Les prohíbo usar mis datos para publicidad
nunca di permiso para esto, bórrenme
ni un sms más
no más sms
No quiero nada de ustedes
no vuelvan a llamarme
Ahórrense los correos
Considérenme de baja
paren ya con los mensajes
Ya no necesito sus ofertas
No hace falta que me escriban más
De nada sirve que me escriban
Prefiero no recibir nada
Les agradeceré que cesen los envíos
Guárdense su publicidad
Hemos cerrado el negocio, no manden más catálogos
Agradecería que me quitasen de la lista
me podrían sacar de la lista?
No mandar más
quiero cancelar el boletín
Ya me di de baja tres veces y sigo recibiendo correos
¿Por qué sigo recibiendo esto? Me di de baja
sácame de ahí
Quiero que me saquen de la lista
quiero que dejen de mandarme cosas
Conforme al artículo 21 del RGPD me opongo al tratamiento
Ejerzo mi derecho de supresión
Por favor eliminad mis datos
no quiero publicidad
nada de publicidad
no me manden nada
q no me escriban +
basta de spam
ya no soy cliente, bórrenme
cómo paro estos sms
no quiero estar en su lista
No los quiero
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
Je ne suis plus intéressé
ça ne m'intéresse pas
Vos offres ne m'intéressent plus
Je n'en veux plus
n'envoyez plus rien
Merci de cesser tout envoi
Veuillez cesser de m'écrire
Veuillez procéder à ma désinscription
Je demande la suppression de mes données
Prière de ne plus me contacter
Je vous saurais gré de ne plus me solliciter
Comment faire pour ne plus recevoir vos mails ?
comment sortir de cette liste
je souhaite me désabonner
Arrêtez ça tout de suite
Arrêtez tout svp
arretez vos sms
Ça suffit maintenant les sms
Je n'ai jamais donné mon accord, retirez-moi
Mon mari est décédé, merci de ne plus lui envoyer de courrier
enlevez mon num
plus aucun message svp
Je refuse de recevoir vos publicités
je refuse toute prospection
Je vous interdis d'utiliser mon adresse
stop aux mails
vous pouvez me supprimer
je ne veux pas de vos sms
Ne m'appelez plus
Je n'ai plus besoin de vos infos
Ne comptez plus sur moi, ôtez mon adresse
Merci d'arrêter
Merci d'arrêter les envois
Vous seriez gentil de ne plus m'écrire
Je préfère ne plus rien recevoir
Cela ne sert à rien de m'écrire
gardez vos pubs pour vous
Nous avons fermé, inutile de nous envoyer vos catalogues
Je me suis déjà désabonné trois fois
Pourquoi je reçois encore ça ? je me suis désabonnée
Enlevez-moi de là
virez-moi de votre liste
J'aimerais être retiré de la liste
Je souhaiterais ne plus figurer dans votre fichier
Conformément à l'article 21 du RGPD, je m'oppose au traitement
Merci de bien vouloir supprimer mon adresse
plus de mails svp
svp pas de pub
arrêtez de m'envoyer des trucs
stop c'est bon
Je ne suis plus cliente, supprimez mes coordonnées
comment on fait pour arrêter ces sms
Ne m'envoyez plus de promos
je veux pas de vos trucs
j'en veux pas
laissez tomber les mails
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
Non voglio più ricevere niente da voi
vi avevo già chiesto di togliere il mio nome. fatelo
Potreste per favore evitare di scrivermi?
Evitate di mandarmi altre offerte
Gradirei che non mi contattaste più
Le chiederei di non inviarmi più nulla
Per favore non mandatemi più niente
non chiamatemi mai più
non scrivermi piu
Nn scrivetemi +
Vi chiedo cortesemente di eliminare il mio indirizzo dai vostri archivi
Chiedo la cancellazione dei miei dati personali
Revoco il consenso al trattamento per finalità di marketing
Non sono interessato, grazie
Non mi interessa più
vi prego di depennarmi
Vorrei essere tolto dalla mailing list
Vorrei essere rimossa dalla lista
Desidero non ricevere più la newsletter
Non intendo più ricevere le vostre comunicazioni
Mi avete stufato con queste mail, basta
Basta con queste mail!!
ora basta, cancellatemi
mi cancellate per favore?
potete cancellarmi?
come faccio a non ricevere più questi sms?
Lasciatemi in pace una volta per tutte
Il numero è di mio figlio, non contattatelo più
smettete di tempestarmi di messaggi
Niente più sms grazie
niente pubblicità per favore
niente promozioni, solo le bollette
non ho mai chiesto questa newsletter, toglietemi
Ho cambiato lavoro, non mi serve più ricevere i vostri aggiornamenti
Mio padre è deceduto a marzo, vi prego di non inviare altra posta a suo nome
Mi disiscrivo
disiscrizione immediata
Non ho più bisogno delle vostre offerte
È inutile che mi scriviate
Preferisco non ricevere più nulla
Vi sarei grato se cessaste gli invii
Tenetevi la vostra pubblicità
Abbiamo chiuso l'attività, non inviate più cataloghi
Le sarei grata se mi togliesse dall'elenco
potreste togliermi dalla lista?
vorrei che toglieste il mio numero
non ne posso più dei vostri messaggi, basta
cancellatemi da tutto
Non desidero alcun contatto
niente mail
non mandare piu
Mi sono già disiscritto tre volte e continuo a ricevere mail
Perché ricevo ancora queste mail? Mi ero disiscritta
toglietemi di lì
levatemi dalla lista
Voglio che mi togliate dalla lista
voglio che smettiate di scrivermi
Ai sensi dell'art. 21 GDPR mi oppongo al trattamento
Esercito il diritto alla cancellazione
Vi invito a cancellare i miei dati
non voglio pubblicità
niente spam
non mandatemi nulla
nn mandate più
basta spam
non sono più cliente, cancellatemi
come blocco questi sms
non voglio stare nella vostra lista
la pubblicità non la voglio
eliminate il mio contatto dai vostri sistemi
si prega di cancellare questo indirizzo
siete pregati di non inviare altro
non inviare altro
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
Wilt u mij uit uw bestand halen
Graag mijn adres verwijderen
kunnen jullie mij van de lijst halen?
Hoe kom ik van deze lijst af?
Ik wens geen reclame meer te ontvangen
Ik heb hier geen interesse in
geen interesse, dank u
Ik maak bezwaar tegen het gebruik van mijn gegevens voor marketing
hou eens op met die mails
nu is het genoeg met die mails
Genoeg is genoeg
Bespaar je de moeite
Ik verzoek u mijn gegevens te wissen
Verzoek tot verwijdering van mijn gegevens
Mijn man is overleden, graag geen post meer aan hem
Beschouw dit als mijn afmelding
Ik hoef dit niet meer
Ik hoef die aanbiedingen niet
niet meer sturen aub
stuur me niks meer
Ik zit niet te wachten op jullie reclame
ik wil hier vanaf
laat me met rust
val me niet meer lastig
ik verbied jullie mijn nummer te gebruiken
ongewenste reclame, stop hiermee
wil je me eruit halen
Ik heb jullie aanbiedingen niet meer nodig
Ik ontvang liever niets meer
Hou je reclame maar
Ik zou het op prijs stellen als u mij niet meer mailt
Wij zijn gestopt met de zaak, stuur geen catalogi meer
Kan mijn nummer eruit?
Zou u mij willen verwijderen
graag van de lijst af
geen contact meer aub
Ik wil niet langer benaderd worden
Ik heb me al drie keer afgemeld en krijg nog steeds mails
Waarom krijg ik dit nog? Ik had me afgemeld
haal me daar uit
gooi me van de lijst
Ik wil dat jullie me van de lijst halen
ik wil dat jullie stoppen met sturen
Op grond van artikel 21 AVG maak ik bezwaar
Ik beroep me op het recht op vergetelheid
Gelieve mijn gegevens te verwijderen
Gelieve mij niet meer te mailen
geen reclame
geen spam
niks meer sturen
niet meer sturen
ik ben geen klant meer, verwijder mij
hoe blokkeer ik deze smsjes
ik wil niet op jullie lijst staan
ik wil het niet
kap met die berichten
doe mij maar uit het bestand
kunt u het sturen stoppen
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
When I unsubscribe from the gym, do I get my deposit back?
Can I cancel my appointment on Friday?
Please cancel my order 5531
I want to cancel my contract with you
I'd like to unsubscribe my son from the swimming class
Fix this or I'll unsubscribe
Before I unsubscribe, is there a student discount?
Your emails make my day, never stop
I unsubscribed from all the others, yours is the one I keep
Does the bus stop near your shop?
Please stop the delivery while I'm on holiday
Please remove the red shirt from my order
My colleague left, how do I delete his user?
Can you remove stains from leather?
Could you take the old sofa off my hands?
I can't get enough of your offers
Please don't delete my account
no more heating since this morning, please call
I told my ex to leave me alone and then your chocolates arrived. Perfect timing!
Please take me off the waiting list for Tuesday, I found another slot
Delete my comment on your blog please, there is a typo
You keep sending the wrong size, please stop sending blue ones
If we lose on Saturday I'm cancelling, I told the lads
My son wants to stop piano lessons after Easter
I never want to miss one of your emails again
My grandmother kept your letters until she died, thank you for them
Please remove the snow from our driveway, and don't send the bill to me
You removed me from the chat by mistake, please let me in again
Don't send the parcel to my old address
Do not contact the neighbours, the key is with me
How can I block a user in your app?
No more gluten for me, do you have other bread?
We don't want any more tiles than ordered
Please send no more than three boxes
Can the receptionist stop the music when calling me?
You can delete my old address, the new one is Elm Street 5
Please cancel the newspaper subscription for my late father
I'm on your list twice, keep just one entry please
I don't want it in blue, red please
Take me off the 3pm slot and put me in at 5
The STOP button on the treadmill is broken
I'd like to stop by tomorrow
Is there any way to turn off the notifications sound in the app?
Can you erase my search history?
When do you stop deliveries?
Can you stop the alarm remotely?
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
Kann ich meine Tochter vom Kurs abmelden?
Wie melde ich mein Auto ab?
Ich möchte meinen Vertrag kündigen
Bitte stornieren Sie meinen Termin
Sonst melde ich mich ab
Ich widerspreche der Mieterhöhung
Entfernen Sie auch Graffiti?
Bitte löschen Sie die zweite Bestellung
Können Sie meinen Mitarbeiter aus dem Konto entfernen?
Ich bekomme keine Mails mehr von euch, was ist los?
Hat meine Abmeldung vom Seminar geklappt?
Haltet ihr an der Stop-Linie?
Hören Sie bitte nie auf mit den Rezepten
Ich habe ihm gesagt, er soll mich in Ruhe lassen
Bitte nehmen Sie mich von der Warteliste
Löschen Sie bitte meinen Kommentar
Schicken Sie das Paket nicht mehr an die alte Adresse
Rufen Sie bitte nicht vor zehn an
Mein Sohn möchte mit dem Klavierunterricht aufhören
Ich will keinen Ihrer Newsletter mehr verpassen
Bitte keine Zwiebeln mehr auf die Pizza
Meine alte Adresse können Sie löschen, die neue ist Ulmenweg 5
Ich habe versprochen, mich abzumelden, wenn Köln absteigt. Köln bleibt drin!
Wir brauchen keine weiteren Fliesen
Bitte entfernen Sie den Schnee vor unserem Haus
Ich möchte nicht mehr warten, wann kommt der Techniker?
Wie lösche ich einen Benutzer in der App?
Das Abo der Zeitung für meinen verstorbenen Vater bitte kündigen
Schluss mit Winter, wann kommen die neuen Fahrräder?
Ich will es nicht in blau, lieber rot
Der Stopp-Knopf am Laufband ist kaputt
Kannst du die Werbung in der App kürzer machen?
Bitte meine Bestellung löschen, ich habe doppelt bestellt
Wann hören Sie mit der Auslieferung auf?
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
Quiero cancelar mi cita del lunes
Quiero dar de baja la línea de teléfono
Dar de baja a mi hijo de natación
Si no, me doy de baja
Quiten la cebolla de mi pedido
Ya no me llegan los correos
Estoy de baja por enfermedad
Antes de darme de baja, ¿hay descuento?
Me opongo al cobro
¿El autobús para cerca?
Quítenme de la lista de espera, ya encontré cita
Borren mi comentario por favor
No envíen el paquete a mi antigua dirección
No me llamen antes de las diez
Mi hijo quiere dejar el piano
No quiero perderme ni un correo más
Sin azúcar, por favor, y no más pan
Prometí darme de baja si perdíamos. ¡Ganamos!
¿Cómo elimino un usuario en la app?
Pueden borrar mi dirección antigua, la nueva es calle Olmo 5
Quisiera cancelar la suscripción al periódico de mi difunto padre
No lo quiero azul, mejor rojo
El botón de stop de la cinta está roto
Borren uno de los dos billetes, compré doble
¿Cuándo dejan de repartir por la noche?
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
Puis-je annuler mon rendez-vous ?
Je veux résilier mon contrat d'assurance
Est-ce que vous enlevez les tags ?
L'arrêt de bus est devant chez vous ?
Supprimez l'article en double de ma commande
Je ne reçois plus vos mails, pourquoi ?
Sinon je me désabonne
Avant de me désabonner, avez-vous un tarif étudiant ?
désinscrire ma fille du judo svp
Je m'oppose à la vente de l'immeuble
Je lui ai dit de me laisser tranquille
Retirez-moi de la liste d'attente, j'ai trouvé une place
Supprimez mon commentaire s'il vous plaît
N'envoyez plus le colis à mon ancienne adresse
Ne m'appelez pas avant dix heures
Mon fils veut arrêter le piano
Je ne veux plus rater un seul de vos mails
Plus de sucre pour moi, merci
J'avais promis de me désabonner si on perdait. On a gagné !
Comment supprimer un utilisateur dans l'appli ?
Merci de retirer la neige devant chez nous
Vous pouvez supprimer mon ancienne adresse, la nouvelle est 5 rue des Ormes
Je ne le veux pas en bleu, plutôt rouge
Le bouton stop du tapis est cassé
Supprimez un des deux billets, j'ai commandé en double
Quand arrêtez-vous les livraisons ?
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
Vorrei disdire l'abbonamento in palestra
Posso annullare la prenotazione?
Devo cancellare l'appuntamento di domani
Togliete la cipolla dal mio ordine
Cancellate l'ordine 55
Non ricevo più le vostre mail, come mai?
Non mi è arrivato nessun messaggio
Altrimenti mi cancello
Prima di disiscrivermi vorrei sapere se c'è uno sconto
Potete eliminare le macchie?
Basta la carta d'identità?
Mi oppongo alla multa
La fermata è davanti?
Gli ho detto di lasciarmi in pace
Toglietemi dalla lista d'attesa, ho trovato posto
Cancellate il mio commento per favore
Non spedite il pacco al vecchio indirizzo
Non chiamatemi prima delle dieci
Mio figlio vuole smettere con il pianoforte
Non voglio più perdermi una vostra mail
Basta zucchero per me
Avevo promesso di disiscrivermi se perdevamo. Abbiamo vinto!
Come elimino un utente nell'app?
Potete cancellare il mio vecchio indirizzo, il nuovo è via Olmo 5
Smettetela di essere così bravi, mi fate spendere tutto
Non lo voglio blu, meglio rosso
Il pulsante stop del tapis roulant è rotto
Cancellate uno dei due biglietti, ho comprato doppio
Ho tolto il vecchio mobile, potete portarlo via?
Quando smettete di consegnare la sera?
Potete fermare il furgone davanti al cancello?
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
Kan ik mijn afspraak afzeggen?
Ik wil mijn contract opzeggen
Kan ik mijn dochter afmelden voor zwemles?
Anders schrijf ik me uit
Voordat ik me afmeld: is er korting?
Haal de ui van mijn pizza
Verwijderen jullie ook graffiti?
Ik ontvang geen mails meer, hoe kan dat?
Verwijder artikel 3 uit mijn bestelling
Stopt bus 12 bij jullie?
Ik maak bezwaar tegen de factuur
Moet ik me afmelden bij ziekte?
Ik zei dat hij me met rust moest laten
Haal me van de wachtlijst, ik heb al een plek
Verwijder mijn reactie alstublieft
Stuur het pakket niet meer naar mijn oude adres
Bel me niet voor tien uur
Mijn zoon wil stoppen met pianoles
Ik wil geen mail van jullie meer missen
Geen suiker meer voor mij
Ik had beloofd me uit te schrijven als we verloren. Gewonnen!
Hoe verwijder ik een gebruiker in de app?
Mijn oude adres mag u verwijderen, het nieuwe is Iepenlaan 5
Ik wil hem niet in blauw, liever rood
De stopknop van de loopband is kapot
Verwijder een van de twee kaartjes, ik heb dubbel besteld
Ik had geen tijd om te komen, kan ik nog een afspraak maken?
""",
}
