import { create } from "zustand";
import { hear } from "./jobs";

interface OfJob {
  job: string;
  time: number;
  id?: number;
}

/** What the server tells of jobs; see /events in docs/api.md. */
export type Told =
  | { event: "open"; last: number }
  | { event: "queue"; remaining: number }
  | ({ event: "queued" | "started" } & OfJob)
  | ({ event: "node"; node: string; class_type: string } & OfJob)
  | ({ event: "progress"; node: string; value: number; total: number } & OfJob)
  | ({ event: "preview"; node: string; data: string; mime: string } & OfJob)
  | ({ event: "cached"; nodes: readonly string[] } & OfJob)
  | ({ event: "output"; node: string; kind: string; folder: string; path: string; text: string } & OfJob)
  | ({ event: "done" | "cancelled" } & OfJob)
  | ({
      event: "failed";
      what: string;
      where: string;
      mend: string;
      node: string;
      class_type: string;
    } & OfJob);

const AGAIN = [500, 1000, 2000, 4000]; // milliseconds between tries
const SILENCE = 40_000; // milliseconds; the server says that it is alive every 15 s

/** Whether the server is heard: `lost` is said only after a second, as most breaks are shorter. */
export const useConnection = create<{ state: "connecting" | "open" | "lost" }>(() => ({
  state: "connecting",
}));

let socket: WebSocket | null = null;
let tries = 0;
let last = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let grace: ReturnType<typeof setTimeout> | undefined;
let watch: ReturnType<typeof setTimeout> | undefined;

/** Begin to listen, or listen anew; what was missed in between is told first. A socket, as browsers allow only six streams. */
export function listen(): void {
  stop();
  const opened = new WebSocket(`/api/v1/events/ws${last ? `?after=${last}` : ""}`);
  socket = opened;
  opened.onmessage = (message: MessageEvent<string>) => {
    clearTimeout(watch);
    watch = setTimeout(() => lost(opened), SILENCE);
    receive(JSON.parse(message.data) as Told | { event: "alive" | "reconnect" });
  };
  opened.onclose = () => lost(opened);
}

/** Listen no more. */
export function stop(): void {
  clearTimeout(timer);
  clearTimeout(watch);
  const old = socket;
  socket = null;
  old?.close();
}

function lost(which: WebSocket): void {
  if (which !== socket) return;
  stop();
  grace ??= setTimeout(() => useConnection.setState({ state: "lost" }), 1000);
  timer = setTimeout(listen, AGAIN[Math.min(tries++, AGAIN.length - 1)]);
}

function receive(told: Told | { event: "alive" | "reconnect" }): void {
  switch (told.event) {
    case "alive":
      return;
    case "reconnect":
      listen();
      return;
    case "open":
      tries = 0;
      clearTimeout(grace);
      grace = undefined;
      useConnection.setState({ state: "open" });
      if (!last || told.last < last) last = told.last; // fewer: it is another database
      break;
    default:
      if ("id" in told && told.id) last = Math.max(last, told.id);
  }
  hear(told);
}
