import { describe, expect, it } from "vitest";
import { adjusted, begun, changed, REMEMBERED, redone, undone } from "./history";
import {
  activeLayer,
  blank,
  kept,
  layerAdded,
  layerMoved,
  layerRemoved,
  MOST_LAYERS,
  resumed,
  withLayer,
  withMark,
} from "./layers";

const size = { width: 64, height: 32 };
const ids = (painting: ReturnType<typeof blank>) => painting.layers.map(({ id }) => id);

describe("layers", () => {
  it("begin with the mask that there was", () => {
    expect(blank("/mask.png").layers[0]?.marks).toEqual([{ kind: "given", url: "/mask.png" }]);
    expect(blank().layers[0]?.marks).toEqual([]);
  });

  it("are added over the active one, which they then are", () => {
    const two = layerAdded(layerAdded(blank()));
    expect(ids(two)).toEqual([1, 2, 3]);
    expect(ids(layerAdded({ ...two, active: 1 }))).toEqual([1, 4, 2, 3]);
    let many = blank();
    for (let count = 0; count < 20; count++) many = layerAdded(many);
    expect(many.layers).toHaveLength(MOST_LAYERS);
  });

  it("are moved up and down, and stay at the ends", () => {
    const two = layerAdded(blank());
    expect(ids(layerMoved(two, 1, 1))).toEqual([2, 1]);
    expect(layerMoved(two, 1, -1)).toBe(two);
  });

  it("always leave one to paint on", () => {
    const two = layerAdded(blank());
    const one = layerRemoved(two, 2);
    expect(activeLayer(one)?.id).toBe(1);
    const empty = layerRemoved(withMark(one, { kind: "invert" }), 1);
    expect(empty.layers).toMatchObject([{ id: 1, marks: [] }]);
  });

  it("are shown when they are painted on", () => {
    const painted = withMark(withLayer(blank(), 1, { visible: false }), { kind: "invert" });
    expect(activeLayer(painted)?.visible).toBe(true);
  });
});

describe("what is kept", () => {
  it("comes back the same through JSON", () => {
    const painting = withMark(layerAdded(blank("/mask.png")), { kind: "fill", erase: false, x: 3, y: 4 });
    expect(resumed(JSON.parse(JSON.stringify(kept(painting, size))), size)).toEqual(painting);
  });

  it("leaves out what has been cleared away", () => {
    const painting = [{ kind: "invert" }, { kind: "clear" }, { kind: "invert" }] as const;
    const marks = kept(painting.reduce(withMark, blank("/mask.png")), size).layers[0]?.marks;
    expect(marks).toEqual([{ kind: "invert" }]);
  });

  it("is not taken up for a picture of another size", () => {
    expect(resumed(kept(blank(), size), { width: 64, height: 64 })).toBeNull();
    expect(resumed(null, size)).toBeNull();
  });
});

describe("undo", () => {
  it("goes back to the beginning and forward again", () => {
    let history = begun(0);
    for (const next of [1, 2, 3]) history = changed(history, next);
    expect(undone(undone(undone(undone(history)))).present).toBe(0);
    expect(redone(redone(undone(undone(history))))).toEqual(history);
  });

  it("forgets what was undone once something else is done", () => {
    expect(redone(changed(undone(changed(begun(0), 1)), 5)).present).toBe(5);
  });

  it("takes joined changes back together", () => {
    const history = changed(changed(changed(begun(0), 1, "drag"), 2, "drag"), 3, "drag");
    expect(undone(history).present).toBe(0);
    expect(undone(changed(history, 4, "another drag")).present).toBe(3);
    expect(undone(changed(undone(changed(history, 4)), 5, "drag")).present).toBe(3);
  });

  it("knows nothing of what is merely looked at", () => {
    const history = adjusted(undone(changed(begun(0), 1)), 7);
    expect(history.past).toEqual([]);
    expect(redone(history).present).toBe(1);
  });

  it("remembers so many steps", () => {
    let history = begun(0);
    for (let next = 1; next < 2 * REMEMBERED; next++) history = changed(history, next);
    expect(history.past).toHaveLength(REMEMBERED);
  });
});
