/** What is offered: lines by their sections, options by name, the sum, and the photos and papers that go with it. */

import { Table } from "@mantine/core";
import { Fragment } from "react";
import { formatMoney } from "../../words/money";
import { fileAddress } from "../data/files";
import type { Proposal } from "../data/proposals";
import { Block } from "./Page";

type Line = Proposal["lines"][number];

export function ProposalLines({ proposal }: { proposal: Proposal }) {
  const { options, lines, currency } = proposal;
  const taken = proposal.approval?.line_ids ?? null;
  return (
    <>
      {proposal.introduction && (
        <Block title="Introduction">
          <div className="terms">{proposal.introduction}</div>
        </Block>
      )}
      {(lines.length > 0 || options.length === 0) && (
        <Block title={options.length > 0 ? "In every option" : "Lines"} flush>
          <Lines lines={lines} taken={taken} currency={currency} totals={options.length === 0 ? proposal : null} />
        </Block>
      )}
      {options.map((option) => (
        <Block
          key={option.id}
          title={option.id === proposal.selected_option_id ? `${option.name} (chosen)` : option.name}
          flush
        >
          {option.description && <p className="block-words">{option.description}</p>}
          <Lines lines={option.lines} taken={taken} currency={currency} totals={option} />
        </Block>
      ))}
      {proposal.files.length > 0 && <Files files={proposal.files} />}
    </>
  );
}

type Sums = { subtotal_minor: number; tax_minor: number; total_minor: number };

/** The extras that were chosen with the signature; null before it. */
type Taken = number[] | null;

function Lines({ lines, taken, currency, totals }: { lines: Line[]; taken: Taken; currency: string; totals: Sums | null }) {
  return (
    <Table verticalSpacing={8} className="lines-table">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Item</Table.Th>
          <Table.Th scope="col" className="right wide-only">
            Quantity
          </Table.Th>
          <Table.Th scope="col" className="right wide-only">
            Unit price
          </Table.Th>
          <Table.Th scope="col" className="right">
            Amount
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line, i) => (
          <Fragment key={line.id}>
            {line.section !== (lines[i - 1]?.section ?? "") && (
              <Table.Tr>
                <Table.Th scope="colgroup" colSpan={4} className="lines-section">
                  {line.section || "Other"}
                </Table.Th>
              </Table.Tr>
            )}
            <Row line={line} taken={taken} currency={currency} />
          </Fragment>
        ))}
      </Table.Tbody>
      {totals && (
        <Table.Tfoot>
          <Sum name="Subtotal" minor={totals.subtotal_minor} currency={currency} />
          <Sum name="Tax" minor={totals.tax_minor} currency={currency} />
          <Sum name="Total" minor={totals.total_minor} currency={currency} strong />
        </Table.Tfoot>
      )}
    </Table>
  );
}

function Row({ line, taken, currency }: { line: Line; taken: Taken; currency: string }) {
  const discount =
    Number(line.discount_percent) > 0
      ? `${line.discount_percent} % discount`
      : line.discount_minor > 0 && `${formatMoney(line.discount_minor, currency)} discount`;
  return (
    <Table.Tr>
      <Table.Td>
        {line.name}{" "}
        {line.optional && <span className="pill neutral">{extraWords(line, taken)}</span>}
        {line.description && <small>{line.description}</small>}
        {discount && <small>{discount}</small>}
      </Table.Td>
      <Table.Td className="right wide-only">
        {line.quantity} {line.unit}
      </Table.Td>
      <Table.Td className="right wide-only">{formatMoney(line.unit_price_minor, currency)}</Table.Td>
      <Table.Td className="right">{formatMoney(line.amount_minor, currency)}</Table.Td>
    </Table.Tr>
  );
}

function extraWords(line: Line, taken: Taken): string {
  if (taken) return taken.includes(line.id) ? "Optional, chosen" : "Optional, not chosen";
  return line.preselected ? "Optional, ticked" : "Optional, not in the total";
}

function Files({ files }: { files: Proposal["files"] }) {
  return (
    <Block title="Photos and papers">
      <ul className="files">
        {files.map((file) => (
          <li key={file.id}>
            <a href={fileAddress(file.id)} target="_blank" rel="noreferrer">
              {file.kind === "photo" && <img src={fileAddress(file.id)} alt="" loading="lazy" />}
              {file.caption || file.name}
            </a>
          </li>
        ))}
      </ul>
    </Block>
  );
}

function Sum({ name, minor, currency, strong = false }: { name: string; minor: number; currency: string; strong?: boolean }) {
  return (
    <Table.Tr className={strong ? "sum strong" : "sum"}>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td className="wide-only" />
      <Table.Td className="wide-only" />
      <Table.Td className="right">{formatMoney(minor, currency)}</Table.Td>
    </Table.Tr>
  );
}
