/** Something the person does: runs it, and refreshes what it may have changed. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

/** Returns a mutation after which the queries that begin with one of `refresh` are read again (all by default). */
export function useAct<Input = void, Output = unknown>(
  run: (input: Input) => Promise<Output>,
  { refresh, onDone }: { refresh?: string[]; onDone?: (output: Output, input: Input) => void } = {},
) {
  const queries = useQueryClient();
  return useMutation<Output, Error, Input>({
    mutationFn: run,
    onSuccess: (output, input) => {
      if (refresh) for (const key of refresh) void queries.invalidateQueries({ queryKey: [key] });
      else void queries.invalidateQueries();
      onDone?.(output, input);
    },
  });
}
