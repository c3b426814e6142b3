/** The portal's page asks the one thing that is due: the server's state wins over how the browser arrived. */

import { describe, expect, it } from "vitest";
import { strokePath } from "./Draw";
import {
  arrivalOf,
  extrasOf,
  firstOption,
  firstPrice,
  focusedOn,
  type Line,
  mayPay,
  type Option,
  type PortalView,
  sessionOf,
  stageOf,
} from "./view";

const VIEW: PortalView = {
  id: 7,
  title: "Roof",
  introduction: "",
  terms: "",
  status: "sent",
  currency: "USD",
  valid_until: null,
  deposit: { percent: 30, rule: "standard", amount_minor: 300 },
  options: [],
  lines: [],
  number: 7,
  version: 1,
  language: "en",
  milestones: [],
  files: [],
  schedule: [],
  selected_line_ids: [],
  changes_minor: 0,
  payments: [],
  selected_option_id: null,
  subtotal_minor: 1000,
  tax_minor: 0,
  total_minor: 1000,
  content_hash: "0".repeat(64),
  right_to_cancel: false,
  cancellation: null,
  cancel_until: null,
  sent_at: null,
  approved_at: null,
  contractor: {
    name: "PeakPro",
    phone: null,
    email: null,
    address: null,
    brand_color: null,
    logo_file_id: null,
    website: null,
    licence_number: null,
  },
  customer: { name: "Elena" },
  signer_name: null,
  signature_path: null,
  consent: "I agree.",
  change_consent: "I agree to the change.",
  messages: [],
  decline_reason: null,
  payment: {
    id: null,
    key: "deposit",
    name: "Deposit",
    state: "due",
    amount_minor: 300,
    currency: "USD",
    paid_at: null,
    failure: null,
    remaining_minor: 700,
    refunded_minor: 0,
    disputed: false,
    simulated: false,
  },
  can_pay: false,
  can_approve: true,
  dev_mode: true,
  demo: true,
};
const APPROVED: PortalView = { ...VIEW, status: "approved", can_approve: false, can_pay: true };
const withPayment = (state: PortalView["payment"]["state"]): PortalView => ({
  ...APPROVED,
  payment: { ...APPROVED.payment, state },
});

describe("stageOf", () => {
  it("asks to sign, then to pay", () => {
    expect(stageOf(VIEW, "link", false, false)).toBe("sign");
    expect(stageOf(APPROVED, "link", false, false)).toBe("pay");
    expect(stageOf(APPROVED, "cancelled", false, false)).toBe("pay");
  });

  it("never asks to pay what is paid or on its way, however the browser arrived", () => {
    for (const arrival of ["link", "returned", "cancelled", "simulated"] as const) {
      expect(stageOf(withPayment("paid"), arrival, true, true)).toBe("paid");
      expect(stageOf(withPayment("processing"), arrival, true, true)).toBe("processing");
    }
  });

  it("confirms after coming back, and does not take an earlier failure for the answer at once", () => {
    expect(stageOf(APPROVED, "returned", false, false)).toBe("confirming");
    expect(stageOf(APPROVED, "returned", false, true)).toBe("confirming");
    expect(stageOf(withPayment("failed"), "returned", false, false)).toBe("confirming");
    expect(stageOf(withPayment("failed"), "returned", false, true)).toBe("failed");
    expect(stageOf(withPayment("failed"), "link", false, false)).toBe("failed");
  });

  it("simulates only where the server says so", () => {
    expect(stageOf(APPROVED, "simulated", false, false)).toBe("simulate");
    expect(stageOf({ ...APPROVED, dev_mode: false }, "simulated", false, false)).toBe("pay");
    expect(stageOf(VIEW, "simulated", false, false)).toBe("sign");
  });

  it("tells why nothing can be signed", () => {
    for (const status of ["declined", "expired", "superseded"] as const) {
      expect(stageOf({ ...VIEW, status, can_approve: false }, "link", false, false)).toBe(status);
    }
    expect(stageOf({ ...VIEW, can_approve: false }, "link", false, false)).toBe("closed");
  });
});

describe("arrivalOf", () => {
  it("reads the addresses that Stripe and dev mode send the browser to", () => {
    expect(arrivalOf("?checkout=success&session_id=cs_1")).toBe("returned");
    expect(sessionOf("?checkout=success&session_id=cs_1")).toBe("cs_1");
    expect(sessionOf("?checkout=cancelled")).toBeNull();
    expect(arrivalOf("?checkout=cancelled")).toBe("cancelled");
    expect(arrivalOf("?mock_payment=true")).toBe("simulated");
    expect(arrivalOf("")).toBe("link");
  });
});

const option = (id: number, total: number): Option => ({
  id,
  name: `Option ${id}`,
  description: "",
  position: id,
  lines: [],
  subtotal_minor: total,
  tax_minor: 0,
  total_minor: total,
  deposit_minor: total * 0.3,
});

const line = (id: number, optional: boolean): Line => ({
  id,
  name: `Line ${id}`,
  description: "",
  quantity: "1",
  unit: "",
  unit_price_minor: 100,
  tax_percent: "0",
  amount_minor: 100,
  section: "",
  discount_percent: "0",
  discount_minor: 0,
  optional,
  preselected: false,
});

const part = (id: number, state: PortalView["payment"]["state"]) => ({ ...VIEW.payment, id, state, key: `milestone:${id}` });

describe("options", () => {
  const view = { ...VIEW, options: [option(1, 2000), option(2, 1000)] };

  it("starts with the one the proposal's total is of, and follows the choice", () => {
    expect(firstOption(view)).toBe(2);
    expect(firstOption({ ...view, selected_option_id: 1 })).toBe(1);
    expect(firstPrice(view, 1).total_minor).toBe(2000);
    expect(firstPrice(VIEW, null)).toMatchObject({ total_minor: 1000, deposit_minor: 300 });
  });

  it("counts the extras that this option offers, and no other", () => {
    const offered = { ...view, lines: [line(1, false), line(2, true)], options: [{ ...option(1, 100), lines: [line(3, true)] }, option(2, 100)] };
    expect(extrasOf(offered, 1, new Set([1, 2, 3]))).toEqual([3, 2]);
    expect(extrasOf(offered, 2, new Set([1, 2, 3]))).toEqual([2]);
  });
});

describe("parts of the price", () => {
  const parts: PortalView = { ...APPROVED, payments: [part(1, "paid"), part(2, "due"), part(3, "planned")], payment: part(2, "due") };

  it("is about the part that was paid on this page, whatever else is due", () => {
    expect(focusedOn(parts, 1).payment.id).toBe(1);
    expect(stageOf(focusedOn(parts, 1), "returned", false, false)).toBe("paid");
    expect(focusedOn(parts, null).payment.id).toBe(2);
    expect(focusedOn(parts, 3).payment.id).toBe(2); // not asked for yet
  });

  it("asks for nothing that is not due", () => {
    expect(parts.payments.map((each) => mayPay(parts, each))).toEqual([false, true, false]);
    expect(mayPay({ ...parts, status: "cancelled" }, part(2, "due"))).toBe(false);
    expect(stageOf({ ...APPROVED, payment: part(3, "planned") }, "link", false, false)).toBe("signed");
    expect(stageOf({ ...APPROVED, status: "cancelled" }, "link", false, false)).toBe("cancelled");
  });

  it("asks for the signature when staff took the deposit before it", () => {
    expect(stageOf({ ...VIEW, payment: part(1, "paid") }, "link", false, false)).toBe("sign");
  });
});

it("writes strokes as the API takes them", () => {
  const taken = /^(?:[ML] ?-?\d{1,4}(?:\.\d{1,2})?[ ,]-?\d{1,4}(?:\.\d{1,2})? ?)+$/;
  const drawn = [strokePath([{ x: 0, y: 199 }]), strokePath([{ x: 10.123, y: 2 }, { x: 599, y: 100.55 }])].join(" ");
  expect(drawn).toMatch(taken);
  expect(strokePath([])).toBe("");
});
