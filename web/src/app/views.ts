import {
  GraduationCap,
  Grid3x3,
  Images,
  type LucideIcon,
  Package,
  Settings,
  Sparkles,
  Workflow,
} from "lucide-react";
import { type ComponentType, lazy } from "react";

/** A page of the application. Its code is fetched when it is opened; the first is there from the start. */
export interface View {
  path: string;
  name: "create" | "graph" | "explore" | "gallery" | "models" | "training" | "settings";
  icon: LucideIcon;
  /** Key that opens it, with Alt. */
  key: string;
  View: ComponentType;
  /** Whether it has the queue beside it where there is room. */
  withQueue: boolean;
  /** Whether it is offered on a phone. */
  onPhone: boolean;
}

export const VIEWS: readonly View[] = [
  {
    path: "/",
    name: "create",
    icon: Sparkles,
    key: "1",
    View: lazy(() => import("@/create/CreateView")),
    withQueue: true,
    onPhone: true,
  },
  {
    path: "/graph",
    name: "graph",
    icon: Workflow,
    key: "2",
    View: lazy(() => import("@/canvas/GraphView")),
    withQueue: false,
    onPhone: false,
  },
  {
    path: "/explore",
    name: "explore",
    icon: Grid3x3,
    key: "3",
    View: lazy(() => import("@/explore/ExploreView")),
    withQueue: false,
    onPhone: false,
  },
  {
    path: "/gallery",
    name: "gallery",
    icon: Images,
    key: "4",
    View: lazy(() => import("@/gallery/GalleryView")),
    withQueue: false,
    onPhone: true,
  },
  {
    path: "/models",
    name: "models",
    icon: Package,
    key: "5",
    View: lazy(() => import("@/models/ModelsView")),
    withQueue: false,
    onPhone: false,
  },
  {
    path: "/training",
    name: "training",
    icon: GraduationCap,
    key: "6",
    View: lazy(() => import("@/training/TrainingView")),
    withQueue: false,
    onPhone: true,
  },
  {
    path: "/settings",
    name: "settings",
    icon: Settings,
    key: "7",
    View: lazy(() => import("@/settings/SettingsView")),
    withQueue: false,
    onPhone: true,
  },
];
