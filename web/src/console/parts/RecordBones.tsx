/** A record's skeleton: two columns where its blocks will stand. */

import { Skeleton } from "@mantine/core";

export function RecordBones() {
  return (
    <div className="record" aria-busy="true">
      <div>
        <Skeleton h={320} mb="md" />
        <Skeleton h={160} />
      </div>
      <div>
        <Skeleton h={180} mb="md" />
        <Skeleton h={180} />
      </div>
    </div>
  );
}
