/** What can be done: with the form, with what is being made, and with a picture. */

import { type Asset, failure, type ImageWish as Wish } from "@/api/client";
import { rememberFiles } from "@/api/lastFiles";
import { modelsQuery, queries } from "@/api/queries";
import { handOver } from "@/app/handover";
import { isOpen, know, useLive } from "@/live/jobs";
import { cancelJobs, retryJob } from "@/live/requests";
import { sayBinned } from "@/pictures/doing";
import type { Picture } from "@/pictures/picture";
import { recipeQuery } from "@/pictures/recipe";
import { deleteAssets, favour } from "@/pictures/requests";
import { texts } from "@/texts/texts";
import { attempt, say } from "@/ui";
import { draftOf, submit } from "./asking";
import { meant } from "./checkpoints";
import { BLANK, drawnSeed, type Form, nthOf, wishOf, withWish } from "./form";
import { begun, edit, keepPainting, keptPainting, useStudio } from "./store";

const SLIGHT = 0.2; // how far a variation goes
export const LIKE = 4; // pictures of "more like this"

/** The wish of the form as it stands. */
async function presentWish(): Promise<Wish> {
  const models = await queries.ensureQueryData(modelsQuery("checkpoints"));
  const { form } = useStudio.getState();
  const { name, native } = meant(form.checkpoint, models);
  return wishOf(form, name, native);
}

/** Make what the form says. */
export async function make(): Promise<void> {
  await send(presentWish);
}

/** The same with a new seed, in place of one that was locked. */
export function makeAnother(): void {
  const { seed } = useStudio.getState().form;
  edit({ seed: { ...seed, mode: "random" } });
  void make();
}

async function send(wanted: () => Promise<Wish>): Promise<void> {
  if (useStudio.getState().sending) return;
  useStudio.setState({ sending: true, refused: null });
  try {
    const wish = await wanted();
    const jobs = await submit(wish);
    know(jobs);
    if (wish.checkpoint) rememberFiles({ checkpoints: wish.checkpoint });
    begun(
      jobs.map(({ id }) => id),
      jobs.map((_, at) => nthOf(wish, at)),
      openOf(useStudio.getState().run),
    );
  } catch (error) {
    useStudio.setState({ refused: failure(error), chosen: null });
  } finally {
    useStudio.setState({ sending: false });
  }
}

function openOf(run: readonly string[]): string[] {
  const { jobs } = useLive.getState();
  return run.filter((id) => jobs[id] && isOpen(jobs[id].view));
}

/** Cancel what the last requests have not finished. */
export function cancel(): Promise<unknown> {
  return attempt(() => cancelJobs(openOf(useStudio.getState().run)));
}

/** Run a job of the last requests that failed once more. */
export function again(job: string): Promise<unknown> {
  return attempt(() => retryJob(job));
}

/** What a picture was asked for with: as it was sent from here, else as its file tells. */
async function wishOfAsset(asset: Asset): Promise<Wish> {
  const sent = useStudio.getState().sent[asset.job];
  if (sent) return sent;
  const { wish } = await queries.ensureQueryData(recipeQuery(asset.id));
  if (wish?.prompt === undefined) throw new Error(texts("pictures")("no recipe"));
  const { checkpoint } = asset;
  return { ...wishOf(BLANK, wish.checkpoint || checkpoint, { width: 512, height: 512 }), ...wish, count: 1 };
}

/** Make pictures like one: the same settings with other seeds, or small changes of the same noise. */
export function moreLike(asset: Asset, how: "seeds" | "variations"): Promise<void> {
  return send(async () => {
    const wish = await wishOfAsset(asset);
    return how === "seeds"
      ? { ...wish, seed: drawnSeed(), variation: null, count: LIKE }
      : { ...wish, variation: { seed: drawnSeed(), strength: SLIGHT }, count: LIKE };
  });
}

/** Make a picture again, larger. */
export function enlarge(asset: Asset, by: number): Promise<void> {
  return send(async () => ({
    ...(await wishOfAsset(asset)),
    upscale: { by, denoise: null, steps: null, model: null },
  }));
}

/** Start from a picture; what was painted on another is not of this one. */
export function startFrom(picture: Picture): void {
  edit({ start: picture, mask: null, outpaint: null });
}

/** Take the mask, and what was added around, off the picture to start from. */
export function dropMask(): void {
  const t = texts("create");
  const { form } = useStudio.getState();
  const id = form.start?.id ?? "";
  const painting = keptPainting(id);
  edit({ mask: null, outpaint: null });
  keepPainting(id, null);
  say(t("mask dropped"), {
    action: {
      label: t("undo"),
      act: () => {
        edit({ mask: form.mask, outpaint: form.outpaint });
        keepPainting(id, painting);
      },
    },
  });
}

/** Take settings into the form; what was there can be had back. */
export function takeSettings(wish: Partial<Wish>): void {
  const t = texts("create");
  const { form } = useStudio.getState();
  useStudio.setState({ form: withWish(form, wish) });
  say(t("settings taken"), { action: undoing(form) });
}

function undoing(form: Form) {
  return { label: texts("create")("undo"), act: () => useStudio.setState({ form }) };
}

export function startAnew(): void {
  const t = texts("create");
  const { form } = useStudio.getState();
  useStudio.setState({ form: BLANK });
  say(t("form emptied"), { action: undoing(form) });
}

export function takeSettingsOf(asset: Asset): Promise<unknown> {
  return attempt(async () => takeSettings(await wishOfAsset(asset)));
}

/** Show what stands behind the form, or behind a picture, in another view. */
export function openIn(view: "graph" | "explore", asset?: Asset): Promise<unknown> {
  return attempt(async () => {
    const isOwn = !asset || useStudio.getState().sent[asset.job] !== undefined;
    const kept = isOwn ? null : (await queries.ensureQueryData(recipeQuery(asset.id))).editor; // such as a graph that no wish can say
    const wish = kept ? null : asset ? await wishOfAsset(asset) : await presentWish();
    const editor = kept ?? (wish && (await draftOf(wish)));
    if (editor) handOver(view, { editor, name: (wish?.prompt ?? asset?.prompt ?? "").slice(0, 60) });
  });
}

export function favourite(asset: Asset, isFavourite: boolean): Promise<unknown> {
  return attempt(async () => {
    const changed = await favour(asset, isFavourite);
    useStudio.setState(({ chosen }) =>
      chosen && "asset" in chosen && chosen.asset.id === asset.id ? { chosen: { asset: changed } } : {},
    );
  });
}

/** Put a picture into the bin, from which it can be taken again. */
export function putAway(asset: Asset): Promise<unknown> {
  return attempt(async () => {
    await deleteAssets([asset.id]);
    useStudio.setState({ chosen: null });
    sayBinned([asset.id]);
  });
}
