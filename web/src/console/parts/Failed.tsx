/** Something did not work: a sentence and a button, never a code alone. */

import { Button, Group, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Problem } from "../../api/problem";

type FailedProps = {
  problem: Error;
  onRetry?: (() => void) | undefined;
  /** What the button says; "Try again" unless told. */
  label?: string;
};

export function Failed({ problem, onRetry, label = "Try again" }: FailedProps) {
  const reference = problem instanceof Problem ? problem.reference : "";
  return (
    <div className="notice red" role="alert">
      <Group justify="space-between" gap="sm" wrap="wrap">
        <div>
          <span>{sentenceOf(problem)}</span>
          {reference && problem instanceof Problem && problem.status >= 500 && (
            <Text component="span" size="xs" ml={6}>
              (for support: {reference})
            </Text>
          )}
        </div>
        {onRetry && (
          <Button variant="default" size="xs" onClick={onRetry}>
            {label}
          </Button>
        )}
      </Group>
    </div>
  );
}

export function sentenceOf(problem: Error): string {
  return problem instanceof Problem
    ? problem.message
    : "This page ran into a fault of ours. Loading it again usually helps.";
}

export function PageFailed({ problem }: { problem: Error }) {
  if (problem instanceof Problem && problem.status === 404) return <NotFoundPage />;
  return (
    <div className="sheet">
      <Failed problem={problem} onRetry={() => void loadAgain()} />
    </div>
  );
}

/** Loads the address anew, but only from a server that answers: otherwise the browser's own error page would come. */
async function loadAgain(): Promise<void> {
  const alive = await fetch("/healthz").then(
    ({ ok }) => ok,
    () => false,
  );
  if (alive) window.location.reload();
}

export function NotFoundPage() {
  return (
    <div className="sheet empty">
      <Title order={1} size="h2">
        There is nothing at this address
      </Title>
      <Text c="dimmed">It may have been mistyped, or it belongs to another company.</Text>
      <Link to="/">Go to Home</Link>
    </div>
  );
}
