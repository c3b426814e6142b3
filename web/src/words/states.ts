/** The words and tone of every state, the same everywhere: words first, colour second. */

import type { Language } from "./money";

export type Tone = "neutral" | "blue" | "green" | "amber" | "red";
export type StateWord = { en: string; es: string; tone: Tone };

const PROPOSAL: Record<string, StateWord> = {
  draft: { en: "Draft", es: "Borrador", tone: "neutral" },
  sent: { en: "Sent", es: "Enviado", tone: "blue" },
  viewed: { en: "Viewed", es: "Visto", tone: "blue" },
  approved: { en: "Approved", es: "Aprobado", tone: "green" },
  declined: { en: "Declined", es: "Rechazado", tone: "neutral" },
  expired: { en: "Expired", es: "Vencido", tone: "amber" },
  superseded: { en: "Replaced", es: "Reemplazado", tone: "neutral" },
  cancelled: { en: "Cancelled", es: "Cancelado", tone: "neutral" },
};

const PAYMENT: Record<string, StateWord> = {
  planned: { en: "Not due yet", es: "Aún no vence", tone: "neutral" },
  void: { en: "Fell away", es: "Sin efecto", tone: "neutral" },
  due: { en: "Due", es: "Por pagar", tone: "neutral" },
  processing: { en: "Processing", es: "En proceso", tone: "blue" },
  paid: { en: "Paid", es: "Pagado", tone: "green" },
  failed: { en: "Failed", es: "Fallido", tone: "red" },
  refunded: { en: "Refunded", es: "Reembolsado", tone: "neutral" },
  partly_refunded: { en: "Partly refunded", es: "Reembolso parcial", tone: "neutral" },
  disputed: { en: "Disputed", es: "En disputa", tone: "red" },
};

const CHANGE: Record<string, StateWord> = {
  draft: { en: "Draft", es: "Borrador", tone: "neutral" },
  sent: { en: "To sign", es: "Por firmar", tone: "blue" },
  approved: { en: "Agreed", es: "Acordado", tone: "green" },
  declined: { en: "Declined", es: "Rechazado", tone: "neutral" },
  withdrawn: { en: "Withdrawn", es: "Retirado", tone: "neutral" },
};

const REFUND: Record<string, StateWord> = {
  pending: { en: "Under way", es: "En camino", tone: "blue" },
  requires_action: { en: "Waits for the customer", es: "Espera al cliente", tone: "amber" },
  succeeded: { en: "Refunded", es: "Reembolsado", tone: "neutral" },
  failed: { en: "Failed", es: "Fallido", tone: "red" },
  canceled: { en: "Cancelled", es: "Cancelado", tone: "neutral" },
};

const PAYOUT: Record<string, StateWord> = {
  pending: { en: "Prepared", es: "Preparado", tone: "blue" },
  in_transit: { en: "On its way to the bank", es: "En camino al banco", tone: "blue" },
  paid: { en: "Paid out", es: "Depositado", tone: "green" },
  failed: { en: "Came back", es: "Devuelto", tone: "red" },
  canceled: { en: "Cancelled", es: "Cancelado", tone: "neutral" },
};

const BOOKS: Record<string, StateWord> = {
  none: { en: "—", es: "—", tone: "neutral" },
  waiting: { en: "Waiting for QuickBooks", es: "Esperando a QuickBooks", tone: "amber" },
  posting: { en: "Posting", es: "Registrando", tone: "blue" },
  posted: { en: "In the books", es: "En la contabilidad", tone: "green" },
  needs_you: { en: "Needs you", es: "Requiere su atención", tone: "red" },
  skipped: { en: "Left out", es: "Excluido", tone: "neutral" },
  different: { en: "Different in QuickBooks", es: "Distinto en QuickBooks", tone: "amber" },
};

const CONNECTION: Record<string, StateWord> = {
  connected: { en: "Connected", es: "Conectado", tone: "green" },
  reconnect_soon: { en: "Reconnect soon", es: "Reconectar pronto", tone: "amber" },
  disconnected: { en: "Disconnected", es: "Desconectado", tone: "red" },
  not_connected: { en: "Not connected", es: "Sin conectar", tone: "amber" },
  not_configured: { en: "Not set up", es: "Sin configurar", tone: "neutral" },
};

const CALL: Record<string, StateWord> = {
  ok: { en: "Accepted", es: "Aceptado", tone: "green" },
  refused: { en: "Refused", es: "Rechazado", tone: "red" },
  unavailable: { en: "No answer, tried again", es: "Sin respuesta, se reintenta", tone: "amber" },
  disconnected: { en: "Not let in", es: "Sin acceso", tone: "red" },
  renewed: { en: "Sign-in renewed", es: "Acceso renovado", tone: "neutral" },
};

const MAIL: Record<string, StateWord> = {
  kept: { en: "Kept, not sent", es: "Guardado, sin enviar", tone: "neutral" },
  queued: { en: "Waiting", es: "En espera", tone: "blue" },
  sending: { en: "Sending", es: "Enviando", tone: "blue" },
  sent: { en: "Sent", es: "Enviado", tone: "green" },
  failed: { en: "Failed", es: "Fallido", tone: "red" },
  bounced: { en: "Came back", es: "Devuelto", tone: "red" },
  suppressed: { en: "Not sent", es: "No enviado", tone: "amber" },
};

/** A message to a company's own software. */
const DELIVERY: Record<string, StateWord> = {
  waiting: { en: "Waiting", es: "En espera", tone: "blue" },
  delivered: { en: "Taken", es: "Recibido", tone: "green" },
  failed: { en: "Given up", es: "Abandonado", tone: "red" },
  dropped: { en: "Dropped", es: "Descartado", tone: "neutral" },
};

const LEAD: Record<string, StateWord> = {
  new: { en: "New", es: "Nuevo", tone: "blue" },
  contacted: { en: "Contacted", es: "Contactado", tone: "blue" },
  qualified: { en: "Qualified", es: "Calificado", tone: "amber" },
  converted: { en: "Converted", es: "Convertido", tone: "green" },
  lost: { en: "Lost", es: "Perdido", tone: "neutral" },
  spam: { en: "Spam", es: "Spam", tone: "neutral" },
  duplicate: { en: "Same person", es: "Misma persona", tone: "neutral" },
};

export const STATES = {
  proposal: PROPOSAL,
  payment: PAYMENT,
  change: CHANGE,
  refund: REFUND,
  payout: PAYOUT,
  books: BOOKS,
  connection: CONNECTION,
  lead: LEAD,
  mail: MAIL,
  call: CALL,
  delivery: DELIVERY,
};
export type StateKind = keyof typeof STATES;

/** Returns the word and tone of a state; one that this build does not know yet is shown as it is. */
export function stateWord(kind: StateKind, state: string, language: Language = "en"): { word: string; tone: Tone } {
  const known = STATES[kind][state];
  if (!known) return { word: state.replaceAll("_", " "), tone: "neutral" };
  return { word: known[language], tone: known.tone };
}

/** Returns a payment's state as shown: what happened to the money afterwards matters more than that it was paid. */
export function shownPaymentState(payment: {
  state: string;
  amount_minor: number;
  refunded_minor?: number | null;
  disputed?: boolean | null;
}): string {
  if (payment.disputed) return "disputed";
  const refunded = payment.refunded_minor ?? 0;
  if (payment.state !== "paid" || refunded <= 0) return payment.state;
  return refunded >= payment.amount_minor ? "refunded" : "partly_refunded";
}
