import { type JsonObject, parseJson } from "@/graph/json";
import { api, failure, failureOf, got, type Schemas } from "./client";

/** What a file or a document says as a workflow; its seeds keep all their digits. */
export type ReadWorkflow = Omit<Schemas["ReadView"], "workflow" | "editor"> & {
  workflow: JsonObject;
  editor: JsonObject;
};

/** A file of any kind that holds a workflow: of any format, or a picture with one inside. */
export async function readWorkflow(file: Blob, name: string): Promise<ReadWorkflow> {
  const form = new FormData();
  form.set("file", file, name);
  const response = await fetch("/api/v1/workflows/read", { method: "POST", body: form }).catch(
    (error: unknown) => {
      throw failure(error);
    },
  );
  if (!response.ok) throw await failureOf(response);
  return parseJson(await response.text()) as unknown as ReadWorkflow;
}

/** A workflow document of any format, as a graph editor saves it and as jobs take it. */
export async function convert(document: JsonObject, signal?: AbortSignal): Promise<ReadWorkflow> {
  const text = await got(
    api.POST("/api/v1/workflows/convert", {
      body: { document: document as Record<string, unknown> },
      parseAs: "text",
      signal,
    }),
  );
  return parseJson(text) as unknown as ReadWorkflow;
}
