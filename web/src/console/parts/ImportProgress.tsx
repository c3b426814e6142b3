/** One import: how far it is, what it added, what it could not read, and the way back. */

import { Button, Group, Progress, Stack } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { importQuery, undoImport } from "../data/imports";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { ImportProblems } from "./ImportProblems";
import { Block } from "./Page";
import { RecordBones } from "./RecordBones";
import { count } from "./words";

const LISTS = { customers: "/customers", leads: "/leads", price_items: null };

export function ImportProgress({ id }: { id: number }) {
  const { data, error, refetch } = useQuery(importQuery(id));
  const queries = useQueryClient();
  const undo = useAct(() => undoImport(id));
  const state = data?.state;
  useEffect(() => {
    if (state === "done") void queries.invalidateQueries();
  }, [state, queries]);
  if (!data) return error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />;
  const share = data.rows_total > 0 ? (100 * data.rows_done) / data.rows_total : 0;
  const list = LISTS[data.kind];
  return (
    <Block title={data.file_name}>
      <Stack gap="md">
        {state === "running" && (
          <div>
            <Progress value={share} aria-label="How far the import is" />
            <p className="quiet" role="status">
              {data.rows_done.toLocaleString("en-US")} of {count(data.rows_total, "row")}
            </p>
          </div>
        )}
        {state === "uploaded" && <p>This file was not imported. Choose it again to do so.</p>}
        {(state === "done" || state === "running") && (
          <p role="status">
            {count(data.created_count, "row")} added, {data.skipped_count.toLocaleString("en-US")} there already,{" "}
            {data.failed_count.toLocaleString("en-US")} not taken. {list && <Link to={list}>Look at them</Link>}
          </p>
        )}
        {state === "undone" && (
          <p role="status">
            Undone.{" "}
            {data.kept_count > 0
              ? `${count(data.kept_count, "record")} stayed, because somebody has worked with them since.`
              : "Everything that it added is gone again."}
          </p>
        )}
        <ImportProblems problems={data.problems} total={data.failed_count} />
        {undo.error && <Failed problem={undo.error} />}
        {(state === "done" || state === "running") && data.created_count > 0 && (
          <Group justify="flex-end">
            <Button variant="default" loading={undo.isPending} onClick={() => undo.mutate()}>
              Undo this import
            </Button>
          </Group>
        )}
      </Stack>
    </Block>
  );
}
