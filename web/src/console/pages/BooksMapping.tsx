/** How the books are kept: the policy on deposits and on fees, what stands for what, and what a payment would post. */

import { Stack } from "@mantine/core";
import { DepositPolicy } from "../parts/DepositPolicy";
import { BooksPapers } from "../parts/BooksPapers";
import { DryRun } from "../parts/DryRun";
import { FeeDocuments } from "../parts/FeeDocuments";
import { JobCustomers } from "../parts/JobCustomers";
import { MappingSlots } from "../parts/MappingSlots";

export function BooksMapping() {
  return (
    <Stack gap="md">
      <DepositPolicy />
      <FeeDocuments />
      <BooksPapers />
      <MappingSlots />
      <JobCustomers />
      <DryRun />
    </Stack>
  );
}
