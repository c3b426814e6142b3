/** A form over the company's settings: what was typed, whether it differs from what is stored, and saving it. */

import { useState } from "react";
import { Problem } from "../../api/problem";
import { changeOrg, type Org, type OrgChange } from "../data/org";
import { useAct } from "../parts/act";
import { useUnsaved } from "../parts/useUnsaved";

type Shapes<Values> = {
  /** What the fields hold for a stored company. */
  valuesOf: (org: Org) => Values;
  /** What the API is given. */
  bodyOf: (values: Values) => OrgChange;
};

export function useOrgForm<Values extends object>(org: Org, { valuesOf, bodyOf }: Shapes<Values>) {
  const [values, setValues] = useState(() => valuesOf(org));
  const [stored, setStored] = useState(values);
  const save = useAct(() => changeOrg(bodyOf(values)), {
    refresh: ["org", "me"],
    // What the API made of it (a website gets its https://) unless somebody went on typing meanwhile.
    onDone: (answer) => {
      const fresh = valuesOf(answer);
      setStored(fresh);
      setValues((now) => (now === values ? fresh : now));
    },
  });
  const dirty = JSON.stringify(values) !== JSON.stringify(stored);
  useUnsaved(dirty);
  return {
    values,
    set: (part: Partial<Values>) => setValues((before) => ({ ...before, ...part })),
    submit: () => save.mutate(),
    saving: save.isPending,
    saved: save.isSuccess && !dirty,
    problem: save.error,
    wrong: (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined),
  };
}
