import type { NodePlace } from "@/graph/apiIds";
import { focusNode, goInto, select } from "../selecting";

/** Show a node: go to the graph it is in, select it, and give it the keyboard. */
export function lookAt({ path, id }: NodePlace): void {
  goInto(path);
  select([id]);
  focusNode(id);
}
