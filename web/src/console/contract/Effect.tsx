/** What a change order does to the price and to each payment, before anybody is asked to sign it. */

import { Table } from "@mantine/core";
import { formatMoney } from "../../words/money";
import type { ForeseenChange } from "../data/contract";
import { State } from "../parts/Money";
import { signed } from "./ChangeOrders";

export function Effect({ effect }: { effect: ForeseenChange }) {
  const { currency } = effect;
  const money = (minor: number) => formatMoney(minor, currency);
  return (
    <>
      <dl className="facts">
        <div>
          <dt>{effect.total_minor < 0 ? "Credit" : "Added"}</dt>
          <dd className="amount">{signed(effect.total_minor, currency)}</dd>
        </div>
        {effect.tax_minor !== 0 && (
          <div>
            <dt>Of it tax</dt>
            <dd>{money(effect.tax_minor)}</dd>
          </div>
        )}
        <div>
          <dt>Contract</dt>
          <dd>
            {money(effect.contract_before_minor)} → <strong>{money(effect.contract_after_minor)}</strong>
          </dd>
        </div>
      </dl>
      <Table className="effect" withRowBorders={false} verticalSpacing={3} horizontalSpacing={0}>
        <Table.Caption>Payments, once it is signed</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Payment</Table.Th>
            <Table.Th scope="col" className="right">
              Now
            </Table.Th>
            <Table.Th scope="col" className="right">
              Then
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {effect.parts.map((part) => (
            <Table.Tr key={part.key}>
              <Table.Th scope="row">
                {part.name} <State kind="payment" state={part.state} />
              </Table.Th>
              <Table.Td className="right">{part.before_minor === null ? "—" : money(part.before_minor)}</Table.Td>
              <Table.Td className="right">
                {part.after_minor === null ? (
                  "falls away"
                ) : part.after_minor === part.before_minor ? (
                  <span className="quiet">{money(part.after_minor)}</span>
                ) : (
                  <strong>{money(part.after_minor)}</strong>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {effect.overpaid_minor > 0 && (
        <p className="notice amber">
          {money(effect.overpaid_minor)} more than the new price is paid already. Once it is signed, give it back from a
          payment with the reason “Paid too much”.
        </p>
      )}
    </>
  );
}
