"""The standard text of every kind of mail in both languages. Paragraphs are parted by a blank line.

A paragraph all of whose placeholders are blank falls away, so a text need not know what an offer lacks.
"""

from __future__ import annotations

from typing import NamedTuple

from crm.notifications.kinds import Kind


class Wording(NamedTuple):
    subject: str
    body: str
    button: str


EN: dict[Kind, Wording] = {
    Kind.PROPOSAL_SENT: Wording(
        "Your proposal from {company}: {title}",
        "Hello {customer},\n\nYour proposal for “{title}” is ready. On its page you can read it, choose, sign and "
        "pay the deposit.\n\n{message}\n\nIt is valid until {valid_until}.",
        "Open the proposal",
    ),
    Kind.REMINDER: Wording(
        "Your proposal “{title}” is valid until {valid_until}",
        "Hello {customer},\n\nThis is a reminder: the proposal “{title}” can be accepted until {valid_until}.\n\n"
        "If you have a question, answer this mail or write to us on the proposal’s page.",
        "Open the proposal",
    ),
    Kind.THANK_YOU: Wording(
        "Thank you: “{title}” is approved",
        "Hello {customer},\n\nThank you. {signer} approved the proposal “{title}” for {total}.\n\n"
        "What happens next: with the deposit of {deposit} your place in our schedule is reserved. We then call you "
        "to agree on the first day of work.\n\nThe signed proposal stays on its page, where you can read it again.",
        "See the signed proposal",
    ),
    Kind.RECEIPT: Wording(
        "Receipt: {amount} for “{title}”",
        "Hello {customer},\n\nWe received your payment. Thank you. This mail is your receipt.",
        "See payments",
    ),
    Kind.PAYMENT_ASKED: Wording(
        "{part} of {amount} is due for “{title}”",
        "Hello {customer},\n\nThe payment “{part}” for “{title}” is due now. You can pay it by card or bank transfer "
        "on the proposal’s page.",
        "Pay {amount}",
    ),
    Kind.PAYMENT_FAILED: Wording(
        "Your bank transfer for “{title}” did not go through",
        "Hello {customer},\n\nYour bank did not carry out the transfer of {amount} for “{title}”. No money was "
        "taken.\n\nPlease try again, or use another account or a card.",
        "Try again",
    ),
    Kind.REFUND_MADE: Wording(
        "Refund: {amount} for “{title}”",
        "Hello {customer},\n\nWe refunded {amount} for “{title}”. It goes back the way you paid and usually arrives "
        "within 5 to 10 business days.",
        "See payments",
    ),
    Kind.CHANGE_ORDER_SENT: Wording(
        "A change to “{title}” for you to approve",
        "Hello {customer},\n\nWe wrote down a change to the work: “{change}”.\n\nNothing changes until you approve it.",
        "Read the change",
    ),
    Kind.CHANGE_ORDER_SIGNED: Wording(
        "Thank you: the change “{change}” is signed",
        "Hello {customer},\n\nThank you. {signer} signed the change “{change}” to “{title}”. The new total is "
        "{total}.\n\nThe signed change stays on the proposal’s page, where you can read it again.",
        "See the signed change",
    ),
    Kind.CANCELLED: Wording(
        "The contract “{title}” is cancelled",
        "Hello {customer},\n\nThe contract “{title}” was cancelled on {cancelled_on}.\n\nWhat you paid and is to be "
        "returned goes back the way you paid. We write to you when the refund is made.",
        "Open the page",
    ),
    Kind.ANSWERED: Wording(
        "{company} answered you about “{title}”",
        "Hello {customer},\n\n{message}",
        "Read and reply",
    ),
    Kind.STAFF_LEAD: Wording(
        "New lead: {customer}",
        "{customer} wrote to {company} with the form on the website.\n\nTo reach them: {contact}\n\n"
        "Their words: {message}",
        "Open in the console",
    ),
    Kind.STAFF_VIEWED: Wording(
        "{customer} opened “{title}”",
        "{customer} opened the proposal “{title}” for the first time.",
        "Open in the console",
    ),
    Kind.STAFF_APPROVED: Wording(
        "{customer} approved “{title}”: {total}",
        "{signer} approved the proposal “{title}”.",
        "Open in the console",
    ),
    Kind.STAFF_DECLINED: Wording(
        "{customer} declined “{title}”",
        "{customer} declined the proposal “{title}”.\n\nTheir words: {reason}",
        "Open in the console",
    ),
    Kind.STAFF_PAID: Wording(
        "{amount} paid by {customer}",
        "{customer} paid “{part}” for “{title}”.",
        "Open in the console",
    ),
    Kind.STAFF_PAYMENT_FAILED: Wording(
        "A payment of {amount} by {customer} failed",
        "The payment “{part}” for “{title}” failed: {reason}\n\nThe customer was told and can pay again.",
        "Open in the console",
    ),
    Kind.STAFF_ASKED: Wording(
        "{customer} wrote about “{title}”",
        "{customer} wrote on the page of “{title}”:\n\n{message}",
        "Answer in the console",
    ),
    Kind.STAFF_LINK_ASKED: Wording(
        "{customer} needs a new link for “{title}”",
        "The link with which somebody opens “{title}” no longer works, and they asked for a new one.",
        "Send a new link",
    ),
    Kind.STAFF_CHANGE_ORDER: Wording(
        "Change to “{title}”: {answer}",
        "The customer answered the change “{change}” to “{title}”: {answer}.",
        "Open in the console",
    ),
    Kind.STAFF_DISPUTE: Wording(
        "A bank disputes {amount} paid by {customer}",
        "The bank of {customer} disputes {amount} for “{title}”. Answer in Stripe before its deadline, with the "
        "signed proposal as evidence.",
        "Open in the console",
    ),
    Kind.STAFF_RECONNECT: Wording(
        "QuickBooks is disconnected: payments wait",
        "The connection of {company} to QuickBooks has ended: {reason}\n\nPayments are taken as before and wait. "
        "They are booked as soon as somebody connects again.",
        "Connect QuickBooks",
    ),
    Kind.STAFF_READS: Wording(
        "{percent} % of this month's reads from QuickBooks are used",
        "{company} has used {used} of {budget} reads; at this pace the month ends with {forecast}. From 80 % on, checks "
        "wait for the next month; from 95 % on, only what postings need is read. Writing into the books goes on.",
        "See the quota",
    ),
}

ES: dict[Kind, Wording] = {
    Kind.PROPOSAL_SENT: Wording(
        "Su propuesta de {company}: {title}",
        "Hola, {customer}:\n\nSu propuesta para «{title}» está lista. En su página puede leerla, elegir, firmar y "
        "pagar el depósito.\n\n{message}\n\nEs válida hasta el {valid_until}.",
        "Abrir la propuesta",
    ),
    Kind.REMINDER: Wording(
        "Su propuesta «{title}» es válida hasta el {valid_until}",
        "Hola, {customer}:\n\nLe recordamos que puede aceptar la propuesta «{title}» hasta el {valid_until}.\n\n"
        "Si tiene una pregunta, responda a este correo o escríbanos en la página de la propuesta.",
        "Abrir la propuesta",
    ),
    Kind.THANK_YOU: Wording(
        "Gracias: «{title}» está aprobada",
        "Hola, {customer}:\n\nGracias. {signer} aprobó la propuesta «{title}» por {total}.\n\n"
        "Lo que sigue: con el depósito de {deposit} queda reservado su lugar en nuestro calendario. Después le "
        "llamamos para acordar el primer día de trabajo.\n\nLa propuesta firmada queda en su página, donde puede "
        "leerla de nuevo.",
        "Ver la propuesta firmada",
    ),
    Kind.RECEIPT: Wording(
        "Recibo: {amount} por «{title}»",
        "Hola, {customer}:\n\nRecibimos su pago. Gracias. Este correo es su recibo.",
        "Ver los pagos",
    ),
    Kind.PAYMENT_ASKED: Wording(
        "{part}: {amount} por pagar de «{title}»",
        "Hola, {customer}:\n\nYa puede pagar «{part}» de «{title}», con tarjeta o transferencia bancaria, en la "
        "página de la propuesta.",
        "Pagar {amount}",
    ),
    Kind.PAYMENT_FAILED: Wording(
        "Su transferencia por «{title}» no se realizó",
        "Hola, {customer}:\n\nSu banco no realizó la transferencia de {amount} por «{title}». No se cobró nada.\n\n"
        "Inténtelo de nuevo, o use otra cuenta o una tarjeta.",
        "Intentar de nuevo",
    ),
    Kind.REFUND_MADE: Wording(
        "Reembolso: {amount} por «{title}»",
        "Hola, {customer}:\n\nLe reembolsamos {amount} por «{title}». El dinero vuelve por el medio con que pagó y "
        "suele llegar en 5 a 10 días hábiles.",
        "Ver los pagos",
    ),
    Kind.CHANGE_ORDER_SENT: Wording(
        "Un cambio en «{title}» para su aprobación",
        "Hola, {customer}:\n\nAnotamos un cambio en el trabajo: «{change}».\n\nNada cambia hasta que usted lo apruebe.",
        "Leer el cambio",
    ),
    Kind.CHANGE_ORDER_SIGNED: Wording(
        "Gracias: el cambio «{change}» está firmado",
        "Hola, {customer}:\n\nGracias. {signer} firmó el cambio «{change}» de «{title}». El nuevo total es de "
        "{total}.\n\nEl cambio firmado queda en la página de la propuesta, donde puede leerlo de nuevo.",
        "Ver el cambio firmado",
    ),
    Kind.CANCELLED: Wording(
        "El contrato «{title}» está cancelado",
        "Hola, {customer}:\n\nEl contrato «{title}» se canceló el {cancelled_on}.\n\nLo que pagó y deba devolverse "
        "vuelve por el medio con que pagó. Le escribimos cuando se haga el reembolso.",
        "Abrir la página",
    ),
    Kind.ANSWERED: Wording(
        "{company} le respondió sobre «{title}»",
        "Hola, {customer}:\n\n{message}",
        "Leer y responder",
    ),
    Kind.STAFF_LEAD: Wording(
        "Nuevo interesado: {customer}",
        "{customer} escribió a {company} con el formulario del sitio web.\n\nPara responder: {contact}\n\n"
        "Sus palabras: {message}",
        "Abrir en la consola",
    ),
    Kind.STAFF_VIEWED: Wording(
        "{customer} abrió «{title}»",
        "{customer} abrió por primera vez la propuesta «{title}».",
        "Abrir en la consola",
    ),
    Kind.STAFF_APPROVED: Wording(
        "{customer} aprobó «{title}»: {total}",
        "{signer} aprobó la propuesta «{title}».",
        "Abrir en la consola",
    ),
    Kind.STAFF_DECLINED: Wording(
        "{customer} rechazó «{title}»",
        "{customer} rechazó la propuesta «{title}».\n\nSus palabras: {reason}",
        "Abrir en la consola",
    ),
    Kind.STAFF_PAID: Wording(
        "{customer} pagó {amount}", "{customer} pagó «{part}» de «{title}».", "Abrir en la consola"
    ),
    Kind.STAFF_PAYMENT_FAILED: Wording(
        "Falló un pago de {amount} de {customer}",
        "El pago «{part}» de «{title}» falló: {reason}\n\nEl cliente fue avisado y puede pagar de nuevo.",
        "Abrir en la consola",
    ),
    Kind.STAFF_ASKED: Wording(
        "{customer} escribió sobre «{title}»",
        "{customer} escribió en la página de «{title}»:\n\n{message}",
        "Responder en la consola",
    ),
    Kind.STAFF_LINK_ASKED: Wording(
        "{customer} necesita un enlace nuevo para «{title}»",
        "El enlace con que alguien abre «{title}» ya no funciona, y pidió uno nuevo.",
        "Enviar un enlace nuevo",
    ),
    Kind.STAFF_CHANGE_ORDER: Wording(
        "Cambio en «{title}»: {answer}",
        "El cliente respondió al cambio «{change}» de «{title}»: {answer}.",
        "Abrir en la consola",
    ),
    Kind.STAFF_DISPUTE: Wording(
        "Un banco disputa {amount} de {customer}",
        "El banco de {customer} disputa {amount} por «{title}». Responda en Stripe antes del plazo, con la propuesta "
        "firmada como prueba.",
        "Abrir en la consola",
    ),
    Kind.STAFF_RECONNECT: Wording(
        "QuickBooks está desconectado: los pagos esperan",
        "La conexión de {company} con QuickBooks terminó: {reason}\n\nLos pagos se reciben como antes y esperan. Se "
        "registran en cuanto alguien conecte de nuevo.",
        "Conectar QuickBooks",
    ),
    Kind.STAFF_READS: Wording(
        "Usado el {percent} % de las lecturas de QuickBooks de este mes",
        "{company} ha usado {used} de {budget} lecturas; a este ritmo el mes termina con {forecast}. Desde el 80 % las "
        "comprobaciones esperan al mes siguiente; desde el 95 % solo se lee lo que los registros necesitan. Se sigue "
        "registrando en la contabilidad.",
        "Ver la cuota",
    ),
}

STANDARD: dict[str, dict[Kind, Wording]] = {"en": EN, "es": ES}

# The names of the figures that stand under each other in a mail.
LABELS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Proposal",
        "customer": "Customer",
        "total": "Total",
        "deposit": "Deposit",
        "amount": "Amount",
        "part": "Payment",
        "change": "Change",
        "paid_on": "Paid on",
        "remaining": "Remains to pay",
        "valid_until": "Valid until",
    },
    "es": {
        "title": "Propuesta",
        "customer": "Cliente",
        "total": "Total",
        "deposit": "Depósito",
        "amount": "Importe",
        "part": "Pago",
        "change": "Cambio",
        "paid_on": "Pagado el",
        "remaining": "Queda por pagar",
        "valid_until": "Válida hasta",
    },
}

FOOTERS: dict[str, dict[str, str]] = {
    "en": {
        "customer": "You receive this mail because {company} made a proposal for you.",
        "staff": "You receive this notice because you work with {company} in PeakPro CRM.",
        "unsubscribe": "No more reminders",
    },
    "es": {
        "customer": "Recibe este correo porque {company} hizo una propuesta para usted.",
        "staff": "Recibe este aviso porque trabaja con {company} en PeakPro CRM.",
        "unsubscribe": "No recibir más recordatorios",
    },
}

ROWS: dict[Kind, tuple[str, ...]] = {
    Kind.PROPOSAL_SENT: ("title", "total", "deposit", "valid_until"),
    Kind.REMINDER: ("title", "total", "deposit", "valid_until"),
    Kind.THANK_YOU: ("title", "total", "deposit"),
    Kind.RECEIPT: ("title", "part", "amount", "paid_on", "remaining"),
    Kind.PAYMENT_ASKED: ("title", "part", "amount"),
    Kind.PAYMENT_FAILED: ("title", "part", "amount"),
    Kind.REFUND_MADE: ("title", "amount"),
    Kind.CHANGE_ORDER_SENT: ("title", "change", "amount"),
    Kind.CHANGE_ORDER_SIGNED: ("title", "change", "amount", "total"),
    Kind.STAFF_VIEWED: ("customer", "title", "total"),
    Kind.STAFF_APPROVED: ("customer", "title", "total"),
    Kind.STAFF_DECLINED: ("customer", "title", "total"),
    Kind.STAFF_PAID: ("customer", "title", "part", "amount", "remaining"),
    Kind.STAFF_CHANGE_ORDER: ("customer", "title", "change", "amount"),
    Kind.STAFF_DISPUTE: ("customer", "title", "amount"),
}
