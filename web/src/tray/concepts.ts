/** The pages on what things are, as they lie in docs/concepts; each is fetched when it is read. */

import type { Language } from "@/texts/texts";

export const CONCEPTS = [
  "checkpoint",
  "clip",
  "vae",
  "latent-space",
  "diffusion",
  "samplers-and-schedulers",
  "guidance",
  "lora",
  "fine-tunes",
] as const;
export type ConceptName = (typeof CONCEPTS)[number];

const PAGES = import.meta.glob<string>(["../../../docs/concepts/*.md", "../../../docs/concepts/zh/*.md"], {
  query: "?raw",
  import: "default",
});

function pageOf(name: ConceptName, language: Language): (() => Promise<string>) | undefined {
  const page = (folder: string) => PAGES[`../../../docs/concepts/${folder}${name}.md`];
  return (language === "en" ? undefined : page(`${language}/`)) ?? page("");
}

export function hasConcept(name: ConceptName): boolean {
  return pageOf(name, "en") !== undefined;
}

/** The text of a page, in a language where there is one in it. */
export function readConcept(name: ConceptName, language: Language): Promise<string> {
  return pageOf(name, language)?.() ?? Promise.resolve("");
}

/** The page that a link of another one leads to; null for one that leads elsewhere. */
export function conceptOf(href: string): ConceptName | null {
  return CONCEPTS.find((name) => href.replace(/#.*$/, "").replace(/^\.\//, "") === `${name}.md`) ?? null;
}
