/** Questions to the server that only this view asks. */

import { api, got, type ImageWish, type Job, type Schemas } from "@/api/client";
import { type JsonObject, objectOf, parseJson } from "@/graph/json";

/** Put a wish into the queue. */
export async function submit(wish: ImageWish): Promise<Job[]> {
  const { data } = await api.POST("/api/v1/images", { body: wish });
  return (data as Schemas["JobsView"]).jobs; // only those who wait are answered with a picture
}

/** What would be run for a wish, as a graph editor saves it. */
export async function draftOf(wish: ImageWish): Promise<JsonObject> {
  const text = await got(api.POST("/api/v1/images/workflow", { body: wish, parseAs: "text" }));
  return objectOf(objectOf(parseJson(text)).editor);
}
