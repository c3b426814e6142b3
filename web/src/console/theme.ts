/** The component library, themed once: one typeface, a 4-px grid, one accent per org. */

import { Button, createTheme, type MantineColorsTuple, Modal, Paper, Select, TextInput } from "@mantine/core";
import { shadesOf } from "../look/accent";

const FONT = '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export function themeFor(brand: string | null | undefined) {
  return createTheme({
    fontFamily: FONT,
    headings: { fontFamily: FONT, fontWeight: "650" },
    primaryColor: "accent",
    primaryShade: 6,
    colors: { accent: shadesOf(brand) as unknown as MantineColorsTuple },
    defaultRadius: "md",
    cursorType: "pointer",
    focusRing: "auto",
    respectReducedMotion: true,
    components: {
      Button: Button.extend({ defaultProps: { size: "sm" } }),
      Paper: Paper.extend({ defaultProps: { withBorder: true, radius: "md" } }),
      Modal: Modal.extend({ defaultProps: { centered: true, transitionProps: { duration: 0 } } }),
      TextInput: TextInput.extend({ defaultProps: { autoComplete: "off" } }),
      Select: Select.extend({ defaultProps: { allowDeselect: false, checkIconPosition: "right" } }),
    },
  });
}
