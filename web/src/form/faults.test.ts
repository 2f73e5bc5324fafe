import { expect, it } from "vitest";
import type { Exposed } from "@/graph/expose";
import { faultsOf } from "./faults";

const field = (path: string[], widget: string): Exposed => ({ path, widget, label: "", help: "" });
const problem = (node: string, input: string) => ({
  kind: "value_not_in_list",
  message: `${input} of ${node} is wrong.`,
  mend: "Choose another.",
  node,
  class_type: "KSampler",
  input,
});

it("marks the field that a problem is about, inside of subgraphs and on their outside too", () => {
  const fields = [field(["5"], "steps"), field(["57", "3"], "seed"), field(["58"], "4:cfg")];
  const { ofFields, others } = faultsOf(fields, [problem("57:3", "seed"), problem("58:4", "cfg")]);
  expect(ofFields).toEqual({
    "57:3 seed": "seed of 57:3 is wrong. Choose another.",
    "58 4:cfg": "cfg of 58:4 is wrong. Choose another.",
  });
  expect(others).toEqual([]);
});

it("gives what no field can mend apart", () => {
  const { ofFields, others } = faultsOf(
    [field(["5"], "steps")],
    [problem("5", "cfg"), problem("6", "steps")],
  );
  expect(ofFields).toEqual({});
  expect(others.map(({ node }) => node)).toEqual(["5", "6"]);
});
