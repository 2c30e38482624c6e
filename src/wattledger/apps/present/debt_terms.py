"""The words of the pages and letters about what is owed, in English, German, French, Dutch and Spanish."""

from __future__ import annotations

from typing import Final

ENGLISH: Final = {
    "invoice": "Invoice {number}", "rest": "Rest of your charging session", "due": "Due {day}",
    "where": "{site}, {moment}", "chip_open": "To be paid", "chip_waiting": "To be paid",
    "chip_on_its_way": "On its way", "chip_paid": "Paid", "chip_paid_back": "Paid back", "chip_closed": "Closed",
    "chip_late": "Overdue", "open": "Please pay {amount}", "waiting": "Please pay {amount}",
    "on_its_way": "Your payment is on its way", "paid": "Paid. Thank you.", "paid_back": "Paid back in full",
    "closed": "Nothing is to be paid here",
    "lead_invoice": "Pay by card here, or by transfer with the reference below.",
    "lead_card": "You pay on the page of our payment provider. We never see your card number.",
    "lead_rest": "Charging cost {total}; {taken} of it is paid. This pays exactly the rest.",
    "lead_waiting": "The payment page is open and waits for you.",
    "lead_confirm": "Your bank wants to see that it is you. Confirm the payment on the next page.",
    "lead_left": "You left the payment page. Nothing was charged; you can go back to it.",
    "lead_on_its_way": "Your bank or our provider is working on it. A direct debit takes some days. You need not "
                       "do anything.",
    "lead_paid_card": "{amount} by {card}.", "lead_paid": "Nothing is left to be paid.",
    "lead_paid_back": "Most banks show it within a few days.",
    "lead_closed": "It was taken back, or decided that it need not be paid.",
    "lead_offline": "It cannot be paid online just now.", "pay": "Pay {amount}",
    "pay_debit": "Pay by SEPA direct debit", "go_on": "Go to the payment page",
    "keep": "Also charge later invoices to this card or account",
    "keep_hint": "On their due date, by {seller}, until you say stop. Your bank or the provider keeps the "
                 "details, not we.",
    "refused": "The last try did not go through",
    "refused_text": "Your bank or card refused. Try again, or another card.", "transfer": "By bank transfer",
    "to": "To", "iban": "IBAN", "reference": "Reference", "amount": "Amount",
    "transfer_hint": "State the reference, so that it is matched at once. Scan the code with your bank's app.",
    "qr": "Code for your bank's app: a transfer of {amount}", "document_invoice": "Download the invoice (PDF)",
    "document_receipt": "Download the receipt (PDF)", "session": "Show the session", "total": "Total",
    "already": "Paid so far", "left": "To be paid", "help": "Help", "from": "From {seller}",
    "your_card": "your card or account", "problem": "That did not work", "mail_hello": "Good day,",
    "mail_pay": "Look at it and pay here:", "mail_help": "Questions? {phone}",
    "mail_link_subject": "Invoice {number} from {seller}",
    "mail_link": "{amount} of invoice {number} is still to be paid, due {day}. It is attached.",
    "mail_remind_subject": "Reminder: invoice {number} from {seller}",
    "mail_remind": "Perhaps it slipped your mind: {amount} of invoice {number}, due {day}, is still open. It is "
                   "attached. If you have paid meanwhile, thank you, and ignore this mail.",
    "mail_confirm_subject": "Please confirm your payment to {seller}",
    "mail_confirm": "We charged {amount} for invoice {number} to the method that you let us keep. Your bank "
                    "wants to see that it is you, so nothing was taken yet.",
    "mail_rest_subject": "Rest of your charging session at {site}",
    "mail_rest": "Your session at {site} that ended {moment} cost more than could be charged to your card. "
                 "{amount} is left to be paid. The page shows how the price came about.",
    "mail_renew_subject": "Please confirm, so that charging at {site} goes on", "mail_renew_here": "Confirm here:",
    "mail_renew": "Your car is still charging at {site}. Banks let a hold go after some days, so please confirm "
                  "another one of {amount} before {moment}: the first is released then, and you pay only what you "
                  "use. If you do not, charging stops at that time.",
}  # fmt: skip

GERMAN: Final = {
    "invoice": "Rechnung {number}", "rest": "Rest Ihres Ladevorgangs", "due": "Fällig am {day}",
    "where": "{site}, {moment}", "chip_open": "Offen", "chip_waiting": "Offen", "chip_on_its_way": "Unterwegs",
    "chip_paid": "Bezahlt", "chip_paid_back": "Erstattet", "chip_closed": "Erledigt", "chip_late": "Überfällig",
    "open": "Bitte zahlen Sie {amount}", "waiting": "Bitte zahlen Sie {amount}",
    "on_its_way": "Ihre Zahlung ist unterwegs", "paid": "Bezahlt. Vielen Dank.",
    "paid_back": "Vollständig erstattet", "closed": "Hier ist nichts zu zahlen",
    "lead_invoice": "Zahlen Sie hier mit Karte oder per Überweisung mit dem Verwendungszweck unten.",
    "lead_card": "Sie zahlen auf der Seite unseres Zahlungsdienstes. Ihre Kartennummer sehen wir nie.",
    "lead_rest": "Der Ladevorgang kostete {total}; davon sind {taken} bezahlt. Hier zahlen Sie genau den Rest.",
    "lead_waiting": "Die Zahlungsseite ist offen und wartet auf Sie.",
    "lead_confirm": "Ihre Bank möchte sehen, dass Sie es sind. Bestätigen Sie die Zahlung auf der nächsten Seite.",
    "lead_left": "Sie haben die Zahlungsseite verlassen. Nichts wurde abgebucht; Sie können dorthin zurück.",
    "lead_on_its_way": "Ihre Bank oder unser Zahlungsdienst arbeitet daran. Eine Lastschrift dauert einige Tage. "
                       "Sie müssen nichts tun.",
    "lead_paid_card": "{amount} mit {card}.", "lead_paid": "Es ist nichts mehr zu zahlen.",
    "lead_paid_back": "Die meisten Banken zeigen es innerhalb weniger Tage.",
    "lead_closed": "Es wurde zurückgenommen, oder es wird darauf verzichtet.",
    "lead_offline": "Online kann das gerade nicht bezahlt werden.", "pay": "{amount} zahlen",
    "pay_debit": "Per SEPA-Lastschrift zahlen", "go_on": "Zur Zahlungsseite",
    "keep": "Auch spätere Rechnungen hiervon abbuchen",
    "keep_hint": "Am Fälligkeitstag, durch {seller}, bis Sie widerrufen. Die Daten verwahrt Ihre Bank oder der "
                 "Zahlungsdienst, nicht wir.",
    "refused": "Der letzte Versuch ist nicht gelungen",
    "refused_text": "Ihre Bank oder Karte hat abgelehnt. Versuchen Sie es noch einmal, oder mit einer anderen "
                    "Karte.",
    "transfer": "Per Überweisung", "to": "Empfänger", "iban": "IBAN", "reference": "Verwendungszweck",
    "amount": "Betrag",
    "transfer_hint": "Mit dem Verwendungszweck wird sie sofort zugeordnet. Der Code füllt die Überweisung in der "
                     "App Ihrer Bank aus.",
    "qr": "Code für die App Ihrer Bank: Überweisung von {amount}",
    "document_invoice": "Rechnung herunterladen (PDF)", "document_receipt": "Beleg herunterladen (PDF)",
    "session": "Ladevorgang ansehen", "total": "Summe", "already": "Bereits bezahlt", "left": "Zu zahlen",
    "help": "Hilfe", "from": "Von {seller}", "your_card": "Ihrer Karte oder Ihrem Konto",
    "problem": "Das hat nicht geklappt", "mail_hello": "Guten Tag,", "mail_pay": "Hier ansehen und bezahlen:",
    "mail_help": "Fragen? {phone}", "mail_link_subject": "Rechnung {number} von {seller}",
    "mail_link": "{amount} der Rechnung {number} sind noch offen, fällig am {day}. Sie liegt bei.",
    "mail_remind_subject": "Erinnerung: Rechnung {number} von {seller}",
    "mail_remind": "Vielleicht ist es Ihnen entgangen: {amount} der Rechnung {number}, fällig am {day}, sind "
                   "noch offen. Sie liegt bei. Haben Sie inzwischen bezahlt? Dann danken wir Ihnen; diese Mail "
                   "ist gegenstandslos.",
    "mail_confirm_subject": "Bitte bestätigen Sie Ihre Zahlung an {seller}",
    "mail_confirm": "Wir wollten {amount} für Rechnung {number} wie vereinbart abbuchen. Ihre Bank möchte sehen, "
                    "dass Sie es sind; bis jetzt wurde nichts abgebucht.",
    "mail_rest_subject": "Rest Ihres Ladevorgangs: {site}",
    "mail_rest": "Ihr Ladevorgang bei {site}, beendet {moment}, kostete mehr, als von Ihrer Karte abgebucht "
                 "werden konnte. {amount} sind noch zu zahlen. Die Seite zeigt, wie der Preis entstand.",
    "mail_renew_subject": "Bitte bestätigen, damit das Laden bei {site} weitergeht",
    "mail_renew_here": "Hier bestätigen:",
    "mail_renew": "Ihr Auto lädt noch bei {site}. Banken geben eine Reservierung nach einigen Tagen frei. Bitte "
                  "bestätigen Sie deshalb vor {moment} eine neue über {amount}: Die erste wird dann aufgehoben, "
                  "und Sie zahlen nur, was Sie verbrauchen. Andernfalls endet das Laden zu dieser Zeit.",
}  # fmt: skip

FRENCH: Final = {
    "invoice": "Facture {number}", "rest": "Solde de votre session de charge", "due": "Échéance : {day}",
    "where": "{site}, {moment}", "chip_open": "À payer", "chip_waiting": "À payer", "chip_on_its_way": "En cours",
    "chip_paid": "Payé", "chip_paid_back": "Remboursé", "chip_closed": "Clos", "chip_late": "En retard",
    "open": "Montant à payer : {amount}", "waiting": "Montant à payer : {amount}",
    "on_its_way": "Votre paiement est en cours", "paid": "Payé. Merci.", "paid_back": "Intégralement remboursé",
    "closed": "Il n'y a rien à payer ici",
    "lead_invoice": "Payez ici par carte, ou par virement avec la référence ci-dessous.",
    "lead_card": "Vous payez sur la page de notre prestataire. Nous ne voyons jamais votre numéro de carte.",
    "lead_rest": "La charge a coûté {total}, dont {taken} sont payés. Vous payez ici exactement le solde.",
    "lead_waiting": "La page de paiement est ouverte et vous attend.",
    "lead_confirm": "Votre banque veut s'assurer que c'est vous. Confirmez le paiement à la page suivante.",
    "lead_left": "Vous avez quitté la page de paiement. Rien n'a été débité ; vous pouvez y retourner.",
    "lead_on_its_way": "Votre banque ou notre prestataire s'en occupe. Un prélèvement prend quelques jours. Vous "
                       "n'avez rien à faire.",
    "lead_paid_card": "{amount} par {card}.", "lead_paid": "Il ne reste rien à payer.",
    "lead_paid_back": "La plupart des banques l'affichent en quelques jours.",
    "lead_closed": "Cela a été annulé, ou il a été décidé de ne pas le réclamer.",
    "lead_offline": "Le paiement en ligne n'est pas possible pour le moment.", "pay": "Payer {amount}",
    "pay_debit": "Payer par prélèvement SEPA", "go_on": "Aller à la page de paiement",
    "keep": "Débiter aussi les factures suivantes",
    "keep_hint": "À leur échéance, par {seller}, jusqu'à ce que vous y mettiez fin. Vos données restent chez "
                 "votre banque ou le prestataire, pas chez nous.",
    "refused": "Le dernier essai n'a pas abouti",
    "refused_text": "Votre banque ou votre carte a refusé. Réessayez, ou prenez une autre carte.",
    "transfer": "Par virement", "to": "Bénéficiaire", "iban": "IBAN", "reference": "Référence",
    "amount": "Montant",
    "transfer_hint": "Indiquez la référence : le virement est attribué aussitôt. Le code remplit le virement "
                     "dans l'application de votre banque.",
    "qr": "Code pour l'application de votre banque : virement de {amount}",
    "document_invoice": "Télécharger la facture (PDF)", "document_receipt": "Télécharger le reçu (PDF)",
    "session": "Voir la session", "total": "Total", "already": "Déjà payé", "left": "À payer", "help": "Aide",
    "from": "De {seller}", "your_card": "votre carte ou votre compte", "problem": "Cela n'a pas fonctionné",
    "mail_hello": "Bonjour,", "mail_pay": "Voir et payer ici :", "mail_help": "Des questions ? {phone}",
    "mail_link_subject": "Facture {number} de {seller}",
    "mail_link": "Il reste {amount} à payer de la facture {number}, échéance {day}. Elle est jointe.",
    "mail_remind_subject": "Rappel : facture {number} de {seller}",
    "mail_remind": "Peut-être vous a-t-elle échappé : {amount} de la facture {number}, échéance {day}, restent à "
                   "payer. Elle est jointe. Si vous avez payé entre-temps, merci ; ne tenez pas compte de ce "
                   "message.",
    "mail_confirm_subject": "Veuillez confirmer votre paiement à {seller}",
    "mail_confirm": "Nous voulions débiter {amount} pour la facture {number}, comme convenu. Votre banque veut "
                    "s'assurer que c'est vous ; rien n'a encore été débité.",
    "mail_rest_subject": "Solde de votre session de charge à {site}",
    "mail_rest": "Votre session à {site}, terminée le {moment}, a coûté plus que ce qui a pu être débité de "
                 "votre carte. Il reste {amount} à payer. La page montre comment le prix se compose.",
    "mail_renew_subject": "Merci de confirmer pour que la charge à {site} continue",
    "mail_renew_here": "Confirmer ici :",
    "mail_renew": "Votre voiture charge encore à {site}. Les banques libèrent une réservation après quelques "
                  "jours. Merci d'en confirmer une nouvelle de {amount} avant le {moment} : la première est alors "
                  "levée, et vous ne payez que ce que vous consommez. Sinon, la charge s'arrête à ce moment-là.",
}  # fmt: skip

DUTCH: Final = {
    "invoice": "Factuur {number}", "rest": "Rest van uw laadsessie", "due": "Vervalt op {day}",
    "where": "{site}, {moment}", "chip_open": "Te betalen", "chip_waiting": "Te betalen",
    "chip_on_its_way": "Onderweg", "chip_paid": "Betaald", "chip_paid_back": "Terugbetaald",
    "chip_closed": "Afgesloten", "chip_late": "Te laat", "open": "Te betalen: {amount}",
    "waiting": "Te betalen: {amount}", "on_its_way": "Uw betaling is onderweg", "paid": "Betaald. Dank u wel.",
    "paid_back": "Volledig terugbetaald", "closed": "Hier is niets te betalen",
    "lead_invoice": "Betaal hier met een kaart, of per overschrijving met de referentie hieronder.",
    "lead_card": "U betaalt op de pagina van onze betaaldienst. Uw kaartnummer zien wij nooit.",
    "lead_rest": "Het laden kostte {total}; daarvan is {taken} betaald. Hier betaalt u precies de rest.",
    "lead_waiting": "De betaalpagina staat open en wacht op u.",
    "lead_confirm": "Uw bank wil zien dat u het bent. Bevestig de betaling op de volgende pagina.",
    "lead_left": "U hebt de betaalpagina verlaten. Er is niets afgeschreven; u kunt ernaar terug.",
    "lead_on_its_way": "Uw bank of onze betaaldienst werkt eraan. Een incasso duurt enkele dagen. U hoeft niets "
                       "te doen.",
    "lead_paid_card": "{amount} met {card}.", "lead_paid": "Er is niets meer te betalen.",
    "lead_paid_back": "De meeste banken tonen het binnen enkele dagen.",
    "lead_closed": "Het is teruggenomen, of er is besloten dat het niet betaald hoeft te worden.",
    "lead_offline": "Online betalen kan nu even niet.", "pay": "{amount} betalen",
    "pay_debit": "Betalen per SEPA-incasso", "go_on": "Naar de betaalpagina",
    "keep": "Ook latere facturen hiervan afschrijven",
    "keep_hint": "Op de vervaldag, door {seller}, tot u het stopzet. Uw bank of de betaaldienst bewaart de "
                 "gegevens, wij niet.",
    "refused": "De laatste poging is niet gelukt",
    "refused_text": "Uw bank of kaart weigerde. Probeer het opnieuw, of met een andere kaart.",
    "transfer": "Per overschrijving", "to": "Aan", "iban": "IBAN", "reference": "Referentie", "amount": "Bedrag",
    "transfer_hint": "Met de referentie wordt ze meteen herkend. De code vult de overschrijving in de app van uw "
                     "bank in.",
    "qr": "Code voor de app van uw bank: overschrijving van {amount}",
    "document_invoice": "Factuur downloaden (PDF)", "document_receipt": "Bon downloaden (PDF)",
    "session": "Sessie bekijken", "total": "Totaal", "already": "Al betaald", "left": "Te betalen", "help": "Hulp",
    "from": "Van {seller}", "your_card": "uw kaart of rekening", "problem": "Dat is niet gelukt",
    "mail_hello": "Goedendag,", "mail_pay": "Hier bekijken en betalen:", "mail_help": "Vragen? {phone}",
    "mail_link_subject": "Factuur {number} van {seller}",
    "mail_link": "Van factuur {number} staat nog {amount} open, te betalen voor {day}. Ze zit bij deze mail.",
    "mail_remind_subject": "Herinnering: factuur {number} van {seller}",
    "mail_remind": "Misschien is het u ontgaan: van factuur {number}, te betalen voor {day}, staat nog {amount} "
                   "open. Ze zit bij deze mail. Hebt u intussen betaald, dank u wel; u hoeft niets meer te doen.",
    "mail_confirm_subject": "Bevestig uw betaling aan {seller}",
    "mail_confirm": "Wij wilden {amount} voor factuur {number} afschrijven, zoals afgesproken. Uw bank wil zien "
                    "dat u het bent; er is nog niets afgeschreven.",
    "mail_rest_subject": "Rest van uw laadsessie bij {site}",
    "mail_rest": "Uw sessie bij {site}, geëindigd {moment}, kostte meer dan van uw kaart kon worden "
                 "afgeschreven. Er is nog {amount} te betalen. De pagina toont hoe de prijs ontstond.",
    "mail_renew_subject": "Bevestig, zodat het laden bij {site} doorgaat",
    "mail_renew_here": "Hier bevestigen:",
    "mail_renew": "Uw auto laadt nog bij {site}. Banken geven een reservering na enkele dagen vrij. Bevestig "
                  "daarom vóór {moment} een nieuwe van {amount}: de eerste wordt dan vrijgegeven, en u betaalt "
                  "alleen wat u verbruikt. Doet u dat niet, dan stopt het laden op dat moment.",
}  # fmt: skip

SPANISH: Final = {
    "invoice": "Factura {number}", "rest": "Resto de su sesión de carga", "due": "Vence el {day}",
    "where": "{site}, {moment}", "chip_open": "Por pagar", "chip_waiting": "Por pagar",
    "chip_on_its_way": "En camino", "chip_paid": "Pagado", "chip_paid_back": "Devuelto", "chip_closed": "Cerrado",
    "chip_late": "Vencida", "open": "Por pagar: {amount}", "waiting": "Por pagar: {amount}",
    "on_its_way": "Su pago está en camino", "paid": "Pagado. Gracias.", "paid_back": "Devuelto por completo",
    "closed": "Aquí no hay nada que pagar",
    "lead_invoice": "Pague aquí con tarjeta, o por transferencia con la referencia de abajo.",
    "lead_card": "Paga en la página de nuestro proveedor de pagos. Nunca vemos el número de su tarjeta.",
    "lead_rest": "La carga costó {total}; {taken} ya están pagados. Aquí paga exactamente el resto.",
    "lead_waiting": "La página de pago está abierta y le espera.",
    "lead_confirm": "Su banco quiere comprobar que es usted. Confirme el pago en la página siguiente.",
    "lead_left": "Salió de la página de pago. No se cobró nada; puede volver a ella.",
    "lead_on_its_way": "Su banco o nuestro proveedor lo está tramitando. Un adeudo tarda unos días. No tiene que "
                       "hacer nada.",
    "lead_paid_card": "{amount} con {card}.", "lead_paid": "No queda nada por pagar.",
    "lead_paid_back": "La mayoría de los bancos lo muestran en unos días.",
    "lead_closed": "Se anuló, o se decidió no reclamarlo.",
    "lead_offline": "Ahora mismo no se puede pagar en línea.", "pay": "Pagar {amount}",
    "pay_debit": "Pagar por adeudo SEPA", "go_on": "Ir a la página de pago",
    "keep": "Cobrar también las próximas facturas aquí",
    "keep_hint": "En su vencimiento, por {seller}, hasta que usted lo detenga. Su banco o el proveedor guarda "
                 "los datos, nosotros no.",
    "refused": "El último intento no salió bien",
    "refused_text": "Su banco o su tarjeta lo rechazó. Inténtelo de nuevo, o con otra tarjeta.",
    "transfer": "Por transferencia", "to": "Beneficiario", "iban": "IBAN", "reference": "Referencia",
    "amount": "Importe",
    "transfer_hint": "Indique la referencia y se asignará al momento. El código rellena la transferencia en la "
                     "aplicación de su banco.",
    "qr": "Código para la aplicación de su banco: transferencia de {amount}",
    "document_invoice": "Descargar la factura (PDF)", "document_receipt": "Descargar el recibo (PDF)",
    "session": "Ver la sesión", "total": "Total", "already": "Ya pagado", "left": "Por pagar", "help": "Ayuda",
    "from": "De {seller}", "your_card": "su tarjeta o cuenta", "problem": "Eso no funcionó",
    "mail_hello": "Buenos días:", "mail_pay": "Véalo y páguelo aquí:", "mail_help": "¿Preguntas? {phone}",
    "mail_link_subject": "Factura {number} de {seller}",
    "mail_link": "Quedan {amount} por pagar de la factura {number}, que vence el {day}. Va adjunta.",
    "mail_remind_subject": "Recordatorio: factura {number} de {seller}",
    "mail_remind": "Quizá se le pasó: quedan {amount} por pagar de la factura {number}, que venció el {day}. Va "
                   "adjunta. Si ya ha pagado, gracias; no haga caso de este mensaje.",
    "mail_confirm_subject": "Confirme su pago a {seller}",
    "mail_confirm": "Quisimos cobrar {amount} de la factura {number}, como acordamos. Su banco quiere comprobar "
                    "que es usted; todavía no se ha cobrado nada.",
    "mail_rest_subject": "Resto de su sesión de carga en {site}",
    "mail_rest": "Su sesión en {site}, terminada el {moment}, costó más de lo que se pudo cobrar a su tarjeta. "
                 "Quedan {amount} por pagar. La página muestra cómo se formó el precio.",
    "mail_renew_subject": "Confirme para que la carga en {site} continúe",
    "mail_renew_here": "Confirmar aquí:",
    "mail_renew": "Su coche sigue cargando en {site}. Los bancos liberan una retención al cabo de unos días. "
                  "Confirme una nueva de {amount} antes del {moment}: la primera se libera entonces, y usted paga "
                  "solo lo que consume. Si no, la carga termina en ese momento.",
}  # fmt: skip

DEBT_TERMS: Final = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "nl": DUTCH, "es": SPANISH}
