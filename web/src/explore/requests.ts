import { texts } from "@/texts/texts";
/** What the grid asks of the server. Seeds keep all their digits on the way. */

import { type Asset, api, Failure, got, type ImageWish, type Job, type Schemas } from "@/api/client";
import { queries } from "@/api/queries";
import { convert, type ReadWorkflow, readWorkflow } from "@/api/workflows";
import { type JsonObject, objectOf, parseJson } from "@/graph/json";
import { know } from "@/live/jobs";
import { editorOf, recipeQuery } from "@/pictures/recipe";
import type { Axis } from "./axes";
import { textsIn } from "./png";
import { type ApiWorkflow, apiWorkflowOf, type Change } from "./workflow";

/** What a grid starts from. */
export interface Base {
  readonly name: string;
  readonly workflow: ApiWorkflow;
  readonly editor: JsonObject;
  /** Small picture of it. */
  readonly picture: string | null;
  /** Files that it names and that are not there. */
  readonly missing: readonly Schemas["MissingView"][];
}

/** Any workflow document, as what can be run. */
export async function baseOf(
  document: JsonObject,
  name: string,
  picture: string | null = null,
): Promise<Base> {
  return based(await convert(document), name, picture);
}

/** What a saved grid says of itself; null where a file is none. */
export async function gridIn(
  file: File,
): Promise<{ axes: readonly Axis[]; fixed: readonly Change[] } | null> {
  const { safelight } = textsIn(new Uint8Array(await file.arrayBuffer()));
  if (!safelight) return null;
  const grid = objectOf(objectOf(parseJson(safelight)).grid);
  if (!Array.isArray(grid.axes) || !Array.isArray(grid.fixed)) return null;
  return { axes: grid.axes as unknown as Axis[], fixed: grid.fixed as unknown as Change[] };
}

/** A workflow of a file of any kind. */
export async function baseOfFile(file: File): Promise<Base> {
  return based(await readWorkflow(file, file.name), file.name.replace(/\.\w+$/, ""), null);
}

function based(read: ReadWorkflow, name: string, picture: string | null): Base {
  const workflow = apiWorkflowOf(read.workflow);
  if (!workflow) throw new Failure({ what: texts("explore")("nothing to run") }, 0);
  return { name: name || read.name, workflow, editor: read.editor, picture, missing: read.missing };
}

export async function baseOfPicture(asset: Asset): Promise<Base> {
  const recipe = await queries.ensureQueryData(recipeQuery(asset.id));
  const editor = await editorOf(recipe);
  if (!editor) throw new Failure({ what: texts("explore")("picture without recipe") }, 0);
  return baseOf(editor as JsonObject, asset.prompt || asset.path, asset.thumbnail);
}

export async function baseOfTemplate(name: string, title: string): Promise<Base> {
  const { editor } = await got(api.GET("/api/v1/templates/{name}", { params: { path: { name } } }));
  return baseOf(editor as JsonObject, title);
}

export async function baseOfSaved(id: string, name: string): Promise<Base> {
  const text = await got(
    api.GET("/api/v1/workflows/{workflow}/document", {
      params: { path: { workflow: id } },
      parseAs: "text",
    }),
  );
  return baseOf(parseJson(text) as JsonObject, name);
}

/** What the server would make of words alone. */
export async function baseOfWords(prompt: string): Promise<Base> {
  const wish: Partial<ImageWish> = { prompt };
  const { editor } = await got(api.POST("/api/v1/images/workflow", { body: wish as ImageWish }));
  return baseOf(editor as JsonObject, prompt);
}

const LOOKED_BACK = 24; // pictures

/** The picture that a checkpoint made last, of the newest ones; null where there is none. */
export async function lastPicture(): Promise<Asset | null> {
  const { assets } = await got(
    api.GET("/api/v1/assets", {
      params: { query: { folder: "output", kind: "images", limit: LOOKED_BACK } },
    }),
  );
  return assets.find(({ checkpoint }) => checkpoint !== "") ?? null;
}

/** What is wrong with some runs, and how long one of them takes; null where nobody knows. */
export async function checkRuns(
  workflows: readonly ApiWorkflow[],
): Promise<{ problems: readonly Schemas["ProblemView"][]; seconds: number | null }> {
  const verdicts = await Promise.all(
    workflows.map((workflow) => got(api.POST("/api/v1/jobs/check", { body: { workflow, ...NO_EDITOR } }))),
  );
  const seconds = verdicts.map(({ estimate }) => estimate?.seconds ?? null);
  const known = seconds.filter((one) => one !== null);
  return {
    problems: verdicts.flatMap(({ problems }) => problems),
    seconds: known.length === seconds.length && known.length ? mean(known) : null,
  };
}

const NO_EDITOR = { editor: null, targets: null };

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** Run the workflow once for each list of changes; the jobs come in the same order. */
export async function runAll(
  base: Base,
  changes: readonly (readonly Change[])[],
  title: string,
): Promise<Schemas["JobsView"]> {
  const body = {
    workflow: base.workflow,
    editor: base.editor,
    title,
    changes: changes.map((list) => [...list]),
  };
  const made = await got(api.POST("/api/v1/jobs", { body: body as unknown as Schemas["NewJobs"] }));
  know(made.jobs);
  return made;
}

/** All jobs of a batch, page by page. */
export async function jobsOf(batch: string, take: (jobs: readonly Job[]) => void): Promise<void> {
  for (let offset = 0; ; ) {
    const { jobs, total } = await got(
      api.GET("/api/v1/jobs", { params: { query: { batch, limit: 200, offset } } }),
    );
    take(jobs);
    offset += jobs.length;
    if (jobs.length === 0 || offset >= total) return;
  }
}
