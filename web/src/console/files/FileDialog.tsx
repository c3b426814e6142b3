/** One file: what it is, where it is used, its download, and its deletion after a second press. */

import { Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatMoment } from "../../words/dates";
import { deleteFile, fileAddress, type UsedFile, usedFileQuery } from "../data/files";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Facts } from "../parts/Page";
import { addressOfUse, KIND_WORDS, mayBeDeleted, sizeWords, usedWords, wordsOfUse } from "./words";

type FileDialogProps = { id: number; onClose: () => void; onDeleted: (name: string) => void };

export function FileDialog({ id, onClose, onDeleted }: FileDialogProps) {
  const { data, error, refetch } = useQuery(usedFileQuery(id));
  return (
    <Modal opened onClose={onClose} size="lg" title={data?.name ?? "File"} closeButtonProps={{ "aria-label": "Close" }}>
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton h={240} aria-busy="true" />}
      {data && <About file={data} onDeleted={() => onDeleted(data.name)} />}
    </Modal>
  );
}

function About({ file, onDeleted }: { file: UsedFile; onDeleted: () => void }) {
  const writes = useMay()("proposals:write");
  const [asked, setAsked] = useState(false);
  const remove = useAct(() => deleteFile(file.id), { refresh: ["file-list"], onDone: onDeleted });
  const size = sizeWords(file.size_bytes);
  const pixels = file.width && file.height ? `${size}, ${file.width} × ${file.height} pixels` : size;
  return (
    <Stack gap="md">
      {file.media_type.startsWith("image/") && (
        <img className="file-preview" src={fileAddress(file.id)} alt={file.name} />
      )}
      <Facts
        facts={[
          ["Kind", KIND_WORDS[file.kind]],
          ["Used by", <Uses key="uses" file={file} />],
          ["Size", pixels],
          ["Added", formatMoment(file.created_at)],
        ]}
      />
      {remove.error && <Failed problem={remove.error} />}
      {asked ? (
        <Stack gap="xs" role="group" aria-label="Delete this file">
          <Text>Delete {file.name}? It cannot be brought back.</Text>
          <Group gap="xs">
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              Delete for good
            </Button>
            <Button variant="default" onClick={() => setAsked(false)} data-autofocus>
              Keep it
            </Button>
          </Group>
        </Stack>
      ) : (
        <Group justify="space-between">
          {writes && mayBeDeleted(file) ? (
            <Button variant="subtle" color="red" onClick={() => setAsked(true)}>
              Delete…
            </Button>
          ) : (
            <span />
          )}
          <Group gap="xs">
            <Button variant="default" component="a" href={fileAddress(file.id)} target="_blank" rel="noreferrer">
              Open
            </Button>
            <Button component="a" href={fileAddress(file.id)} download={file.name}>
              Download
            </Button>
          </Group>
        </Group>
      )}
    </Stack>
  );
}

function Uses({ file }: { file: UsedFile }) {
  const others = file.use_count - file.uses.length;
  if (file.uses.length === 0) return usedWords(file);
  return (
    <ul className="plain-list">
      {file.uses.map((use) => (
        <li key={`${use.kind}/${use.id}`}>
          <Link to={addressOfUse(use)}>{wordsOfUse(use)}</Link>
        </li>
      ))}
      {others > 0 && <li className="quiet">and {others} more</li>}
    </ul>
  );
}
