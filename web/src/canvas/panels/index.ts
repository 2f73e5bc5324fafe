/** Further panels of the graph view: each stands in the toolbar, and opens at the right. */

import { History, LayoutTemplate, type LucideIcon, PackageSearch, TextCursorInput } from "lucide-react";
import { type ComponentType, lazy } from "react";
import type { TextKey } from "../desk";
import { useIsLacking } from "./lacking";

export interface Panel {
  readonly name: string;
  readonly icon: LucideIcon;
  readonly label: TextKey;
  readonly Panel: ComponentType;
  /** Whether there is anything to see in it. */
  readonly useIsOffered: () => boolean;
}

const always = () => true;

export const PANELS: readonly Panel[] = [
  {
    name: "library",
    icon: LayoutTemplate,
    label: "panel library",
    Panel: lazy(() => import("./LibraryPanel")),
    useIsOffered: always,
  },
  {
    name: "history",
    icon: History,
    label: "panel history",
    Panel: lazy(() => import("./HistoryPanel")),
    useIsOffered: always,
  },
  {
    name: "form",
    icon: TextCursorInput,
    label: "panel form",
    Panel: lazy(() => import("./FormPanel")),
    useIsOffered: always,
  },
  {
    name: "missing",
    icon: PackageSearch,
    label: "panel missing",
    Panel: lazy(() => import("./MissingPanel")),
    useIsOffered: useIsLacking,
  },
];
