/** A signing secret, shown this once, to be copied. */

import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

export function SecretOnce({ secret, onDone }: { secret: string; onDone: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    // Without TLS browsers refuse the clipboard; the field is selected, so that Ctrl-C works.
    await navigator.clipboard?.writeText(secret);
    setCopied(navigator.clipboard !== undefined);
  };
  return (
    <Stack gap="sm">
      <Text>
        Your software verifies with it that a message is ours. Copy it now: it is not shown again, but you can always
        make a new one.
      </Text>
      <Group gap="xs" wrap="nowrap">
        <TextInput
          className="grow"
          aria-label="Signing secret"
          readOnly
          value={secret}
          onFocus={(event) => event.currentTarget.select()}
          data-autofocus
        />
        <Button variant="default" onClick={() => void copy()}>
          {copied ? "Copied" : "Copy"}
        </Button>
      </Group>
      <Group justify="flex-end">
        <Button onClick={onDone}>I have copied it</Button>
      </Group>
    </Stack>
  );
}
