/** The part of Markdown that our pages are written in, as data. */

export type Inline =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: "strong" | "em"; readonly parts: readonly Inline[] }
  | { readonly kind: "link"; readonly href: string; readonly parts: readonly Inline[] };

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly parts: readonly Inline[] }
  | { readonly kind: "paragraph"; readonly parts: readonly Inline[] }
  | { readonly kind: "list"; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: "code"; readonly text: string };

const ITEM = /^\s*(?:([-*])|\d+\.)\s+/;
const INLINE =
  /`([^`]+)`|!\[[^\]]*\]\([^)]*\)|\[([^\]]+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|(?<![\w*])[*_](?=\S)(.+?)(?<=\S)[*_](?!\w)/;

/** The blocks of a page. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at++;
    } else if (line.startsWith("```")) {
      const end = lines.findIndex((other, place) => place > at && other.startsWith("```"));
      const last = end < 0 ? lines.length : end;
      blocks.push({ kind: "code", text: lines.slice(at + 1, last).join("\n") });
      at = last + 1;
    } else if (/^#{1,6} /.test(line)) {
      const level = line.indexOf(" ");
      blocks.push({ kind: "heading", level, parts: inline(line.slice(level + 1).trim()) });
      at++;
    } else if (ITEM.test(line)) {
      const items: string[] = [];
      const ordered = !ITEM.exec(line)?.[1];
      for (; at < lines.length && (lines[at] ?? "").trim() !== ""; at++) {
        const item = lines[at] ?? "";
        if (ITEM.test(item)) items.push(item.replace(ITEM, ""));
        else items.push(`${items.pop() ?? ""} ${item.trim()}`);
      }
      blocks.push({ kind: "list", ordered, items: items.map(inline) });
    } else {
      const from = at;
      while (at < lines.length && !/^\s*$|^#{1,6} |^```/.test(lines[at] ?? "")) at++;
      blocks.push({ kind: "paragraph", parts: inline(joined(lines.slice(from, at))) });
    }
  }
  return blocks;
}

/** Lines as one; Chinese has no space where a line ends. */
function joined(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .join(" ")
    .replace(/(?<=[\u3000-\u9fff\uff00-\uffef]) (?=[\u3000-\u9fff\uff00-\uffef])/g, "");
}

function inline(text: string): Inline[] {
  const found = INLINE.exec(text);
  if (!found) return text ? [{ kind: "text", text }] : [];
  const [whole, code, label, href, strong, em] = found;
  const before = text.slice(0, found.index);
  const parts: Inline[] = before ? [{ kind: "text", text: before }] : [];
  if (code !== undefined) parts.push({ kind: "code", text: code });
  else if (label !== undefined && href !== undefined)
    parts.push({ kind: "link", href, parts: inline(label) });
  else if (strong !== undefined) parts.push({ kind: "strong", parts: inline(strong) });
  else if (em !== undefined) parts.push({ kind: "em", parts: inline(em) });
  return [...parts, ...inline(text.slice(found.index + whole.length))];
}
