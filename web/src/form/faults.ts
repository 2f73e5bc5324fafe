/** Which fields of a form are at fault. */

import { type Problem, wordsOf } from "@/api/client";
import type { Exposed } from "@/graph/expose";
import { keyOf } from "./entries";

export interface Faults {
  /** What is wrong with a field and how to mend it, by the field's key. */
  readonly ofFields: Readonly<Record<string, string>>;
  /** What is wrong elsewhere, which the form cannot mend. */
  readonly others: readonly Problem[];
}

export function faultsOf(fields: readonly Exposed[], problems: readonly Problem[]): Faults {
  const ofFields: Record<string, string> = {};
  const others: Problem[] = [];
  for (const problem of problems) {
    const field = fields.find((one) => isAbout(problem, one));
    if (field) ofFields[keyOf(field)] ??= wordsOf(problem);
    else others.push(problem);
  }
  return { ofFields, others };
}

/** Fields on the outside of a subgraph are named `3:seed`, after the node inside. */
function isAbout({ node, input }: Problem, { path, widget }: Exposed): boolean {
  const id = path.join(":");
  if (node === id) return input === widget;
  return `${node} ${input}` === `${id}:${widget.replace(/:(?=[^:]*$)/, " ")}`;
}
