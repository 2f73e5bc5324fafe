import type { Tables } from "../said";
import catalog from "./catalog.json";
import made from "./made.json";
import sentences from "./sentences.json";

export default { ...catalog, made, sentences } satisfies Tables;
