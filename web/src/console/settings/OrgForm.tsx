/** The frame of a form over the company's settings: fields, what went wrong, and Save; readers see it greyed out. */

import { Button, Group, Skeleton, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type Org, orgQuery } from "../data/org";
import { useMay } from "../data/session";
import { Failed } from "../parts/Failed";
import { Block, Page } from "../parts/Page";

/** The page of a setting: its form once the company is read. */
export function OrgPage({ title, children }: { title: string; children: (org: Org) => React.ReactNode }) {
  const { data, error, refetch } = useQuery(orgQuery);
  return (
    <Page title={title}>
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton h={420} aria-busy="true" />}
      {data && children(data)}
    </Page>
  );
}

type OrgFormProps = {
  title: string;
  form: { submit: () => void; saving: boolean; saved: boolean; problem: Error | null };
  children: React.ReactNode;
};

export function OrgForm({ title, form, children }: OrgFormProps) {
  const editable = useMay()("org:manage");
  return (
    <Block title={title}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          form.submit();
        }}
      >
        <fieldset disabled={!editable} className="plain">
          <Stack gap="sm">
            {children}
            {form.problem && <Failed problem={form.problem} />}
            <Group justify="flex-end" className="save-row">
              {editable ? (
                <>
                  <span role="status">{form.saved ? "Saved." : ""}</span>
                  <Button type="submit" loading={form.saving}>
                    Save
                  </Button>
                </>
              ) : (
                <span className="quiet">Only an owner can change this.</span>
              )}
            </Group>
          </Stack>
        </fieldset>
      </form>
    </Block>
  );
}
