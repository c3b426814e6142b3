/** Settings: the company, its team, and the keys for programs. */

import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "../data/session";
import { ApiKeys } from "../parts/ApiKeys";
import { Company } from "../parts/Company";
import { Page } from "../parts/Page";
import { Standards } from "../parts/Standards";
import { Team } from "../parts/Team";

export function Settings() {
  const { tab } = useSearch({ from: "/office/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const may = useMay();
  if (!may("org:manage")) {
    return (
      <Page title="Settings">
        <Company />
        <Standards />
      </Page>
    );
  }
  return (
    <Page title="Settings">
      <Tabs
        value={tab ?? "company"}
        onChange={(value) => void navigate({ search: { tab: value as "company" | "team" | "api-keys" } })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Settings">
          <Tabs.Tab value="company">Company</Tabs.Tab>
          <Tabs.Tab value="team">Team</Tabs.Tab>
          <Tabs.Tab value="api-keys">API keys</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="company">
          <Company />
          <Standards />
        </Tabs.Panel>
        <Tabs.Panel value="team">
          <Team />
        </Tabs.Panel>
        <Tabs.Panel value="api-keys">
          <ApiKeys />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
