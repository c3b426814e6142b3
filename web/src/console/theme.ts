/** The component library, themed once: one typeface, a 4-px grid, one accent per org. */

import { Button, createTheme, type MantineColorsTuple, Menu, Modal, Paper, Popover, Select, TextInput } from "@mantine/core";
import { shadesOf } from "../look/accent";

const FONT = '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** The dark scheme's greys, of the same hue as the page behind them. */
const SLATE: MantineColorsTuple = [
  "#eceff3",
  "#c1c8d2",
  "#a3acb9",
  "#78818f",
  "#434b58",
  "#2e343e",
  "#242932",
  "#1c2027",
  "#14171c",
  "#0f1216",
];

/** The library's own red is too light behind white words. */
const RED = "#b3261e";

function tuple(color: string | null | undefined): MantineColorsTuple {
  return shadesOf(color) as unknown as MantineColorsTuple;
}

export function themeFor(brand: string | null | undefined) {
  return createTheme({
    fontFamily: FONT,
    headings: { fontFamily: FONT, fontWeight: "650" },
    primaryColor: "accent",
    primaryShade: 6,
    colors: { dark: SLATE, accent: tuple(brand), red: tuple(RED) },
    defaultRadius: "md",
    cursorType: "pointer",
    focusRing: "auto",
    respectReducedMotion: true,
    components: {
      Button: Button.extend({ defaultProps: { size: "sm" } }),
      Paper: Paper.extend({ defaultProps: { withBorder: true, radius: "md" } }),
      // Its placeholder for the focus is no child that a menu may have; the first entry takes the focus as well.
      Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
      Modal: Modal.extend({
        // Its header would be taken for a second banner of the page: it stands in a section that is a dialog.
        defaultProps: { centered: true, transitionProps: { duration: 0 }, attributes: { header: { role: "presentation" } } },
        styles: { title: { fontWeight: 600 } },
      }),
      // Menus and lists open inside of the page's main part: what hangs at the end of the body stands in no landmark.
      Popover: Popover.extend({ defaultProps: { portalProps: { target: "main" } } }),
      TextInput: TextInput.extend({ defaultProps: { autoComplete: "off" } }),
      Select: Select.extend({ defaultProps: { allowDeselect: false, checkIconPosition: "right" } }),
    },
  });
}
