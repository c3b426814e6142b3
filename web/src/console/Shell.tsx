/** The frame of every page: where one can go, who is signed in, and the keyboard. */

import { AppShell, Burger, Group, type MantineColorScheme, Menu, Text, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { overviewQuery } from "./data/books";
import { roleWord } from "./data/roles";
import { type Permission, signOut, useMay, useMe } from "./data/session";
import { SearchEverything } from "./parts/SearchEverything";
import { Shortcuts } from "./parts/Shortcuts";
import { Standing } from "./parts/Standing";

type Place = { to: string; label: string; permission: Permission; key: string };

/** `g` and then the key goes there. */
export const PLACES = [
  { to: "/", label: "Home", permission: "read", key: "h" },
  { to: "/leads", label: "Leads", permission: "read", key: "l" },
  { to: "/customers", label: "Customers", permission: "read", key: "c" },
  { to: "/proposals", label: "Proposals", permission: "read", key: "p" },
  { to: "/payments", label: "Payments", permission: "payments:read", key: "y" },
  { to: "/books", label: "Books", permission: "books:read", key: "b" },
  { to: "/mail", label: "Mail", permission: "read", key: "m" },
  { to: "/activity", label: "Activity", permission: "read", key: "a" },
  { to: "/settings", label: "Settings", permission: "read", key: "s" },
] as const satisfies Place[];

export function Shell() {
  const [open, { toggle, close }] = useDisclosure();
  const me = useMe();
  const may = useMay();
  const overview = useQuery({ ...overviewQuery, enabled: may("books:read") });
  const needing = overview.data?.needs_you.length ?? 0;
  const places = PLACES.filter((place) => may(place.permission));

  return (
    <AppShell
      header={{ height: { base: 56, sm: 0 } }}
      navbar={{ width: 216, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding={0}
      transitionDuration={0}
    >
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header hiddenFrom="sm" px="md">
        <Group h="100%" gap="sm">
          <Burger opened={open} onClick={toggle} size="sm" aria-label={open ? "Close menu" : "Open menu"} />
          <Text fw={650}>{me.org_name}</Text>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" className="side">
        <Group gap="xs" px="xs" py="xs" mb="sm" wrap="nowrap" visibleFrom="sm">
          <span className="monogram" aria-hidden="true">
            {me.org_name.slice(0, 1)}
          </span>
          <Text fw={650} lh={1.25}>
            {me.org_name}
          </Text>
        </Group>
        <SearchEverything />
        <nav aria-label="Main" className="places">
          {places.map((place) => (
            <Link
              key={place.to}
              to={place.to}
              className="place"
              activeProps={{ className: "place active", "aria-current": "page" }}
              activeOptions={{ exact: place.to === "/", includeSearch: false }}
              onClick={close}
            >
              <span>{place.label}</span>
              {place.to === "/books" && needing > 0 && (
                <span className="count" aria-label={`${needing} need you`}>
                  {needing}
                </span>
              )}
            </Link>
          ))}
        </nav>
        <Person />
      </AppShell.Navbar>
      <AppShell.Main id="main" className="main">
        <Standing />
        <div className="sheet">
          <Outlet />
        </div>
      </AppShell.Main>
      <Shortcuts places={places} />
    </AppShell>
  );
}

function Person() {
  const me = useMe();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { colorScheme, setColorScheme } = useMantineColorScheme();

  const leave = async () => {
    await signOut();
    queries.clear();
    await navigate({ to: "/login" });
  };

  return (
    <Menu width={220} position="top-start">
      <Menu.Target>
        <UnstyledButton className="person">
          <Text size="sm" fw={550} truncate>
            {me.name}
          </Text>
          <Text size="xs" c="dimmed">
            {roleWord(me.role)}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Appearance</Menu.Label>
        <Menu.RadioGroup value={colorScheme} onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}>
          <Menu.RadioItem value="auto">As the system</Menu.RadioItem>
          <Menu.RadioItem value="light">Light</Menu.RadioItem>
          <Menu.RadioItem value="dark">Dark</Menu.RadioItem>
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item onClick={() => window.dispatchEvent(new CustomEvent("show-shortcuts"))} rightSection="?">
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item onClick={() => void leave()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
