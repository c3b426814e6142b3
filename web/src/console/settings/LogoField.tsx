/** The company's logo: chosen, dropped or pasted; shown where customers see the company; taken off with undo. */

import { Button, Group, Progress } from "@mantine/core";
import { useRef, useState } from "react";
import { FILE_BYTES_MAX, fileAddress, sendFile } from "../data/files";
import { hideLogo, type Org, showLogo } from "../data/org";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { sentenceOf } from "../parts/Failed";
import { Block } from "../parts/Page";
import { Undo } from "../parts/Undo";

const REFRESH = { refresh: ["org"] };
const TOO_LARGE = "This file is larger than 25 MB; please make it smaller.";

export function LogoField({ org }: { org: Org }) {
  const editable = useMay()("org:manage");
  const chooser = useRef<HTMLInputElement>(null);
  const [share, setShare] = useState<number | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [before, setBefore] = useState<number | null>(null);
  const [over, setOver] = useState(false);
  const show = useAct((id: number) => showLogo(id), { ...REFRESH, onDone: () => setBefore(null) });
  const hide = useAct(() => hideLogo(), { ...REFRESH, onDone: () => setBefore(org.logo_file_id) });
  const problem = show.error ?? hide.error;

  const take = async (file: File | undefined) => {
    if (!file || !editable || share !== null) return;
    setWrong(null);
    if (file.size > FILE_BYTES_MAX) return setWrong(TOO_LARGE);
    setShare(0);
    try {
      const kept = await sendFile("logo", file, setShare);
      await show.mutateAsync(kept.id);
    } catch (error) {
      setWrong(`${file.name}: ${sentenceOf(error as Error)}`);
    } finally {
      setShare(null);
    }
  };

  return (
    <Block title="Logo">
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
          void take(event.dataTransfer.files[0]);
        }}
        onPaste={(event) => void take(event.clipboardData.files[0])}
      >
        <Group gap="md">
          {org.logo_file_id ? (
            <span className="logo-frame">
              <img src={fileAddress(org.logo_file_id)} alt={`Logo of ${org.name}`} />
            </span>
          ) : (
            <span className="monogram" aria-hidden="true">
              {org.name.slice(0, 1)}
            </span>
          )}
          <p className="grow quiet">
            {org.logo_file_id
              ? "Stands on the customer’s page, in mails and on papers."
              : "Without a logo customers see the first letter of your name. A picture of 400 pixels or more looks good on paper too."}
          </p>
        </Group>
        {editable && (
          <Group gap="sm">
            <Button variant="default" size="xs" loading={share !== null} onClick={() => chooser.current?.click()}>
              {org.logo_file_id ? "Choose another picture" : "Choose a picture"}
            </Button>
            {org.logo_file_id && (
              <Button variant="subtle" size="xs" loading={hide.isPending} onClick={() => hide.mutate()}>
                Take it off
              </Button>
            )}
            <span className="quiet">JPEG, PNG or WebP, up to 25 MB; drop or paste it here too.</span>
          </Group>
        )}
        {share !== null && <Progress value={share * 100} aria-label="Sending the logo" />}
        {(wrong ?? problem) && (
          <p className="wrong" role="alert">
            {wrong ?? (problem && sentenceOf(problem))}
          </p>
        )}
        {before !== null && org.logo_file_id === null && (
          <Undo words="The logo was taken off." onUndo={() => show.mutate(before)} />
        )}
      </div>
      <input
        ref={chooser}
        type="file"
        hidden
        accept="image/*"
        aria-label="Logo"
        onChange={(event) => {
          void take(event.currentTarget.files?.[0]);
          event.currentTarget.value = ""; // so that the same file can be chosen again
        }}
      />
    </Block>
  );
}
