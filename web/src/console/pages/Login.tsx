/** Signing in. Comes back to the page that asked for it. */

import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { meQuery, signIn } from "../data/session";
import { Failed } from "../parts/Failed";

export function Login() {
  const { next } = useSearch({ from: "/login" });
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: ({ user }) => {
      queries.setQueryData(meQuery.queryKey, user);
      // A whole new page: nothing of an earlier session stays in memory.
      window.location.assign(next?.startsWith("/") && !next.startsWith("//") ? next : "/");
    },
  });
  useEffect(() => {
    document.title = "Sign in · PeakPro CRM";
  }, []);

  return (
    <main className="login">
      <Paper p="xl" className="login-card">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            login.mutate();
          }}
        >
          <Stack>
            <div>
              <Title order={1} size="h2">
                Sign in
              </Title>
              <Text c="dimmed">PeakPro CRM, for the office</Text>
            </div>
            {login.error && <Failed problem={login.error} />}
            <TextInput
              label="E-mail"
              type="email"
              autoComplete="username"
              size="md"
              required
              withAsterisk={false}
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              size="md"
              required
              withAsterisk={false}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button type="submit" size="md" loading={login.isPending}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              A homeowner? Your proposal opens with the link in your e-mail; you need no password.
            </Text>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}
