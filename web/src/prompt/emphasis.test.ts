import { describe, expect, it } from "vitest";
import { weigh } from "./emphasis";

/** `|` is the caret, or both ends of a selection. */
function press(marked: string, direction: 1 | -1, syntax: "comfyui" | "a1111" = "comfyui"): string | null {
  const [before = "", inside = "", after] = marked.split("|");
  const text = marked.replaceAll("|", "");
  const start = before.length;
  const end = after === undefined ? start : start + inside.length;
  const edit = weigh(text, start, end, direction, syntax);
  if (!edit) return null;
  const written = text.slice(0, edit.from) + edit.text + text.slice(edit.to);
  const caret = edit.start === edit.end;
  return `${written.slice(0, edit.start)}|${written.slice(edit.start, edit.end)}${caret ? "" : "|"}${written.slice(edit.end)}`;
}

describe("weighing", () => {
  it.each([
    ["a c|at, red", 1, "a (c|at:1.05), red"],
    ["a cat|", 1, "a (cat|:1.05)"],
    ["a (c|at:1.05), red", 1, "a (c|at:1.1), red"],
    ["a (c|at:1.05), red", -1, "a c|at, red"],
    ["a c|at", -1, "a (c|at:0.95)"],
    ["a (c|at)", 1, "a (c|at:1.15)"],
    ["a (c|at)", -1, "a (c|at:1.05)"],
    ["embed|ding:thing", 1, "(embed|ding:thing:1.05)"],
    ["{re|d, blue}", 1, "{(re|d:1.05), blue}"],
    ["(cat:1.2)|", 1, "(cat|:1.25)"],
    ["(cat:1.|2)", 1, "(cat|:1.25)"],
  ] as const)("%s by %i at the caret gives %s", (text, direction, expected) => {
    expect(press(text, direction)).toBe(expected);
  });

  it.each([
    ["|a red cat|, sun", 1, "(|a red cat|:1.05), sun"],
    ["|a red cat |, sun", 1, "(|a red cat|:1.05) , sun"],
    ["(|a red cat|:1.05), sun", 1, "(|a red cat|:1.1), sun"],
    ["|(a red cat:1.05)|, sun", -1, "|a red cat|, sun"],
    ["(a |red| cat:1.2)", 1, "(a (|red|:1.05) cat:1.2)"],
    ["(a (|red|:1.05) cat:1.2)", -1, "(a |red| cat:1.2)"],
    ["a |big (red| cat:1.2)", 1, "a (|big (red cat:1.2)|:1.05)"],
    ["(a red |cat:1|.2)", 1, "(|a red cat|:1.25)"],
  ] as const)("%s by %i on a selection gives %s", (text, direction, expected) => {
    expect(press(text, direction)).toBe(expected);
  });

  it("leaves escaped brackets plain", () => {
    expect(press(String.raw`pikachu \(poke|mon\), red`, 1)).toBe(
      String.raw`pikachu (\(poke|mon\):1.05), red`,
    );
    expect(press(String.raw`|pikachu \(pokemon\)|`, 1)).toBe(String.raw`(|pikachu \(pokemon\)|:1.05)`);
  });

  it("takes brackets without a partner as plain text", () => {
    expect(press("a (b c|at", 1)).toBe("a (b (c|at:1.05)");
  });

  it("weakens square brackets only where they weigh", () => {
    expect(press("[c|at]", 1, "a1111")).toBe("(c|at:0.95)");
    expect(press("[c|at]", 1)).toBe("[(c|at:1.05)]");
    expect(press("[c|at:dog:0.5]", 1, "a1111")).toBe("[(c|at:dog:0.5:1.05)]");
  });

  it("goes down to nothing and not below", () => {
    expect(press("(c|at:0)", -1)).toBe("(c|at:0)");
  });

  it("has nothing to do where there is no word", () => {
    expect(press("a , | b", 1)).toBeNull();
  });

  it("comes back to the text it began with, after as many steps down as up", () => {
    let text = "a |red cat|, sun";
    for (const direction of [1, 1, 1, -1, -1, -1, -1, 1] as const) text = press(text, direction) ?? "";
    expect(text).toBe("a |red cat|, sun");
  });
});
