/** What decides where a line breaks. */
const SHARED = [
  "boxSizing",
  "width",
  "paddingTop",
  "paddingRight",
  "paddingBottom",
  "paddingLeft",
  "borderTopWidth",
  "borderRightWidth",
  "borderBottomWidth",
  "borderLeftWidth",
  "fontFamily",
  "fontSize",
  "fontStyle",
  "fontWeight",
  "letterSpacing",
  "lineHeight",
  "tabSize",
  "textIndent",
  "wordSpacing",
] as const;

/** Where a letter of a textarea is on the screen, also in a node that is zoomed. */
export function letterAt(
  area: HTMLTextAreaElement,
  at: number,
): { left: number; top: number; bottom: number } {
  const mirror = document.createElement("div");
  const look = getComputedStyle(area);
  for (const name of SHARED) mirror.style[name] = look[name];
  Object.assign(mirror.style, {
    position: "absolute",
    left: `${area.offsetLeft}px`,
    top: `${area.offsetTop}px`,
    height: `${area.offsetHeight}px`,
    borderStyle: "solid",
    overflow: "hidden",
    overflowWrap: "break-word",
    whiteSpace: "pre-wrap",
    visibility: "hidden",
  });
  const mark = document.createElement("span");
  mark.textContent = area.value.slice(at) || ".";
  mirror.append(area.value.slice(0, at), mark);
  area.parentElement?.append(mirror);
  mirror.scrollTop = area.scrollTop;
  const [first] = mark.getClientRects();
  const { left, top, bottom } = first ?? mark.getBoundingClientRect();
  mirror.remove();
  return { left, top, bottom };
}

/** Write into a textarea as if it were typed, so that the browser's undo takes it back. */
export function typeInto(
  area: HTMLTextAreaElement,
  edit: { from: number; to: number; text: string; start: number; end: number },
  onChange: (value: string) => void,
): void {
  area.focus();
  area.setSelectionRange(edit.from, edit.to);
  const isTyped = document.execCommand(edit.text === "" ? "delete" : "insertText", false, edit.text);
  if (!isTyped) {
    area.setRangeText(edit.text, edit.from, edit.to);
    onChange(area.value);
  }
  area.setSelectionRange(edit.start, edit.end);
}
