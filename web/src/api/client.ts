import createClient, { type Middleware } from "openapi-fetch";
import { said } from "@/texts/said";
import { texts } from "@/texts/texts";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Job = Schemas["JobView"];
export type JobDetails = Schemas["JobDetails"];
export type Asset = Schemas["AssetView"];
export type Model = Schemas["ModelView"];
export type ImageWish = Schemas["ImageWish"];
export type Problem = Schemas["ProblemView"];

/** Why something was refused or failed: what happened, where, and how to mend it. */
export class Failure extends Error {
  readonly problems: readonly Problem[];
  readonly #told: { readonly what: string; readonly where: string; readonly mend: string };
  /** Of HTTP; 0 where the server could not be reached. */
  readonly status: number;

  constructor(
    reason: { what: string; where?: string; mend?: string; problems?: readonly Problem[] | null },
    status: number,
  ) {
    super(reason.what);
    this.#told = { what: reason.what, where: reason.where ?? "", mend: reason.mend ?? "" };
    this.problems = reason.problems ?? [];
    this.status = status;
  }

  get what(): string {
    return said().text(this.#told.what);
  }

  get where(): string {
    return this.#told.where
      .split(", ")
      .map((place) => said().text(place))
      .join(" · ");
  }

  get mend(): string {
    return said().text(this.#told.mend);
  }
}

/** What is done when the server says that somebody must sign in. */
let onStranger: () => void = () => {};
export function whenStranger(act: () => void): void {
  onStranger = act;
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await failureOf(response);
    return undefined;
  },
  onError({ error }) {
    return failure(error);
  },
};

/** Speaks to the server; its methods throw `Failure`, so that `data` is there when they return. */
export const api = createClient<paths>({ baseUrl: "/" });
api.use(refusals);

/** What is wrong and how to mend it, in the person's language: of a problem, or of a job that failed. */
export function wordsOf(told: { what?: string; message?: string; mend: string }): string {
  return [told.what ?? told.message ?? "", told.mend]
    .filter(Boolean)
    .map((text) => said().text(text))
    .join(" ")
    .replace(/(?<=[。？！]) /g, ""); // Chinese has no space between sentences
}

/** The data of an answer. */
export async function got<Data>(answer: Promise<{ data?: Data }>): Promise<NonNullable<Data>> {
  const { data } = await answer;
  if (data === undefined || data === null) throw new Failure({ what: texts("app")("server empty") }, 0);
  return data;
}

/** Anything that was thrown, as a failure. */
export function failure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof TypeError)
    return new Failure(
      { what: texts("app")("server unreachable"), mend: texts("app")("server unreachable mend") },
      0,
    );
  return new Failure({ what: error instanceof Error ? error.message : String(error) }, 0);
}

/** The failure that an answer tells of. */
export async function failureOf(response: Response): Promise<Failure> {
  if (response.status === 401) onStranger();
  const told: unknown = await response.json().catch(() => null);
  if (typeof told === "object" && told !== null && "error" in told) {
    const { error } = told;
    if (typeof error === "object" && error !== null && "what" in error && typeof error.what === "string") {
      return new Failure(error as ConstructorParameters<typeof Failure>[0], response.status);
    }
  }
  return new Failure(
    { what: texts("app")("server answered", { status: String(response.status) }) },
    response.status,
  );
}

/** Bring a picture to the server, as an input of workflows. */
export function upload(file: Blob, name: string): Promise<Asset> {
  return sent<Asset>("/api/v1/assets", { file: [file, name], name });
}

/** Send a form with a file, which the generated client does not. */
export async function sent<Answer>(
  url: string,
  fields: Record<string, string | Blob | readonly [Blob, string]>,
): Promise<Answer> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields))
    if (typeof value === "string") form.set(field, value);
    else if (value instanceof Blob) form.set(field, value);
    else form.set(field, ...value);
  const response = await fetch(url, { method: "POST", body: form }).catch((error: unknown) => {
    throw failure(error);
  });
  if (!response.ok) throw await failureOf(response);
  return (await response.json()) as Answer;
}
