import { describe, expect, it, vi } from "vitest";
import { type Asset, Failure } from "@/api/client";
import { PAGE, PictureList } from "./pictureList";

function made(number: number): Asset {
  return { id: `p${number}`, favourite: false } as Asset;
}

/** A server with pictures, the newest (of the highest number) first. */
function serving(count: number) {
  const all = Array.from({ length: count }, (_, place) => made(count - 1 - place));
  const ask = vi.fn(async (offset: number, limit: number) => ({
    assets: all.slice(offset, offset + limit),
    total: all.length,
  }));
  return { all, ask, list: new PictureList("", ask, true) };
}

const ids = (list: PictureList) => list.get().items.map((asset) => asset?.id);
const settled = () => new Promise((done) => setTimeout(done));

describe("a list of pictures", () => {
  it("fetches only the pages that are looked at, each once", async () => {
    const { ask, list } = serving(1000);
    await list.load();
    expect(list.get().total).toBe(1000);
    list.ensure(450, 470);
    list.ensure(455, 475);
    await settled();
    expect(ask.mock.calls).toEqual([
      [0, PAGE],
      [400, PAGE],
    ]);
    expect(list.get().items[450]?.id).toBe("p549");
    expect(list.get().items[350]).toBeUndefined();
    list.ensure(450, 470);
    await settled();
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it("lets new pictures in at the top where that is seen", async () => {
    const { all, list } = serving(300);
    await list.load();
    list.ensure(100, 150);
    await settled();
    all.unshift(made(301), made(300));
    await list.look(true);
    expect(list.get()).toMatchObject({ total: 302, fresh: 0 });
    expect(ids(list).slice(0, 202)).toEqual(all.slice(0, 202).map(({ id }) => id));
  });

  it("holds them back elsewhere, and fetches the others from where they are now", async () => {
    const { all, list } = serving(300);
    await list.load();
    all.unshift(made(301), made(300));
    await list.look(false);
    expect(list.get()).toMatchObject({ total: 300, fresh: 2 });
    list.ensure(200, 250);
    await settled();
    expect(ids(list)[200]).toBe("p99");
    expect(ids(list)[0]).toBe("p299");
    await list.look(true);
    expect(ids(list)[0]).toBe("p301");
    expect(ids(list)[202]).toBe("p99");
  });

  it("closes the gap of what is deleted", async () => {
    const { list } = serving(150);
    await list.load();
    list.remove(new Set(["p149", "p147"]));
    expect(list.get().total).toBe(148);
    expect(ids(list).slice(0, 3)).toEqual(["p148", "p146", "p145"]);
  });

  it("begins anew where pictures went elsewhere", async () => {
    const { all, list } = serving(150);
    await list.load();
    all.splice(0, 3);
    await list.look(true);
    expect(list.get().total).toBe(147);
    expect(ids(list)[0]).toBe("p146");
  });

  it("shows a change", async () => {
    const { list } = serving(3);
    await list.load();
    list.change(new Set(["p1"]), (asset) => ({ ...asset, favourite: true }));
    expect(list.get().items.map((asset) => asset?.favourite)).toEqual([false, true, false]);
    expect(list.placeOf("p1")).toBe(1);
  });

  it("says what the server refused, and what it answers later", async () => {
    const { ask, list } = serving(3);
    ask.mockRejectedValueOnce(new Failure({ what: "No." }, 500));
    await list.load();
    expect(list.get().failure?.what).toBe("No.");
    await list.load();
    expect(list.get()).toMatchObject({ failure: null, total: 3 });
  });

  it("tries again by itself while the server cannot be reached", async () => {
    vi.useFakeTimers();
    const { ask, list } = serving(3);
    ask.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await list.load();
    expect(list.get().total).toBeNull();
    await vi.advanceTimersByTimeAsync(3000);
    expect(list.get().total).toBe(3);
    vi.useRealTimers();
  });
});
