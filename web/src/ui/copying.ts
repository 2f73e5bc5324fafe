import { say } from "./toasts";

/** Put text on the clipboard, and say so. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copySelected(text); // browsers give the clipboard itself to pages of https and of this machine only
  }
  say(done);
}

function copySelected(text: string): void {
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
