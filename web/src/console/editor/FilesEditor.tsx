/** Photos and papers of a proposal: chosen, dropped or pasted, sent with progress, each with its words. */

import { Box, Button, Group, Progress, Text, TextInput } from "@mantine/core";
import { useRef, useState } from "react";
import { FILE_BYTES_MAX, fileAddress, type KeptFile, sendFile } from "../data/files";
import { sentenceOf } from "../parts/Failed";
import type { FieldErrors, FileDraft } from "./draft";
import { moved, OrderButtons, orderKeys } from "./OrderButtons";

const FILES_MAX = 40;
const SENT_AT_ONCE = 2;

/** A file on its way; it stays here until it is kept, so that it can be sent again. */
type Sending = { key: number; file: File; share: number; wrong: string | null };

type FilesEditorProps = {
  files: FileDraft[];
  errors: FieldErrors;
  onChange: (files: FileDraft[]) => void;
  onAdd: (file: KeptFile) => void;
  onRemove: (file: FileDraft, index: number) => void;
  /** How many are on their way or failed. */
  onWaiting: (count: number) => void;
};

export function FilesEditor({ files, errors, onChange, onAdd, onRemove, onWaiting }: FilesEditorProps) {
  const { sending, add, retry, forget } = useSending(onAdd, onWaiting);
  const chooser = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const room = FILES_MAX - files.length - sending.length;
  const take = (list: FileList | null) => add([...(list ?? [])].slice(0, Math.max(room, 0)));
  return (
    <div
      className={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
      onPaste={(event) => {
        if (event.clipboardData.files.length > 0) take(event.clipboardData.files);
      }}
    >
      {files.map((file, i) => {
        const move = (step: -1 | 1) => onChange(moved(files, i, step));
        return (
          <Box key={file.id} className="file-editor" onKeyDown={orderKeys(move)}>
            <Thumbnail file={file} />
            <TextInput
              className="grow"
              label={file.name}
              placeholder="Words below it (optional)"
              value={file.caption}
              maxLength={500}
              error={errors[`files.${i}.caption`] ?? errors[`files.${i}.file_id`]}
              onChange={(event) =>
                onChange(files.map((each, at) => (at === i ? { ...each, caption: event.currentTarget.value } : each)))
              }
            />
            <OrderButtons
              what={file.name}
              index={i}
              count={files.length}
              onMove={move}
              onRemove={() => onRemove(file, i)}
            />
          </Box>
        );
      })}
      {sending.map((each) => (
        <OnItsWay key={each.key} sending={each} onRetry={() => retry(each)} onForget={() => forget(each.key)} />
      ))}
      <Group gap="sm">
        <Button variant="default" size="xs" disabled={room <= 0} onClick={() => chooser.current?.click()}>
          Add photos or papers
        </Button>
        <Text size="sm" c="dimmed">
          {room > 0 ? "Or drop or paste them here: pictures and PDF, up to 25 MB each." : "40 files are the most."}
        </Text>
      </Group>
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        accept="image/*,application/pdf"
        aria-label="Photos or papers"
        onChange={(event) => {
          take(event.currentTarget.files);
          event.currentTarget.value = ""; // so that the same file can be chosen again
        }}
      />
    </div>
  );
}

function Thumbnail({ file }: { file: FileDraft }) {
  const address = fileAddress(file.id);
  return (
    <a href={address} target="_blank" rel="noreferrer" aria-label={`Open ${file.name}`} className="thumbnail">
      {file.kind === "photo" ? <img src={address} alt="" loading="lazy" /> : <span>{file.name.split(".").at(-1)}</span>}
    </a>
  );
}

function OnItsWay({ sending, onRetry, onForget }: { sending: Sending; onRetry: () => void; onForget: () => void }) {
  const { file, share, wrong } = sending;
  return (
    <div className="file-editor">
      <div className="grow">
        <Text size="sm" className="breakable">
          {file.name}
        </Text>
        {wrong === null ? (
          <Progress value={share * 100} aria-label={`Sending ${file.name}`} />
        ) : (
          <p className="wrong" role="alert">
            {wrong}
          </p>
        )}
      </div>
      {wrong !== null && (
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={onRetry}>
            Try again
          </Button>
          <Button variant="subtle" size="xs" onClick={onForget}>
            Leave out
          </Button>
        </Group>
      )}
    </div>
  );
}

let keys = 0;

/** Sends what is added, two at a time in their order. */
function useSending(onAdd: (file: KeptFile) => void, onWaiting: (count: number) => void) {
  const [sending, setSending] = useState<Sending[]>([]);
  const all = useRef<Sending[]>([]);
  const queue = useRef<Sending[]>([]);
  const running = useRef(0);

  const show = (next: Sending[]) => {
    all.current = next;
    setSending(next);
    onWaiting(next.length);
  };
  const change = (key: number, part: Partial<Sending>) =>
    show(all.current.map((each) => (each.key === key ? { ...each, ...part } : each)));
  const forget = (key: number) => show(all.current.filter((each) => each.key !== key));

  const next = async (): Promise<void> => {
    const one = running.current < SENT_AT_ONCE ? queue.current.shift() : undefined;
    if (!one) return;
    running.current += 1;
    try {
      const kind = one.file.type.startsWith("image/") ? "photo" : "attachment";
      const kept = await sendFile(kind, one.file, (share) => change(one.key, { share }));
      forget(one.key);
      onAdd(kept);
    } catch (error) {
      change(one.key, { wrong: sentenceOf(error as Error) });
    } finally {
      running.current -= 1;
      void next();
    }
  };
  const start = (each: Sending) => {
    queue.current.push(each);
    void next();
  };
  const add = (files: File[]) => {
    const added = files.map((file): Sending => {
      const wrong = file.size > FILE_BYTES_MAX ? "This file is larger than 25 MB; please make it smaller." : null;
      return { key: (keys += 1), file, share: 0, wrong };
    });
    show([...all.current, ...added]);
    for (const each of added) if (each.wrong === null) start(each);
  };
  const retry = (each: Sending) => {
    if (each.file.size > FILE_BYTES_MAX) return;
    change(each.key, { wrong: null, share: 0 });
    start(each);
  };
  return { sending, add, retry, forget };
}
