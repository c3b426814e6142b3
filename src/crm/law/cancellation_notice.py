"""The statement and the form by which a buyer may cancel, in the language of the sale.

The English words are those of 16 CFR 429.1(a) and (b); the rule asks for them in the language of the sale, and the
Spanish is our translation of them. They are part of what is signed, so other words need a new HASH_VERSION.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

STATEMENT: dict[str, str] = {
    "en": "You, the buyer, may cancel this transaction at any time prior to midnight of the third business day after "
    "the date of this transaction. See the attached notice of cancellation form for an explanation of this right.",
    "es": "Usted, el comprador, puede cancelar esta transacción en cualquier momento antes de la medianoche del tercer "
    "día hábil después de la fecha de esta transacción. Vea el formulario de aviso de cancelación adjunto, que "
    "explica este derecho.",
}

FORM: dict[str, str] = {
    "en": """NOTICE OF CANCELLATION

Date of transaction: {signed_on}

You may CANCEL this transaction, without any penalty or obligation, within THREE BUSINESS DAYS from the above date.

If you cancel, any property traded in, any payments made by you under the contract or sale, and any negotiable \
instrument executed by you will be returned within TEN BUSINESS DAYS following receipt by the seller of your \
cancellation notice, and any security interest arising out of the transaction will be canceled.

If you cancel, you must make available to the seller at your residence, in substantially as good condition as when \
received, any goods delivered to you under this contract or sale; or you may, if you wish, comply with the \
instructions of the seller regarding the return shipment of the goods at the seller's expense and risk.

If you do make the goods available to the seller and the seller does not pick them up within 20 days of the date of \
your notice of cancellation, you may retain or dispose of the goods without any further obligation. If you fail to \
make the goods available to the seller, or if you agree to return the goods to the seller and fail to do so, then you \
remain liable for performance of all obligations under the contract.

To cancel this transaction, mail or deliver a signed and dated copy of this cancellation notice or any other written \
notice, or send a telegram, to {seller}, at {address}, NOT LATER THAN MIDNIGHT OF {last_day}.

I HEREBY CANCEL THIS TRANSACTION.

Date: ____________________

Buyer's signature: ____________________""",
    "es": """AVISO DE CANCELACIÓN

Fecha de la transacción: {signed_on}

Usted puede CANCELAR esta transacción, sin ninguna penalidad ni obligación, dentro de TRES DÍAS HÁBILES a partir de \
la fecha indicada arriba.

Si usted cancela, todo bien entregado como parte de pago, todo pago hecho por usted según el contrato o la venta y \
todo instrumento negociable firmado por usted le serán devueltos dentro de DIEZ DÍAS HÁBILES después de que el \
vendedor reciba su aviso de cancelación, y toda garantía real que surja de la transacción quedará cancelada.

Si usted cancela, debe poner a disposición del vendedor en su residencia, en condiciones sustancialmente tan buenas \
como cuando los recibió, los bienes que se le hayan entregado según este contrato o venta; o puede, si lo desea, \
seguir las instrucciones del vendedor para la devolución de los bienes por cuenta y riesgo del vendedor.

Si usted pone los bienes a disposición del vendedor y el vendedor no los recoge dentro de los 20 días siguientes a la \
fecha de su aviso de cancelación, usted puede quedarse con los bienes o disponer de ellos sin ninguna otra \
obligación. Si usted no pone los bienes a disposición del vendedor, o si acuerda devolverlos y no lo hace, seguirá \
siendo responsable del cumplimiento de todas las obligaciones del contrato.

Para cancelar esta transacción, envíe por correo o entregue una copia firmada y fechada de este aviso de cancelación \
o cualquier otro aviso por escrito, o envíe un telegrama, a {seller}, en {address}, A MÁS TARDAR A LA MEDIANOCHE DEL \
{last_day}.

POR LA PRESENTE CANCELO ESTA TRANSACCIÓN.

Fecha: ____________________

Firma del comprador: ____________________""",
}

_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
}
_BLANK = "____________________"


@dataclass(frozen=True, slots=True)
class Notice:
    """The statement for the contract and the form to cancel with."""

    statement: str
    form: str


def notice(
    language: str, seller: str, address: dict[str, Any] | None, signed_on: date | None, last_day: date | None
) -> Notice:
    """With the dates when it is signed; until then they are blank, as is an address that the seller never gave."""
    filled = FORM[language].format(
        seller=seller,
        address=_one_line(address) or _BLANK,
        signed_on=in_words(signed_on, language) if signed_on else _BLANK,
        last_day=in_words(last_day, language) if last_day else _BLANK,
    )
    return Notice(STATEMENT[language], filled)


def in_words(day: date, language: str) -> str:
    """A date that nobody reads the wrong way round: November 25, 2026."""
    month = _MONTHS[language][day.month - 1]
    return f"{day.day} de {month} de {day.year}" if language == "es" else f"{month} {day.day}, {day.year}"


def _one_line(address: dict[str, Any] | None) -> str:
    given = address or {}
    town = " ".join(str(given.get(part) or "") for part in ("state", "postal_code")).strip()
    parts = (given.get("line1"), given.get("line2"), given.get("city"), town)
    return ", ".join(str(part) for part in parts if part)
