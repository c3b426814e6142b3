/** Sets the theme, in the colour of the org that is signed in. */

import { MantineProvider } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { orgQuery } from "./data/org";
import { meQuery } from "./data/session";
import { themeFor } from "./theme";

export function Look({ children }: { children: React.ReactNode }) {
  // Reads what the session has loaded; asks nothing before somebody is signed in.
  const me = useQuery({ ...meQuery, enabled: false });
  const org = useQuery({ ...orgQuery, enabled: me.data !== undefined });
  const brand = org.data?.brand_color;
  const theme = useMemo(() => themeFor(brand), [brand]);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      {children}
    </MantineProvider>
  );
}
