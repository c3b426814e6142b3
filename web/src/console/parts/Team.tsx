/** The team: who may sign in, and in which role. */

import { Button, Group, Modal, PasswordInput, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { changeUser, createUser, type Role, type User, usersQuery } from "../data/org";
import { useListing } from "../data/pages";
import { ROLES } from "../data/roles";
import { useMe } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Block, Empty } from "./Page";
import { type Column, Rows } from "./Rows";

const PASSWORD_MIN = 8;

const COLUMNS: Column<User>[] = [
  {
    name: "Person",
    cell: (user) => (
      <>
        {user.name}
        <small>{user.email}</small>
      </>
    ),
  },
  { name: "Role", cell: (user) => <RoleOf user={user} /> },
  { name: "", right: true, cell: (user) => <Activation user={user} /> },
];

export function Team() {
  const listing = useListing(usersQuery);
  const [adding, setAdding] = useState(false);
  return (
    <Block title="Team" flush actions={<Button size="xs" onClick={() => setAdding(true)}>Add somebody</Button>}>
      <Rows
        label="Team"
        listing={listing}
        columns={COLUMNS}
        keyOf={(user) => user.id}
        empty={<Empty>Add the people who work with you.</Empty>}
      />
      <Modal opened={adding} onClose={() => setAdding(false)} title="Add somebody" closeButtonProps={{ "aria-label": "Close" }}>
        <NewPerson onSaved={() => setAdding(false)} />
      </Modal>
    </Block>
  );
}

function RoleOf({ user }: { user: User }) {
  const me = useMe();
  const change = useAct((role: Role) => changeUser(user.id, { role }), { refresh: ["users"] });
  return (
    <>
      <Select
        aria-label={`Role of ${user.name}`}
        size="xs"
        w={150}
        data={ROLES}
        value={user.role}
        disabled={user.id === me.id || change.isPending}
        onChange={(role) => role && change.mutate(role as Role)}
      />
      {change.error && <Failed problem={change.error} />}
    </>
  );
}

function Activation({ user }: { user: User }) {
  const me = useMe();
  const change = useAct(() => changeUser(user.id, { active: !user.active }), { refresh: ["users"] });
  if (user.id === me.id) return <span className="quiet">You</span>;
  return (
    <>
      <Button variant="default" size="xs" loading={change.isPending} onClick={() => change.mutate()}>
        {user.active ? "Deactivate" : "Activate again"}
      </Button>
      {change.error && <Failed problem={change.error} />}
    </>
  );
}

function NewPerson({ onSaved }: { onSaved: () => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("office");
  const [password, setPassword] = useState("");
  const save = useAct(() => createUser({ name, email, role, password }), { refresh: ["users"], onDone: onSaved });
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          required
          value={name}
          error={wrong("name")}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label="E-mail"
          type="email"
          required
          value={email}
          error={wrong("email")}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Select
          label="Role"
          description={ROLES.find(({ value }) => value === role)?.may}
          data={ROLES}
          value={role}
          onChange={(value) => value && setRole(value as Role)}
        />
        <PasswordInput
          label="First password"
          description={`At least ${PASSWORD_MIN} characters; tell it to them in person.`}
          autoComplete="new-password"
          required
          minLength={PASSWORD_MIN}
          value={password}
          error={wrong("password")}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {save.error && <Failed problem={save.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
