"""Every word on the papers that nobody typed, in English and Spanish, and dates as people of each language write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from crm.law.cancellation_notice import in_words

Language = Literal["en", "es"]

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "page": "Page {n} of {of}",
        "proposal_version": "Proposal {number}, version {version}",
        "signed_proposal": "Signed proposal {number}",
        "change_order": "Change order {position} to proposal {number}",
        "signed_change_order": "Signed change order {position} to proposal {number}",
        "draft": "DRAFT",
        "prepared_for": "Prepared for",
        "received_from": "Received from",
        "refunded_to": "Refunded to",
        "other_items": "Other items",
        "job_site": "Job site",
        "date": "Date",
        "valid_until": "Valid until",
        "total_price": "Total price",
        "from_total": "Total price, {option}",
        "deposit_to_start": "Deposit to start: {amount}",
        "included": "What is included",
        "in_every_option": "In every option",
        "option": "Option: {option}",
        "chosen_option": "Chosen option: {option}",
        "item": "Item",
        "quantity": "Quantity",
        "price": "Price",
        "amount": "Amount",
        "extra": "Extra, your choice",
        "extra_counted": "Extra, included in the total",
        "extra_chosen": "Extra, chosen",
        "discount": "Discount {discount}",
        "tax_at": "Tax {percent}%",
        "subtotal": "Subtotal",
        "tax": "Tax",
        "total": "Total",
        "subtotal_with": "Subtotal, with what is in every option",
        "total_with": "Total with {option}",
        "schedule": "Payments",
        "schedule_lead": "When each part of the price is due.",
        "payment": "Payment",
        "when_deposit": "After signing",
        "when_later": "When asked for",
        "attached": "Photos and documents of this proposal",
        "file_fingerprint": "Fingerprint (SHA-256)",
        "licence": "License {number}",
        "terms": "Terms",
        "right_to_cancel": "Your right to cancel",
        "cancellation_copy": "Form to cancel, copy {n} of 2",
        "signature": "Signature",
        "signature_of": "Signature of {name}",
        "signed_by": "{name}\n{when}",
        "certificate": "Signature and certificate",
        "certificate_lead": "How this document was signed, as the contractor's system recorded it at that moment.",
        "signer": "Signed by",
        "signed_at": "When",
        "signed_from": "From where",
        "signed_with": "With",
        "signed_how": "How",
        "typed": "Name typed as signature",
        "drawn": "Signature drawn",
        "consent": "Agreed to",
        "document": "Document",
        "fingerprint": "Fingerprint (SHA-256)",
        "log_position": "Place in the log",
        "log_entry": "Entry {seq}",
        "entry_hash": "Its fingerprint",
        "verify": "How to check",
        "verify_how": "The fingerprint is made from every word and figure of the offer; if one had changed after the "
        "signature, it would be another. The activity log is a chain in which every entry holds the fingerprint of "
        "the one before it, so nothing in it can be altered unnoticed. The contractor checks this file against both "
        "with: crm verify-paper FILE",
        "reason": "Reason",
        "price_change": "This change",
        "receipt": "Receipt",
        "receipt_title": "Receipt for {name}",
        "paid": "Paid",
        "paid_on": "Paid on",
        "paid_by": "Payment method",
        "paid_through": "Card or bank transfer, through Stripe",
        "simulated": "Simulated; no money moved",
        "for_work": "For",
        "reference": "Reference",
        "agreed_total": "Agreed total",
        "paid_so_far": "Paid so far",
        "remaining": "Still to be paid",
        "invoice": "Invoice",
        "invoice_title": "Invoice for {name}",
        "invoice_number": "Invoice number",
        "invoice_date": "Invoice date",
        "bill_to": "Bill to",
        "amount_due": "Amount due",
        "amount_paid": "Paid, thank you",
        "not_asked": "Not due yet",
        "invoice_note": "Part of the agreed price of {total}, taxes included, as signed.",
        "refund_note": "Refund note",
        "refund_title": "Refund for {name}",
        "refunded": "Refunded",
        "refunded_on": "Refunded on",
        "refund_pending": "On its way to you",
        "refund_lead": "The money goes back to the card or account it came from; your bank may take five to ten "
        "business days to show it.",
        "of_payment": "Of the payment of",
        "deposit": "Deposit",
        "final": "Final balance",
        "remaining_balance": "Remaining balance",
        "made_after": "This receipt was made when the payment arrived and does not change afterwards.",
    },
    "es": {
        "page": "Página {n} de {of}",
        "proposal_version": "Propuesta {number}, versión {version}",
        "signed_proposal": "Propuesta firmada {number}",
        "change_order": "Orden de cambio {position} de la propuesta {number}",
        "signed_change_order": "Orden de cambio {position} firmada, de la propuesta {number}",
        "draft": "BORRADOR",
        "prepared_for": "Preparada para",
        "received_from": "Recibido de",
        "refunded_to": "Reembolsado a",
        "other_items": "Otros conceptos",
        "job_site": "Lugar de la obra",
        "date": "Fecha",
        "valid_until": "Válida hasta",
        "total_price": "Precio total",
        "from_total": "Precio total, {option}",
        "deposit_to_start": "Depósito para empezar: {amount}",
        "included": "Qué incluye",
        "in_every_option": "En todas las opciones",
        "option": "Opción: {option}",
        "chosen_option": "Opción elegida: {option}",
        "item": "Concepto",
        "quantity": "Cantidad",
        "price": "Precio",
        "amount": "Importe",
        "extra": "Extra, a su elección",
        "extra_counted": "Extra, incluido en el total",
        "extra_chosen": "Extra, elegido",
        "discount": "Descuento {discount}",
        "tax_at": "Impuesto {percent}%",
        "subtotal": "Subtotal",
        "tax": "Impuestos",
        "total": "Total",
        "subtotal_with": "Subtotal, con lo que incluyen todas las opciones",
        "total_with": "Total con {option}",
        "schedule": "Pagos",
        "schedule_lead": "Cuándo se paga cada parte del precio.",
        "payment": "Pago",
        "when_deposit": "Después de firmar",
        "when_later": "Cuando se solicite",
        "attached": "Fotos y documentos de esta propuesta",
        "file_fingerprint": "Huella (SHA-256)",
        "licence": "Licencia {number}",
        "terms": "Condiciones",
        "right_to_cancel": "Su derecho a cancelar",
        "cancellation_copy": "Formulario para cancelar, copia {n} de 2",
        "signature": "Firma",
        "signature_of": "Firma de {name}",
        "signed_by": "{name}\n{when}",
        "certificate": "Firma y certificado",
        "certificate_lead": "Cómo se firmó este documento, tal como lo registró el sistema del contratista en ese "
        "momento.",
        "signer": "Firmado por",
        "signed_at": "Cuándo",
        "signed_from": "Desde dónde",
        "signed_with": "Con",
        "signed_how": "Cómo",
        "typed": "Nombre escrito como firma",
        "drawn": "Firma dibujada",
        "consent": "Consentimiento",
        "document": "Documento",
        "fingerprint": "Huella (SHA-256)",
        "log_position": "Lugar en el registro",
        "log_entry": "Entrada {seq}",
        "entry_hash": "Su huella",
        "verify": "Cómo comprobarlo",
        "verify_how": "La huella se calcula con cada palabra y cada cifra de la oferta; si una hubiera cambiado "
        "después de la firma, sería otra. El registro de actividad es una cadena en la que cada entrada contiene la "
        "huella de la anterior, de modo que nada puede alterarse sin que se note. El contratista comprueba este "
        "archivo con ambos mediante: crm verify-paper FILE",
        "reason": "Motivo",
        "price_change": "Este cambio",
        "receipt": "Recibo",
        "receipt_title": "Recibo de {name}",
        "paid": "Pagado",
        "paid_on": "Pagado el",
        "paid_by": "Forma de pago",
        "paid_through": "Tarjeta o transferencia bancaria, mediante Stripe",
        "simulated": "Simulado; no se movió dinero",
        "for_work": "Por",
        "reference": "Referencia",
        "agreed_total": "Total acordado",
        "paid_so_far": "Pagado hasta ahora",
        "remaining": "Pendiente de pago",
        "invoice": "Factura",
        "invoice_title": "Factura de {name}",
        "invoice_number": "Número de factura",
        "invoice_date": "Fecha de la factura",
        "bill_to": "Facturar a",
        "amount_due": "Importe a pagar",
        "amount_paid": "Pagado, gracias",
        "not_asked": "Todavía no se debe",
        "invoice_note": "Parte del precio acordado de {total}, impuestos incluidos, tal como se firmó.",
        "refund_note": "Nota de reembolso",
        "refund_title": "Reembolso de {name}",
        "refunded": "Reembolsado",
        "refunded_on": "Reembolsado el",
        "refund_pending": "En camino",
        "refund_lead": "El dinero vuelve a la tarjeta o cuenta de la que salió; su banco puede tardar de cinco a diez "
        "días hábiles en mostrarlo.",
        "of_payment": "Del pago de",
        "deposit": "Depósito",
        "final": "Saldo final",
        "remaining_balance": "Saldo pendiente",
        "made_after": "Este recibo se hizo cuando llegó el pago y no cambia después.",
    },
}
_OWN_NAMES = {"Deposit": "deposit", "Final balance": "final", "Remaining balance": "remaining_balance"}


def language_of(code: str) -> Language:
    return code if code in WORDS else "en"


def said(language: Language, key: str, **values: object) -> str:
    """The words; braces of a value are a value's, never filled in again."""
    words = WORDS[language][key]
    return words.format_map(values) if values else words


def part_name(language: Language, name: str) -> str:
    """A payment's name; those that we gave ourselves in the paper's language."""
    return said(language, _OWN_NAMES[name]) if name in _OWN_NAMES else name


def day(language: Language, on: date) -> str:
    """`November 22, 2026`; `22 de noviembre de 2026`."""
    return in_words(on, language)


def local_day(language: Language, moment: datetime, zone: str) -> str:
    return day(language, moment.astimezone(ZoneInfo(zone)).date())


def exact_time(language: Language, moment: datetime, zone: str) -> str:
    """Date, time to the second, and the zone with its distance from UTC."""
    local = moment.astimezone(ZoneInfo(zone))
    offset = local.strftime("%z")
    return f"{day(language, local.date())}, {local:%H:%M:%S} ({zone}, UTC{offset[:3]}:{offset[3:]})"
