/** What two checkpoints differ in, and what a LoRA touches, block by block. */

/** As the node CheckpointCompare tells it. Differences are shares of the first file's weights; null is infinite. */
export interface ComparisonTold {
  readonly files: readonly [string, string];
  readonly parts: Readonly<Record<string, { relative: number | null; cosine: number | null }>>;
  readonly blocks: Readonly<Record<string, number | null>>;
  readonly layer_blocks: readonly string[];
  readonly names: readonly string[];
  readonly layer_parts: readonly string[];
  readonly parameters: readonly number[];
  readonly relative: readonly (number | null)[];
  readonly same: readonly boolean[];
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly unlike: readonly string[];
}

/** As the node LoraReport tells it, at a strength of 1. */
export interface LoraTold {
  readonly title: string;
  readonly names: readonly string[];
  readonly parts: readonly string[];
  readonly blocks: readonly string[];
  readonly ranks: readonly number[];
  readonly norms: readonly (number | null)[];
  /** Shares of the weights; null where there is no model to lay it on. */
  readonly relative: readonly (number | null)[];
  readonly unfit: readonly string[];
}

/** A layer, or a block with its layers. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly layers: readonly Bar[];
}

export interface Part {
  readonly name: string;
  readonly value: number;
  readonly layers: number;
  /** Of them, those that have not changed at all. */
  readonly same: number;
  /** Layers beside them that cannot be compared, as their sizes differ. */
  readonly unlike: number;
  readonly blocks: readonly Bar[];
}

export type Order = "size" | "file";

/** The parts of two compared checkpoints with their blocks, the largest difference first or as in the file. */
export function comparedParts(told: ComparisonTold, order: Order): Part[] {
  const parts = Object.entries(told.parts).map(([name, { relative }]) => {
    const layers = told.names.flatMap((layer, place) =>
      told.layer_parts[place] === name
        ? [{ name: layer, block: told.layer_blocks[place] ?? "", value: known(told.relative[place]) }]
        : [],
    );
    return {
      name,
      value: known(relative),
      layers: layers.length,
      same: told.same.filter((same, place) => same && told.layer_parts[place] === name).length,
      unlike: told.unlike.filter((layer) => layer.startsWith(`${name}: `)).length,
      blocks: blocked(name, layers, order, (block) => known(told.blocks[block])),
    };
  });
  return ordered(parts, order);
}

/** The parts that a LoRA touches; a block is as strongly touched as its weights are on average. */
export function touchedParts(told: LoraTold, order: Order): Part[] {
  const measured = isMeasured(told) ? told.relative : told.norms;
  const parts = [...new Set(told.parts)].map((name) => {
    const layers = told.names.flatMap((layer, place) =>
      told.parts[place] === name
        ? [{ name: layer, block: told.blocks[place] ?? "", value: known(measured[place]) }]
        : [],
    );
    return {
      name,
      value: mean(layers.map(({ value }) => value)),
      layers: layers.length,
      same: 0,
      unlike: 0,
      blocks: blocked(name, layers, order, (block) =>
        mean(layers.filter((layer) => layer.block === block).map(({ value }) => value)),
      ),
    };
  });
  return ordered(parts, order);
}

/** Whether the strength of a LoRA is told as a share of the weights. */
export const isMeasured = ({ relative }: LoraTold): boolean => relative.some((value) => value !== null);

/** How far pieces of a file differ, for each by its part and its name in it; null where neither has such layers. */
export function differing(told: ComparisonTold): (part: string, within: string) => number | null {
  return (part, within) => {
    if (within === "") return part in told.parts ? known(told.parts[part]?.relative) : null;
    let [sum, count] = [0, 0];
    told.names.forEach((name, place) => {
      if (told.layer_parts[place] !== part || !(name === within || name.startsWith(`${within}.`))) return;
      const numbers = told.parameters[place] ?? 0;
      sum += numbers * known(told.relative[place]) ** 2;
      count += numbers;
    });
    return count > 0 ? Math.sqrt(sum / count) : null;
  };
}

function blocked(
  part: string,
  layers: readonly { name: string; block: string; value: number }[],
  order: Order,
  heightOf: (block: string) => number,
): Bar[] {
  const blocks = [...new Set(layers.map(({ block }) => block))].map((block) => {
    const name = without(`${part}: `, block);
    const inside = layers
      .filter((layer) => layer.block === block)
      .map((layer) => ({ name: without(`${name}.`, layer.name), value: layer.value, layers: [] }));
    return { name, value: heightOf(block), layers: ordered(inside, order) };
  });
  return ordered(blocks, order);
}

function without(beginning: string, name: string): string {
  return name.startsWith(beginning) ? name.slice(beginning.length) : name;
}

function ordered<Sized extends { readonly value: number }>(bars: readonly Sized[], order: Order): Sized[] {
  return order === "file" ? [...bars] : [...bars].sort((one, other) => other.value - one.value);
}

function mean(values: readonly number[]): number {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}

function known(value: number | null | undefined): number {
  return value ?? Number.POSITIVE_INFINITY;
}
