import type { Syntax } from "./counting";

/** Replace `from` to `to` by `text`, and select `start` to `end` of what is then there. */
export interface Edit {
  from: number;
  to: number;
  text: string;
  start: number;
  end: number;
}

/** Brackets that weigh what is in them. `open` and `close` are where they stand. */
interface Group {
  open: number;
  close: number;
  /** Past the last character of what is weighed. */
  inner: number;
  weight: number;
}

export const STEP = 0.05;
const ROUND = 1.1; // weight of a plain pair, in both syntaxes
const NUMBER = /:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$/;
const SEPARATORS = " \t\n,()[]{}|";

/**
 * Weigh what is selected, or else the brackets or the word at the caret, one step more or less.
 *
 * `(word:1.05)` is how both syntaxes write it; at 1 the brackets are taken away. Null where there is nothing to weigh.
 */
export function weigh(
  text: string,
  start: number,
  end: number,
  direction: 1 | -1,
  syntax: Syntax = "comfyui",
): Edit | null {
  const all = groups(text, syntax);
  const target = start === end ? atCaret(text, start, all) : selected(text, start, end, all);
  if (!target) return null;
  const { group } = target;
  const weight = stepped(group?.weight ?? 1, direction);
  const from = group ? group.open : target.start;
  const to = group ? group.close + 1 : target.end;
  const inner = group ? text.slice(group.open + 1, group.inner) : text.slice(from, to);
  const isPlain = weight === 1;
  const shift = isPlain ? 0 : 1;
  const was = group ? group.open + 1 : from;
  const caret = from + shift + Math.min(inner.length, Math.max(0, start - was));
  return {
    from,
    to,
    text: isPlain ? inner : `(${inner}:${weight})`,
    start: start === end ? caret : from + shift,
    end: start === end ? caret : from + shift + inner.length,
  };
}

function stepped(weight: number, direction: 1 | -1): number {
  const next = (Math.round(weight / STEP) + direction) * STEP;
  return Math.round((weight >= 0 ? Math.max(0, next) : next) * 100) / 100;
}

/** All pairs of brackets that weigh, inner ones before the ones around them. */
function groups(text: string, syntax: Syntax): Group[] {
  const opened: number[] = [];
  const found: Group[] = [];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === "\\") at++;
    else if (letter === "(" || (letter === "[" && syntax === "a1111")) opened.push(at);
    else if (letter === ")" || (letter === "]" && syntax === "a1111")) {
      const open = opened.at(-1);
      if (open === undefined || (text[open] === "(") !== (letter === ")")) continue;
      opened.pop();
      const inside = text.slice(open + 1, at);
      const number = NUMBER.exec(inside);
      if (letter === ")") {
        const weight = number ? Number(number[1]) : ROUND;
        found.push({ open, close: at, inner: number ? open + 1 + number.index : at, weight });
      } else if (!/[:|]/.test(inside)) {
        found.push({ open, close: at, inner: at, weight: 1 / ROUND }); // others change with the steps
      }
    }
  }
  return found;
}

interface Target {
  start: number;
  end: number;
  group?: Group;
}

function atCaret(text: string, caret: number, all: readonly Group[]): Target | null {
  const around = all.find((group) => group.open < caret && caret <= group.close);
  if (around) return { start: caret, end: caret, group: around };
  let start = caret;
  while (start > 0 && isWord(text, start - 1)) start--;
  let end = caret;
  while (end < text.length && isWord(text, end)) end++;
  if (end > start) return { start, end };
  const touching = all.findLast((group) => group.open === caret || group.close + 1 === caret);
  return touching ? { start: caret, end: caret, group: touching } : null;
}

function isWord(text: string, at: number): boolean {
  return isEscaped(text, at) || !SEPARATORS.includes(text[at] ?? " ");
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}

function selected(text: string, from: number, to: number, all: readonly Group[]): Target | null {
  let start = from;
  let end = to;
  while (start < end && /\s/.test(text[start] ?? "")) start++;
  while (end > start && /\s/.test(text[end - 1] ?? "")) end--;
  if (start === end) return null;
  if (isEscaped(text, start)) start--;
  if (isEscaped(text, end)) end++;
  const same = all.find(
    (group) =>
      (group.open === start && group.close + 1 === end) || (group.open + 1 === start && group.inner === end),
  );
  if (same) return { start, end, group: same };
  // A bracket whose other half is outside is taken in whole, and what is around that may be cut as well.
  for (let changed = true; changed; ) {
    changed = false;
    for (const { open, close, inner } of all) {
      const isCut =
        (start <= open && open < end && end <= close) ||
        (open < start && start <= close && close < end) ||
        (open < start && end <= close && end > inner);
      if (!isCut) continue;
      start = Math.min(start, open);
      end = Math.max(end, close + 1);
      changed = true;
    }
  }
  const whole = all.find((group) => group.open === start && group.close + 1 === end);
  return { start, end, group: whole };
}
