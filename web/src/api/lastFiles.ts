/** The files that were used last, by folder: what a new menu of files begins with. */

const KEPT = "safelight.last files";

/** The server's own default, which is always there. */
export const USUAL_CHECKPOINT = "starter-128.safetensors";

type Names = Readonly<Record<string, string>>;

/** Take note of what a run was asked for with, by folder. */
export function rememberFiles(names: Names): void {
  localStorage.setItem(KEPT, JSON.stringify({ ...remembered(), ...names }));
}

/** The files of each folder, with the one that was used last in front. */
export function usualFirst(
  files: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  const first: Names = { checkpoints: USUAL_CHECKPOINT, ...remembered() };
  const ordered = Object.entries(first).flatMap(([folder, name]) => {
    const names = files[folder];
    return names?.includes(name) ? [[folder, [name, ...names.filter((one) => one !== name)]] as const] : [];
  });
  return { ...files, ...Object.fromEntries(ordered) };
}

function remembered(): Names {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Names;
  } catch {
    return {}; // somebody else wrote there
  }
}
