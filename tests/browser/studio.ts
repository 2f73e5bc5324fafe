/** Real servers for the tests: processes of their own, with the real starter checkpoint. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SAFELIGHT = join(ROOT, ".venv/bin/safelight");
const PATIENCE = 60_000; // milliseconds; an engine imports torch first

/** A running server. */
export interface Studio {
  url: string;
  home: string;
  process: ChildProcess;
  /** What it has written, for when a test fails. */
  log: string[];
}

/** The servers of a test's own. */
export const started: Studio[] = [];

/** Start a server in a home folder of its own, or in one that was there before. */
export async function startStudio({
  home = newHome(),
  port = 0,
  env = {},
}: {
  home?: string;
  port?: number;
  env?: Record<string, string>;
} = {}): Promise<Studio> {
  const child = spawn(SAFELIGHT, ["serve", "--port", String(port)], {
    env: {
      ...process.env,
      OMP_WAIT_POLICY: "PASSIVE",
      SAFELIGHT_FIND_PICTURES: "false", // takes seconds to start
      ...env,
      SAFELIGHT_HOME: home,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const log: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${log.join("\n")}`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.push(line);
      const at = /Safelight is at (\S+)/.exec(line);
      if (at?.[1]) resolve(at[1]);
    });
  });
  const studio = { url, home, process: child, log };
  started.push(studio);
  try {
    await eventually(async () => (await fetch(`${url}/api/v1/ready`)).ok, PATIENCE);
  } catch (error) {
    await endStudio(studio, "SIGKILL", true);
    throw new Error(`${error}\n${log.join("\n")}`);
  }
  return studio;
}

/** End a server: in order, or as `kill -9` does. */
export async function endStudio(
  studio: Studio,
  signal: "SIGTERM" | "SIGKILL" = "SIGTERM",
  keepHome = false,
): Promise<void> {
  if (studio.process.exitCode === null && studio.process.signalCode === null) {
    studio.process.kill(signal);
    await once(studio.process, "exit");
  }
  if (!keepHome) rmSync(studio.home, { recursive: true, force: true });
}

/** Run a command of Safelight's in a home folder; its output. */
export async function command(home: string, words: readonly string[], input = ""): Promise<string> {
  const child = spawn(SAFELIGHT, words, {
    env: { ...process.env, SAFELIGHT_HOME: home },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let told = "";
  child.stdout.on("data", (part) => {
    told += part;
  });
  child.stderr.on("data", (part) => {
    told += part;
  });
  child.stdin.end(input);
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`safelight ${words.join(" ")} ended with ${code}: ${told}`);
  return told;
}

export function newHome(): string {
  return mkdtempSync(join(tmpdir(), "safelight-"));
}

/** Wait until a condition holds. */
export async function eventually(
  condition: () => Promise<boolean> | boolean,
  patience = 30_000,
): Promise<void> {
  const until = Date.now() + patience;
  for (;;) {
    const holds = await Promise.resolve()
      .then(condition)
      .catch(() => false);
    if (holds) return;
    if (Date.now() > until)
      throw new Error(`it did not come about within ${patience / 1000} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
