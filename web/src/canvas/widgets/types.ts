import type { Json } from "@/graph/json";
import type { Port } from "@/graph/types";

/** What every widget is given. */
export interface WidgetProps {
  node: string;
  port: Port;
  value: Json;
  /** What is shown as its name. */
  label: string;
  /** What is wrong with it. */
  wrong: string;
  tabIndex: number;
  onChange: (value: Json) => void;
}
