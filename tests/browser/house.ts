/** Starts the server that most tests share. */

import type { TestProject } from "vitest/node";
import { endStudio, startStudio } from "./studio";

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    home: string;
  }
}

export default async function setup(project: TestProject) {
  const studio = await startStudio({ env: { SAFELIGHT_FIND_PICTURES: "true" } });
  project.provide("url", studio.url);
  project.provide("home", studio.home);
  return () => endStudio(studio);
}
