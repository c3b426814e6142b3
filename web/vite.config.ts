/** How the apps are built: portal (homeowner), console (office), and the preview of a draft are separate entries. */

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    rollupOptions: { input: ["index.html", "portal.html", "preview.html"] },
    // Mantine alone is above Vite's default of 500 kB; the portal does not load it.
    chunkSizeWarningLimit: 800,
    // Everything stays a file: the content security policy allows no data: scripts or fonts.
    assetsInlineLimit: 0,
  },
});
