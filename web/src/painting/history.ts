/** States one after the other, of which one is shown. */
export interface History<State> {
  readonly past: readonly State[];
  readonly present: State;
  readonly future: readonly State[];
  /** Names what the last change belongs to, such as one drag. */
  readonly joint?: string;
}

export const REMEMBERED = 200;

export function begun<State>(present: State): History<State> {
  return { past: [], present, future: [] };
}

/** One after the other with the same `joint` are undone together. */
export function changed<State>(history: History<State>, next: State, joint?: string): History<State> {
  if (next === history.present) return history;
  const isJoined = joint !== undefined && joint === history.joint;
  const past = isJoined ? history.past : [...history.past, history.present].slice(-REMEMBERED);
  return { past, present: next, future: [], joint };
}

/** A change that is none of the work, such as of what one looks at: undo knows nothing of it. */
export function adjusted<State>(history: History<State>, next: State): History<State> {
  return { ...history, present: next };
}

export function undone<State>(history: History<State>): History<State> {
  const last = history.past.at(-1);
  if (last === undefined) return history;
  return { past: history.past.slice(0, -1), present: last, future: [history.present, ...history.future] };
}

export function redone<State>(history: History<State>): History<State> {
  const [next, ...future] = history.future;
  return next === undefined ? history : { past: [...history.past, history.present], present: next, future };
}
