/** A list as a file: export it, and import into it where that is possible. */

import { Button, Menu } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ImportKind } from "../data/imports";

type TakeAlongProps = {
  kind: ImportKind | "proposals" | "payments" | "activity";
  mayImport?: boolean;
};

export function TakeAlong({ kind, mayImport = false }: TakeAlongProps) {
  const importable = kind === "customers" || kind === "leads" || kind === "price_items" ? kind : null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default">CSV</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={`/exports/${kind}.csv`} download>
          Export all
        </Menu.Item>
        {mayImport && importable && (
          <Menu.Item component={Link} to={`/import?kind=${importable}`}>
            Import a file
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
