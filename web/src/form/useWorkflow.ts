import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, Failure, got } from "@/api/client";
import { nodesQuery } from "@/api/queries";
import { convert } from "@/api/workflows";
import { type JsonObject, objectOf, parseJson } from "@/graph/json";
import { isDocument, readDoc } from "@/graph/read";
import { catalogOf } from "@/graph/specs";
import type { Catalog, Doc } from "@/graph/types";
import { texts } from "@/texts/texts";

export interface Workflow {
  readonly name: string;
  readonly document: JsonObject;
  readonly doc: Doc;
  readonly catalog: Catalog;
  readonly files: Readonly<Record<string, readonly string[]>>;
}

/** A saved workflow, with all that its form needs. */
export function useWorkflow(id: string): { workflow: Workflow | null; error: unknown } {
  const saved = useQuery(savedQuery(id));
  const nodes = useQuery(nodesQuery);
  const workflow = useMemo(() => {
    if (!saved.data || !nodes.data) return null;
    const { name, document } = saved.data;
    const catalog = catalogOf(nodes.data.nodes);
    return { name, document, doc: readDoc(document, catalog), catalog, files: nodes.data.files };
  }, [saved.data, nodes.data]);
  return { workflow, error: saved.error ?? nodes.error };
}

function savedQuery(id: string) {
  return queryOptions({
    queryKey: ["workflows", id, "document"],
    queryFn: async () => {
      const params = { path: { workflow: id } };
      const [{ name }, answer] = await Promise.all([
        got(api.GET("/api/v1/workflows/{workflow}", { params })),
        api.GET("/api/v1/workflows/{workflow}/document", { params, parseAs: "text" }),
      ]);
      return { name, document: await asDocument(parseJson(String(answer.data))) };
    },
    staleTime: 0,
  });
}

/** A workflow that was saved in the format of the API is laid out first. */
async function asDocument(json: unknown): Promise<JsonObject> {
  if (isDocument(json)) return json;
  const { editor } = await convert(objectOf(json));
  if (isDocument(editor)) return editor;
  throw new Failure({ what: texts("form")("unreadable") }, 0);
}
