// Brings a picture, runs a workflow, follows it, and fetches what it made, all by a public client library.
// node follow.mjs HOST:PORT PICTURE < WORKFLOW: prints what came of it as JSON.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { Client } from "@stable-canvas/comfyui-client";
import WebSocket from "ws";

const [host, picture] = process.argv.slice(2);
const workflow = JSON.parse(readFileSync(0, "utf8"));
const client = new Client({ api_host: host, WebSocket, fetch });
client.connect();

const form = new FormData();
form.append("image", new Blob([readFileSync(picture)]), basename(picture));
const uploaded = await (await client.fetchApi("/upload/image", { method: "POST", body: form })).json();
workflow["1"].inputs.image = uploaded.name;

const steps = [];
const made = await client.enqueue(workflow, {
  workflow: { nodes: [] },
  disable_random_seed: true,
  progress: ({ value, max }) => steps.push([value, max]),
});
// Previews come first, as they are binary messages; what was saved has an address.
const saved = made.images.find((image) => image.type === "url");
const answer = await fetch(saved.data);
const file = Buffer.from(await answer.arrayBuffer());
const { History: history } = await client.getHistory();
const refused = await client._enqueue_prompt({ 1: { class_type: "NoSuchNode", inputs: {} } }).catch((error) => error);
console.log(
  JSON.stringify({
    uploaded,
    steps,
    previews: made.images.length - 1,
    file: file.toString("base64"),
    status: history[0].status.status_str,
    samplers: (await client.getSamplers()).length,
    refused: refused.message,
  }),
);
client.close();
process.exit(0);
