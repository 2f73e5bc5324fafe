/** What the nodes offer, so that the form has no list of its own. */

/** The choices of a node's input, of the answer of `GET /nodes`. */
export function choicesOf(nodes: readonly unknown[] | undefined, node: string, input: string): string[] {
  const spec = nodes?.find((each) => isTable(each) && each.class_type === node);
  const inputs = isTable(spec) && Array.isArray(spec.inputs) ? spec.inputs : [];
  const port: unknown = inputs.find((each) => isTable(each) && each.name === input);
  const choices = isTable(port) && Array.isArray(port.choices) ? port.choices : [];
  return choices.filter((choice) => typeof choice === "string");
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
