/** What stands between a person and the server: no answer, or an ended session. Nothing typed is lost to either. */

import { Button, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { formatTime } from "../../words/dates";
import { REFRESH_MILLISECONDS } from "../data/pages";
import { setReach, useReach } from "../data/reach";
import { meQuery, signIn, useMe } from "../data/session";
import { Failed } from "./Failed";

/** Above every other dialog: a form in one of them waits behind it. */
const ON_TOP = 400;

export function Standing() {
  const reach = useReach();
  return (
    <>
      <div role="status">{reach.state === "away" && <Away since={reach.since} />}</div>
      {reach.state === "signed-out" && <SignInAgain />}
    </>
  );
}

function Away({ since }: { since: Date }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const ask = async () => {
    setAsking(true);
    await queries.refetchQueries({ type: "active" });
    setAsking(false);
  };
  useEffect(() => {
    // Not every page polls; this one question tells when the server is back.
    const timer = setInterval(() => void queries.refetchQueries({ queryKey: meQuery.queryKey }), REFRESH_MILLISECONDS);
    return () => {
      clearInterval(timer);
      void queries.invalidateQueries(); // back: everything on screen is read again
    };
  }, [queries]);
  return (
    <div className="away">
      <span>
        <strong>No connection to the server since {formatTime(since)}.</strong> You see the state of then; what you are
        typing stays here.
      </span>
      <Button variant="default" size="xs" loading={asking} onClick={() => void ask()}>
        Try again
      </Button>
    </div>
  );
}

function SignInAgain() {
  const me = useMe();
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => signIn(me.email, password),
    onSuccess: async () => {
      await queries.cancelQueries(); // what was asked without a session would open this again
      setReach({ state: "good" });
      void queries.invalidateQueries();
    },
  });
  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      zIndex={ON_TOP}
      title="Your session ended"
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <Stack gap="sm">
          <Text>Sign in again to go on. What you were typing is still here.</Text>
          {login.error && <Failed problem={login.error} />}
          {/* For password managers: whose password this is. */}
          <input type="email" name="email" autoComplete="username" value={me.email} readOnly hidden />
          <PasswordInput
            label={`Password of ${me.email}`}
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" loading={login.isPending}>
            Sign in
          </Button>
          <Text size="sm">
            <a href="/login">Sign in as somebody else</a>
          </Text>
        </Stack>
      </form>
    </Modal>
  );
}
