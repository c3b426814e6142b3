/** Keeps the page's copy of the proposal fresh: opens the link, reads, and polls while money is on its way. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { networkAway, Problem } from "../api/problem";
import { confirmPayment, fileAddress, openSession, readPrice, readProposal } from "./calls";
import { arrivalOf, focusedOn, sessionOf, stageOf, type Arrival, type PortalView, type Stage } from "./view";
import { kept, keep } from "./kept";

const POLL_MILLISECONDS = 2_000;
/** Stripe tells by itself, usually before the customer is back; after this many polls without news we ask it. */
const ASK_STRIPE_EVERY = 3;
/** After this long a bank transfer is a matter of days, and a confirmation is late: ask less often. */
const EAGER_MILLISECONDS = 60_000;
const PATIENT_POLL_MILLISECONDS = 20_000;
/** While nothing is on its way: a payment may be asked for, a question answered. */
const CALM_POLL_MILLISECONDS = 30_000;

export type ProposalState = {
  view: PortalView | null;
  problem: Problem | null;
  stage: Stage;
  arrival: Arrival;
  /** The confirmation takes longer than usual. */
  late: boolean;
  /** Shows an answer that holds the whole view. */
  show: (view: PortalView) => void;
  reload: () => Promise<void>;
  /** Makes the page about this part of the price. */
  focus: (paymentId: number | null) => void;
  /** From now on the payment is awaited; forgets how the browser arrived. */
  awaitPayment: () => void;
  /** Forgets how the browser arrived, so that the page shows the payment's own state. */
  settle: () => void;
  /** Reckons a choice as it would be signed. */
  readPrice: typeof readPrice;
  /** Where a photo or paper of the proposal is opened. */
  fileAddress: typeof fileAddress;
};

export function useProposal(id: number): ProposalState {
  const [whole, setView] = useState<PortalView | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [arrival, setArrival] = useState<Arrival>(() => arrivalOf(window.location.search));
  const [confirming, setConfirming] = useState(false);
  const [late, setLate] = useState(false);
  // Which part was being paid when the browser left for the payment page: its state is what the page is about.
  const [focusId, setFocusId] = useState<number | null>(() =>
    arrivalOf(window.location.search) === "link" ? null : Number(kept(payingKey(id))) || null,
  );
  const view = useMemo(() => whole && focusedOn(whole, focusId), [whole, focusId]);
  const stateBefore = useRef<string | null>(null);

  const show = useCallback((next: PortalView) => {
    setView(next);
    setProblem(null);
    const { state } = focusedOn(next, focusId).payment;
    if (state === "paid" || state === "processing" || (state === "failed" && stateBefore.current === "due")) {
      setConfirming(false);
    }
    // The answer to the payment just made is known; should a bank transfer fail later, that is news of its own.
    if (state === "paid" || state === "processing") setArrival((how) => (how === "returned" ? "link" : how));
  }, [focusId]);

  const [session] = useState(() => sessionOf(window.location.search));

  const reload = useCallback(async () => {
    try {
      await openSession(id, window.location, window.history);
      show(await readProposal(id));
    } catch (error) {
      const found = asProblem(error);
      // A link that ended ends the page too; a server that is away for a moment does not.
      if (ENDED.has(found.status)) setView(null);
      setProblem(found);
    }
  }, [id, show]);

  useEffect(() => {
    // oxlint-disable-next-line react/set-state-in-effect -- state is set when the answer comes, not within the effect
    void reload();
    window.addEventListener("online", reload);
    return () => window.removeEventListener("online", reload);
  }, [reload]);

  const settle = useCallback(() => {
    setArrival("link");
    setConfirming(false);
    window.history.replaceState(null, "", window.location.pathname);
  }, []);

  const focus = useCallback(
    (paymentId: number | null) => {
      keep(payingKey(id), String(paymentId ?? ""));
      setFocusId(paymentId);
    },
    [id],
  );

  const state = view?.payment.state ?? null;
  const awaitPayment = useCallback(() => {
    stateBefore.current = state;
    settle();
    setLate(false);
    setConfirming(true);
  }, [settle, state]);

  const stage = view ? stageOf(view, arrival, confirming, late) : "sign";
  const awaited = stage === "confirming" && arrival === "returned" ? session : null;
  const polls = stage === "confirming" || stage === "processing";
  useEffect(() => {
    if (!polls) return;
    const since = Date.now();
    let polled = 0;
    let timer: ReturnType<typeof setTimeout>;
    const next = () => {
      const eager = Date.now() - since < EAGER_MILLISECONDS;
      setLate(!eager);
      timer = setTimeout(
        async () => {
          polled += 1;
          if (!document.hidden) {
            if (awaited && polled % ASK_STRIPE_EVERY === 0) await askStripe(id, awaited);
            await reload();
          }
          next();
        },
        eager ? POLL_MILLISECONDS : PATIENT_POLL_MILLISECONDS,
      );
    };
    next();
    return () => clearTimeout(timer);
  }, [polls, reload, id, awaited]);

  // Coming back to the tab should not show an old state for up to a whole poll.
  useEffect(() => {
    const awake = () => {
      if (!document.hidden) void reload();
    };
    document.addEventListener("visibilitychange", awake);
    const timer = polls ? undefined : setInterval(awake, CALM_POLL_MILLISECONDS);
    return () => {
      document.removeEventListener("visibilitychange", awake);
      clearInterval(timer);
    };
  }, [polls, reload]);

  // Once the money's state is known, the address says nothing about how we came here any more.
  useEffect(() => {
    const answered = state === "paid" || state === "processing";
    if (answered && window.location.search) window.history.replaceState(null, "", window.location.pathname);
  }, [state]);

  return {
    view, problem, stage, arrival, late, show, reload, focus, awaitPayment, settle, readPrice, fileAddress,
  };
}

/** Not for this link, nothing there, replaced by a newer version. */
const ENDED = new Set([401, 403, 404, 409]);

const payingKey = (id: number) => `portal-paying-${id}`;

/** Only makes news come sooner; when Stripe or the network is away, the next poll tells. */
async function askStripe(id: number, session: string): Promise<void> {
  try {
    await confirmPayment(id, session);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : networkAway();
}
