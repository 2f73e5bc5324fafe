/** Dark unless the person, or where they say so the system, wants it light. */
export type Theme = "dark" | "light" | "system";

const KEPT = "safelight.theme";
const light = matchMedia("(prefers-color-scheme: light)");

export function theme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "system" ? kept : "dark";
}

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem(KEPT, chosen);
  showTheme();
}

export function showTheme(): void {
  const chosen = theme();
  document.documentElement.dataset.theme = chosen === "system" ? (light.matches ? "light" : "dark") : chosen;
}

light.addEventListener("change", showTheme);
