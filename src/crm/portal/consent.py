"""The sentence that a customer agrees to by signing, in the language of the sale; kept with each signature.

What an electronic signature needs in the United States: intent to sign and consent to do business
electronically (ESIGN Act, 15 U.S.C. 7001(c); UETA section 5).
"""

from __future__ import annotations

CONSENT: dict[str, str] = {
    "en": "I have read this proposal, I accept it with its terms, and I agree to sign it and to receive my papers "
    "electronically. I can ask for them on paper at any time.",
    "es": "He leído esta propuesta, la acepto con sus condiciones y estoy de acuerdo en firmarla y recibir mis "
    "documentos por vía electrónica. Puedo pedirlos en papel en cualquier momento.",
}

CHANGE_CONSENT: dict[str, str] = {
    "en": "I have read this change to our contract, I accept it, and I agree to sign it and to receive my papers "
    "electronically. I can ask for them on paper at any time.",
    "es": "He leído este cambio de nuestro contrato, lo acepto y estoy de acuerdo en firmarlo y recibir mis "
    "documentos por vía electrónica. Puedo pedirlos en papel en cualquier momento.",
}
