import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vitest/config";

/** Where `npm run dev` finds a running server. */
const SERVER = process.env.SAFELIGHT_SERVER ?? "http://127.0.0.1:8188";

export default defineConfig({
  plugins: [react(), packed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/safelight/web",
    emptyOutDir: true,
    assetsDir: "web", // below a path that no route has
    assetsInlineLimit: 0, // the page allows no inlined data but pictures
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": {
        target: SERVER,
        changeOrigin: true,
        ws: true,
        // the server answers pages of its own host only, and the page of `npm run dev` is of another port
        configure(proxy) {
          proxy.on("proxyReq", (request) => request.removeHeader("origin"));
          proxy.on("proxyReqWs", (request) => request.removeHeader("origin"));
        },
      },
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"] },
});

/** Lays every text file packed beside itself, so that the server need not pack it for each visitor. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle)) {
        if (!/\.(js|css|html|svg|json)$/.test(name)) continue;
        const content = readFileSync(join(dir, name));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
        writeFileSync(
          join(dir, `${name}.br`),
          brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
        );
      }
    },
  };
}
