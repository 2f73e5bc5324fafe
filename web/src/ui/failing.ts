import { failure, wordsOf } from "@/api/client";
import { say } from "./toasts";

/** Say what went wrong, and how to mend it. */
export function sayFailure(error: unknown): void {
  const { what, mend, message, problems } = failure(error);
  const [first] = problems;
  const isNew = first && !message.includes(first.message); // with one problem it is all that there is to say
  say(what, { kind: "bad", detail: isNew ? wordsOf(first) : mend });
}

/** Do something, and say what went wrong with it; null where something did. */
export async function attempt<Result>(doing: () => Promise<Result>): Promise<Result | null> {
  try {
    return await doing();
  } catch (error) {
    sayFailure(error);
    return null;
  }
}
