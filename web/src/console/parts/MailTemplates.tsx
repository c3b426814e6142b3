/** The text of each kind of mail, with how it would look beside it. */

import { Alert, Button, Group, Select, SegmentedControl, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  kindWord,
  type MailKind,
  type MailTemplate,
  previewQuery,
  resetTemplate,
  templatesQuery,
  writeTemplate,
} from "../data/mail";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { MailPreview } from "./MailPreview";
import { Block } from "./Page";
import { RecordBones } from "./RecordBones";
import { Undo } from "./Undo";

const PREVIEW_WAITS_MILLISECONDS = 400;

export function MailTemplates() {
  const templates = useQuery(templatesQuery);
  const [kind, setKind] = useState<MailKind>("proposal_sent");
  const [language, setLanguage] = useState<"en" | "es">("en");
  if (templates.error) return <Failed problem={templates.error} onRetry={() => void templates.refetch()} />;
  if (!templates.data) return <RecordBones />;
  const template = templates.data.find((each) => each.kind === kind && each.language === language);
  return (
    <>
      <Group mb="sm" gap="sm" align="end">
        <Select
          label="Kind of mail"
          data={templates.data
            .filter((each) => each.language === "en")
            .map((each) => ({ value: each.kind, label: kindWord(each.kind) }))}
          value={kind}
          allowDeselect={false}
          searchable
          onChange={(value) => value && setKind(value as MailKind)}
        />
        <SegmentedControl
          aria-label="Language"
          value={language}
          onChange={(value) => setLanguage(value as "en" | "es")}
          data={[
            { value: "en", label: "English" },
            { value: "es", label: "Español" },
          ]}
        />
      </Group>
      {template && <Editor key={`${kind}-${language}`} template={template} />}
    </>
  );
}

function Editor({ template }: { template: MailTemplate }) {
  const may = useMay()("org:manage");
  const [wording, setWording] = useState(template.own ?? template.standard);
  const [shown] = useDebouncedValue(wording, PREVIEW_WAITS_MILLISECONDS);
  const preview = useQuery(previewQuery(template, shown));
  const write = useAct(() => writeTemplate(template, wording), { refresh: ["mail-templates"] });
  const [dropped, setDropped] = useState<typeof wording | null>(null);
  const reset = useAct(() => resetTemplate(template), {
    refresh: ["mail-templates"],
    onDone: () => {
      setDropped(template.own);
      setWording(template.standard);
    },
  });
  const restore = useAct((words: typeof wording) => writeTemplate(template, words), {
    refresh: ["mail-templates"],
    onDone: () => {
      setWording(dropped ?? wording);
      setDropped(null);
    },
  });
  const problem = write.error ?? reset.error ?? restore.error;
  const kept = template.own ?? template.standard;
  const changed = wording.subject !== kept.subject || wording.body !== kept.body;
  const isStandard = wording.subject === template.standard.subject && wording.body === template.standard.body;
  return (
    <div className="mail-columns">
      <Block title="Text">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            write.mutate();
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Subject"
              required
              maxLength={500}
              readOnly={!may}
              value={wording.subject}
              onChange={(event) => setWording({ ...wording, subject: event.currentTarget.value })}
            />
            <Textarea
              label="Text"
              description="A blank line begins a new paragraph. Button, figures and footer are added below it."
              required
              autosize
              minRows={8}
              maxRows={20}
              maxLength={20_000}
              readOnly={!may}
              value={wording.body}
              onChange={(event) => setWording({ ...wording, body: event.currentTarget.value })}
            />
            <Text size="sm" c="dimmed">
              These are filled in: {template.placeholders.map((name) => `{${name}}`).join(", ")}
            </Text>
            {problem && <Failed problem={problem} />}
            {dropped && !template.own && (
              <Undo words="The standard text is used again." busy={restore.isPending} onUndo={() => restore.mutate(dropped)} />
            )}
            {may && (
              <Group justify="flex-end" gap="xs">
                <Button
                  variant="default"
                  disabled={template.own ? false : isStandard}
                  loading={reset.isPending}
                  onClick={() => (template.own ? reset.mutate() : setWording(template.standard))}
                >
                  Use the standard text
                </Button>
                <Button type="submit" disabled={!changed} loading={write.isPending}>
                  Save
                </Button>
              </Group>
            )}
            {write.isSuccess && !changed && (
              <Text size="sm" role="status">
                Saved. The next mail of this kind uses it.
              </Text>
            )}
          </Stack>
        </form>
      </Block>
      <Block title="Preview">
        {preview.error ? (
          <Alert color="red" role="status">
            {preview.error.message}
          </Alert>
        ) : (
          preview.data && (
            <>
              <Text fw={600} mb="xs">
                {preview.data.subject}
              </Text>
              <MailPreview html={preview.data.html} title="Preview of the mail" />
            </>
          )
        )}
      </Block>
    </div>
  );
}
