import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

const service = `http://127.0.0.1:${loadEnv("", ".", "PORT")["PORT"] ?? 8000}`;

export default defineConfig({
  plugins: [react()],
  // The client is a link to a folder with a React of its own, for its tests.
  resolve: { dedupe: ["react"] },
  // The policy of the pages allows no fonts and no pictures inside the style sheet.
  build: { assetsInlineLimit: 0, target: "es2022" },
  server: { port: 5173, proxy: { "/graphql": service, "/mail": service, "/paypal": service, "/bank": service } },
});
