import { describe, expect, it } from "vitest";

/** What the server calls the state of a job, which is said as it is. */
const STATES = ["queued", "running", "done", "failed", "cancelled"];
const tables = import.meta.glob<Record<string, string>>("./en/*.json", { eager: true, import: "default" });
const sources = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts", "!../api/schema.d.ts"], {
  eager: true,
  query: "?raw",
  import: "default",
});

describe.each(Object.entries(tables))("the texts of %s", (path, table) => {
  const room = path.replace(/^.*\/|\.json$/g, "");
  const isOfRoom = ([file, code]: [string, string]) =>
    file.startsWith(`../${room}/`) || code.includes(`("${room}")`) || code.includes(`<"${room}">`);
  const code = Object.entries(sources).filter(isOfRoom);
  const words = new Set(code.flatMap(([, text]) => text.match(/(?<=")[^"\n]+(?=")|(?<=\W)\w+(?=:)/g) ?? []));
  /** Of keys that are put together, as `said ${state}`: what stands before and after. */
  const parts = code.flatMap(([, text]) =>
    [...text.matchAll(/\bt[a-z]?\(\s*`([^`$]*)\$\{[^}]*\}([^`$]*)`|`([\w ]+ )\$\{[^}]*\}`/g)].map(
      ([, before = "", after = "", other]) => [other ?? before, after] as const,
    ),
  );

  it("are all said somewhere", () => {
    const keys = new Set(Object.keys(table).map((key) => key.replace(/_(one|other)$/, "")));
    const isSaid = (key: string) =>
      words.has(key) ||
      STATES.includes(key) ||
      parts.some(([before, after]) => before + after !== "" && key.startsWith(before) && key.endsWith(after));
    expect([...keys].filter((key) => !isSaid(key))).toEqual([]);
  });
});
