import type { Asset, Failure } from "@/api/client";
import { failure } from "@/api/client";

export interface Page {
  assets: readonly Asset[];
  total: number;
}

/** Asks the server for some of the pictures. */
export type AskPage = (offset: number, limit: number) => Promise<Page>;

export interface Pictures {
  /** By place; those that are not here yet are holes. */
  items: readonly (Asset | undefined)[];
  /** How many there are; null until the server has said so. */
  total: number | null;
  /** Newer ones, which are not in the list until they are asked for. */
  fresh: number;
  failure: Failure | null;
}

export const PAGE = 100;
const AGAIN = 2000; // milliseconds, while the server cannot be reached

/**
 * The pictures of one filter, fetched page by page where somebody looks.
 *
 * What is made meanwhile does not push the others away: it is counted in `fresh`, and comes in at the top when that is
 * seen anyway or asked for.
 */
export class PictureList {
  #ask: AskPage;
  #newestFirst: boolean;
  #shown: Pictures = { items: [], total: null, fresh: 0, failure: null };
  #asked = new Set<number>();
  #listeners = new Set<() => void>();
  #turn = 0; // answers to what was asked in an earlier one are of no use
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Tells it from lists of other filters. */
  readonly key: string;

  constructor(key: string, ask: AskPage, newestFirst: boolean) {
    this.key = key;
    this.#ask = ask;
    this.#newestFirst = newestFirst;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get = (): Pictures => this.#shown;

  /** Ask anew for everything; what is shown stays until the answer is here. */
  async load(): Promise<void> {
    const turn = ++this.#turn;
    this.#asked.clear();
    clearTimeout(this.#timer);
    await this.#try(turn, async () => {
      const page = await this.#ask(0, PAGE);
      if (turn === this.#turn) this.#start(page);
    });
  }

  /** See that the pictures between two places are here. */
  ensure(from: number, to: number): void {
    const { items, total, fresh } = this.#shown;
    if (total === null) return;
    const last = Math.min(to, total - 1);
    for (let number = Math.floor(from / PAGE); number * PAGE <= last; number++) {
      const begin = number * PAGE;
      const end = Math.min(begin + PAGE, total);
      const isHere = !items.slice(begin, end).includes(undefined) && items.length >= end;
      if (isHere || this.#asked.has(number)) continue;
      this.#asked.add(number);
      void this.#fetch(number, fresh);
    }
  }

  /** Look for what is new; it comes in at once where the top is seen. */
  async look(isTopSeen: boolean): Promise<void> {
    if (this.#shown.total === null) return;
    const turn = this.#turn;
    await this.#try(turn, async () => {
      const page = await this.#ask(0, PAGE);
      if (turn === this.#turn) this.#compare(page, isTopSeen);
    });
  }

  /** Take out pictures that are gone. */
  remove(ids: ReadonlySet<string>): void {
    const { items, total } = this.#shown;
    if (total === null) return;
    const left: (Asset | undefined)[] = [];
    let taken = 0;
    for (let place = 0; place < items.length; place++) {
      const asset = items[place];
      if (asset && ids.has(asset.id)) taken++;
      else left.push(asset);
    }
    if (!taken) return;
    this.#turn++;
    this.#asked.clear();
    this.#show({ items: left, total: total - taken });
  }

  /** Show pictures as they have become. */
  change(ids: ReadonlySet<string>, change: (asset: Asset) => Asset): void {
    this.#show({
      items: this.#shown.items.map((asset) => (asset && ids.has(asset.id) ? change(asset) : asset)),
    });
  }

  /** Where a picture is, as far as is known; -1 where it is not. */
  placeOf(id: string): number {
    return this.#shown.items.findIndex((asset) => asset?.id === id);
  }

  stop(): void {
    this.#turn++;
    clearTimeout(this.#timer);
  }

  #start({ assets, total }: Page): void {
    this.#asked.clear();
    this.#show({ items: [...assets], total, fresh: 0, failure: null });
  }

  async #fetch(number: number, fresh: number): Promise<void> {
    const turn = this.#turn;
    await this.#try(turn, async () => {
      const page = await this.#ask(number * PAGE + fresh, PAGE);
      if (turn !== this.#turn) return;
      this.#asked.delete(number);
      const { items, total } = this.#shown;
      if (fresh !== this.#shown.fresh) {
        this.#show({}); // pictures have come in meanwhile: whoever looks asks again
        return;
      }
      const next = Array.from(items);
      for (let place = next.length; place < number * PAGE; place++) next[place] = undefined;
      page.assets.forEach((asset, place) => {
        next[number * PAGE + place] = asset;
      });
      this.#show({ items: next, total: Math.max(page.total - fresh, 0), failure: null });
      if (page.total - fresh !== total) void this.look(false);
    });
    if (turn === this.#turn) this.#asked.delete(number);
  }

  #compare(page: Page, isTopSeen: boolean): void {
    const { items, total } = this.#shown;
    const first = items[0];
    if (!this.#newestFirst || !first) {
      if (page.total !== total || !first) this.#start(page);
      return;
    }
    const before = page.assets.findIndex(({ id }) => id === first.id);
    if (!isTopSeen) {
      const fresh = before < 0 ? Math.max(page.total - (total ?? 0), 1) : before;
      this.#show({ fresh, total: Math.max(page.total - fresh, 0), failure: null });
    } else if (before < 0 || page.total - before !== total) {
      this.#turn++;
      this.#start(page);
    } else {
      this.#turn++;
      this.#asked.clear();
      const items = [...page.assets, ...this.#shown.items.slice(page.assets.length - before)];
      this.#show({ items, total: page.total, fresh: 0, failure: null });
    }
  }

  async #try(turn: number, doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (error) {
      if (turn !== this.#turn) return;
      const reason = failure(error);
      if (reason.status === 0) this.#timer = setTimeout(() => void this.#again(), AGAIN);
      else this.#show({ failure: reason });
    }
  }

  #again(): Promise<void> {
    this.#asked.clear();
    if (this.#shown.total === null) return this.load();
    this.#show({}); // whoever looks asks again
    return Promise.resolve();
  }

  #show(part: Partial<Pictures>): void {
    this.#shown = { ...this.#shown, ...part };
    for (const listener of this.#listeners) listener();
  }
}
