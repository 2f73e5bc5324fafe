/**
 * A workflow as a person edits it: immutable data, from and to the documents that graph editors save.
 *
 * Every part keeps the JSON it was read from as `raw`, so that what is not changed is saved again to the letter.
 * A change makes new objects only on the way to what it changes; all else stays the same object.
 */

import type { Json, JsonObject } from "./json";

export type Point = readonly [x: number, y: number];
export type Size = readonly [width: number, height: number];
export type Box = readonly [x: number, y: number, width: number, height: number];

/** An input of a node type, as `GET /api/v1/nodes` gives it: what has its usual value is left out. */
export interface InputSpec {
  readonly name: string;
  /** `*` takes anything; `A,B` takes either. */
  readonly type: string;
  /** Usually true. */
  readonly required?: boolean;
  readonly default?: Json;
  readonly minimum?: number | null;
  readonly maximum?: number | null;
  readonly step?: number | null;
  readonly round?: number | null;
  /** What a `COMBO` may be. Empty where `folder` says whose files they are. */
  readonly choices?: readonly Json[] | null;
  readonly folder?: string | null;
  readonly multiline?: boolean;
  readonly dynamic_prompts?: boolean;
  readonly control_after_generate?: boolean;
  /** Prefix and folder of files that the text may name. */
  readonly mentions?: readonly [prefix: string, folder: string] | null;
  readonly upload?: boolean;
  readonly force_input?: boolean;
  readonly lazy?: boolean;
  readonly any_value?: boolean;
  readonly any_link?: boolean;
  readonly tooltip?: string;
}

export interface OutputSpec {
  readonly name: string;
  readonly type: string;
  readonly is_list?: boolean;
}

/** A node type, as `GET /api/v1/nodes` gives it. */
export interface NodeSpec {
  readonly class_type: string;
  readonly title: string;
  readonly category: string;
  readonly description: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly output_node?: boolean;
  readonly takes_lists?: boolean;
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
  readonly version?: number;
  readonly module?: string;
  /** What inputs of any other name are like, where the node takes such. */
  readonly further?: InputSpec | null;
}

/** Node types by class name. */
export type Catalog = ReadonlyMap<string, NodeSpec>;

export type Mode = "always" | "muted" | "bypassed";

/** What becomes of a seed between runs. */
export type Control = "fixed" | "increment" | "decrement" | "randomize";

/** A place where a wire can end. */
export interface Input {
  readonly name: string;
  readonly type: string;
  /** Name of the widget whose value holds while nothing is linked; empty for an input that is only linked. */
  readonly widget: string;
  /** What a person renamed it to; else empty. */
  readonly label: string;
  readonly raw: JsonObject;
}

/** A place where wires can begin. */
export interface Output {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly raw: JsonObject;
}

export interface DocNode {
  readonly id: string;
  readonly type: string;
  /** Empty where it has the title of its type. */
  readonly title: string;
  readonly pos: Point;
  readonly size: Size;
  readonly mode: Mode;
  readonly collapsed: boolean;
  readonly pinned: boolean;
  /** Of the title bar; empty for the usual one. */
  readonly color: string;
  /** Of the body; empty for the usual one. */
  readonly bgcolor: string;
  /** Those that the document has; `portsOf` has all. */
  readonly inputs: readonly Input[];
  readonly outputs: readonly Output[];
  /** Of the widgets, by name. What the document says nothing of is left out: it has its default. */
  readonly values: Readonly<Record<string, Json>>;
  /** What becomes of a widget's value between runs, by the widget's name. */
  readonly controls: Readonly<Record<string, Control>>;
  readonly properties: JsonObject;
  readonly raw: JsonObject;
}

export interface Wire {
  readonly id: string;
  /** The node it begins at; `INPUTS` in a subgraph, for what is handed in. */
  readonly from: string;
  /** Number of the output there. */
  readonly output: number;
  /** The node it ends at; `OUTPUTS` in a subgraph, for what is handed out. */
  readonly to: string;
  /** Number of the input there, in `DocNode.inputs`. */
  readonly input: number;
  readonly type: string;
  /** The last waypoint before its end; empty for none. */
  readonly reroute: string;
  readonly raw: Json;
}

/** A waypoint of wires. Those between it and the wire's beginning are its `parent` and the parents of that. */
export interface Reroute {
  readonly id: string;
  readonly pos: Point;
  /** Empty where the wire's beginning comes next. */
  readonly parent: string;
  readonly raw: JsonObject;
}

export interface Group {
  readonly id: string;
  readonly title: string;
  readonly box: Box;
  readonly color: string;
  readonly raw: JsonObject;
}

/** One graph of a document: the outermost, or what is inside of a subgraph. Maps are in the document's order. */
export interface Room {
  readonly nodes: ReadonlyMap<string, DocNode>;
  readonly wires: ReadonlyMap<string, Wire>;
  readonly groups: ReadonlyMap<string, Group>;
  readonly reroutes: ReadonlyMap<string, Reroute>;
  readonly raw: JsonObject;
}

/** What a subgraph hands in or out. */
export interface RoomPort {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly raw: JsonObject;
}

/** A subgraph: every node whose type is its `id` stands for one. */
export interface Definition {
  readonly id: string;
  readonly name: string;
  readonly room: Room;
  readonly inputs: readonly RoomPort[];
  readonly outputs: readonly RoomPort[];
  /** Where the two ends are drawn inside. */
  readonly inputBox: Box;
  readonly outputBox: Box;
  readonly raw: JsonObject;
}

export interface Doc {
  readonly root: Room;
  readonly subgraphs: ReadonlyMap<string, Definition>;
  readonly extra: JsonObject;
  readonly raw: JsonObject;
}

/** Which graph: ids of the nodes that stand for subgraphs, from the outermost inwards. `[]` is the outermost. */
export type Path = readonly string[];

/** Ends of a subgraph, as its wires name them. */
export const INPUTS = "-10";
export const OUTPUTS = "-20";

/** An input of a node as it is drawn: what the document and the catalog say of it together. */
export interface Port {
  /** Names it among the inputs of its node; what `connect` takes and a handle on the canvas is called. */
  readonly key: string;
  readonly name: string;
  /** What is shown. */
  readonly label: string;
  readonly type: string;
  /** Its number in `DocNode.inputs`; null while the document does not list it. */
  readonly slot: number | null;
  readonly isWidget: boolean;
  readonly required: boolean;
  /** Null for what the catalog does not know. */
  readonly spec: InputSpec | null;
  /** What becomes of its value between runs; null for a widget whose value nobody changes but the person. */
  readonly control: Control | null;
  readonly hasControl: boolean;
}

/** An output of a node as it is drawn. Its number is its place in the list. */
export interface OutPort {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly isList: boolean;
}

/** All that is drawn of a node, in order. */
export interface Ports {
  /** Sockets: what can only be linked. */
  readonly inputs: readonly Port[];
  /** Widgets, each of which takes a wire as well. */
  readonly widgets: readonly Port[];
  readonly outputs: readonly OutPort[];
}

/** Why something cannot be done, for the interface to put into words. */
export interface Refusal {
  readonly key:
    | "types" // {given, wanted}
    | "cycle"
    | "self"
    | "missing" // what was to be linked is not there
    | "inside-itself" // a subgraph into itself
    | "empty"; // nothing is selected
  readonly params: Readonly<Record<string, string>>;
}

/** A changed document, or why it was not changed. */
export type Outcome<T = unknown> =
  | ({ readonly doc: Doc; readonly refused: null } & T)
  | { readonly doc: null; readonly refused: Refusal };
