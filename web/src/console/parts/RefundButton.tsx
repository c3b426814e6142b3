/** Gives all or part of a payment back; the button says how much before it is pressed. */

import { Button, Group, Modal, NumberInput, Select, Textarea } from "@mantine/core";
import { useState } from "react";
import { formatMoney } from "../../words/money";
import { type Payment, type RefundReason, refundPayment } from "../data/books";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";

const REASONS: { value: RefundReason; label: string }[] = [
  { value: "requested_by_customer", label: "The customer asked for it" },
  { value: "overpaid", label: "Paid too much" },
  { value: "duplicate", label: "Paid twice" },
  { value: "other", label: "Another reason" },
];
const QUICK = [25, 50, 100];
const NOTE_MAX = 500;

export function RefundButton({ payment }: { payment: Payment }) {
  const [open, setOpen] = useState(false);
  const may = useMay();
  if (!may("payments:refund") || payment.refundable_minor <= 0) return null;
  return (
    <>
      <Button variant="default" size="xs" mt="sm" onClick={() => setOpen(true)}>
        Refund
      </Button>
      {open && <RefundForm payment={payment} onClose={() => setOpen(false)} />}
    </>
  );
}

function RefundForm({ payment, onClose }: { payment: Payment; onClose: () => void }) {
  const left = payment.refundable_minor;
  const digits = new Intl.NumberFormat("en", { style: "currency", currency: payment.currency }).resolvedOptions()
    .maximumFractionDigits ?? 2;
  const [amount, setAmount] = useState(left);
  const [reason, setReason] = useState<RefundReason>("requested_by_customer");
  const [note, setNote] = useState("");
  const [key] = useState(() => crypto.randomUUID()); // pressed twice is one refund
  const refund = useAct(() => refundPayment(payment.id, key, { amount_minor: amount, reason, note: note.trim() }), {
    onDone: onClose,
  });
  return (
    <Modal opened onClose={onClose} title="Give money back" closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          refund.mutate();
        }}
      >
        <NumberInput
          label={`Amount in ${payment.currency}`}
          description={`${formatMoney(left, payment.currency)} can be given back.`}
          value={amount / 10 ** digits}
          onChange={(value) => setAmount(Math.round(Number(value) * 10 ** digits))}
          decimalScale={digits}
          fixedDecimalScale
          thousandSeparator=","
          hideControls
          min={0}
          max={left / 10 ** digits}
          data-autofocus
        />
        <Group gap="xs" my="sm" role="group" aria-label="Quick amounts">
          {QUICK.map((percent) => (
            <Button
              key={percent}
              variant="default"
              size="xs"
              onClick={() => setAmount(percent === 100 ? left : Math.round((left * percent) / 100))}
            >
              {percent === 100 ? "All" : `${percent} %`}
            </Button>
          ))}
        </Group>
        <Select
          label="Reason"
          data={REASONS}
          value={reason}
          onChange={(value) => value && setReason(value as RefundReason)}
          allowDeselect={false}
        />
        <Textarea
          label="Note"
          description="Kept with the refund; the customer does not see it."
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          maxLength={NOTE_MAX}
          mt="sm"
        />
        {refund.error && <Failed problem={refund.error} />}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" loading={refund.isPending} disabled={amount <= 0 || amount > left}>
            Refund {formatMoney(amount, payment.currency)}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
