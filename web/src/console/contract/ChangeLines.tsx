/** What a change order says, as the customer reads it. */

import { Table } from "@mantine/core";
import { formatMoney } from "../../words/money";
import type { ChangeOrder } from "../data/contract";
import { Block } from "../parts/Page";
import { signed } from "./ChangeOrders";

export function ChangeLines({ order, currency }: { order: ChangeOrder; currency: string }) {
  return (
    <>
      {order.reason && (
        <Block title="Reason">
          <div className="terms">{order.reason}</div>
        </Block>
      )}
      <Block title="Lines" flush>
        <Table verticalSpacing={8} className="lines-table">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Item</Table.Th>
              <Table.Th scope="col" className="right wide-only">
                Quantity
              </Table.Th>
              <Table.Th scope="col" className="right">
                Amount
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {order.lines.map((line, i) => (
              // Stored as they are: their order is what names them.
              // oxlint-disable-next-line react/no-array-index-key
              <Table.Tr key={i}>
                <Table.Td>
                  {line.name}
                  {line.description && <small>{line.description}</small>}
                </Table.Td>
                <Table.Td className="right wide-only">
                  {line.quantity} {line.unit}
                </Table.Td>
                <Table.Td className="right">{formatMoney(line.amount_minor, currency)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            {order.tax_minor !== 0 && <Sum name="Tax" value={formatMoney(order.tax_minor, currency)} />}
            <Sum name={order.total_minor < 0 ? "Credit" : "Added"} value={signed(order.total_minor, currency)} strong />
          </Table.Tfoot>
        </Table>
      </Block>
    </>
  );
}

function Sum({ name, value, strong = false }: { name: string; value: string; strong?: boolean }) {
  return (
    <Table.Tr className={strong ? "sum strong" : "sum"}>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td className="wide-only" />
      <Table.Td className="right">{value}</Table.Td>
    </Table.Tr>
  );
}
