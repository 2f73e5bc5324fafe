import "@xyflow/react/dist/base.css";
import {
  Background,
  BackgroundVariant,
  type EdgeChange,
  type NodeChange,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  useStoreApi,
} from "@xyflow/react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Point } from "@/graph/types";
import { ask } from "./asking";
import styles from "./canvas.module.css";
import { changeShown, desk, edit, sealed, useDesk, useDoc, useRoom, useTab } from "./desk";
import { type FlowEdge, type FlowNode, flowEdges, flowNodes, wireOf } from "./flow";
import { addWaypoint } from "./linking";
import { beginMove, moved, type Start } from "./moving";
import { EndsView } from "./nodes/EndsView";
import { FarWires } from "./nodes/FarWires";
import { GroupView } from "./nodes/GroupView";
import { NodeView } from "./nodes/NodeView";
import { PulledWire } from "./nodes/PulledWire";
import { RerouteView } from "./nodes/RerouteView";
import { WaypointView } from "./nodes/WaypointView";
import { WireView } from "./nodes/WireView";
import { showAll } from "./showAll";
import { useConnecting } from "./useConnecting";

const SmallMap = lazy(() => import("./Map"));

const NODE_TYPES = {
  node: NodeView,
  reroute: RerouteView,
  group: GroupView,
  waypoint: WaypointView,
  ends: EndsView,
};
const EDGE_TYPES = { wire: WireView };
const GRID: [number, number] = [10, 10];
const NEAR = 0.45; // zoom, from which on widgets are drawn
const CLOSE_TO_SOCKET = 24; // pixels
const PAN = [0, 1];
/** What the library would say of keys that are not its own here, in English. */
const UNSAID = {
  "node.a11yDescription.default": "",
  "node.a11yDescription.keyboardDisabled": "",
  "edge.a11yDescription.default": "",
};
const NO_EDGES: FlowEdge[] = [];
const MANY_SELECT = ["Shift", "Control", "Meta"];

const viewKey = (path: readonly string[]) => path.join(":") || "root";

/** The graph, drawn, and all that the pointer does with it. */
export function Canvas({ hasMap }: { hasMap: boolean }) {
  const tab = useTab();
  const doc = useDoc();
  const room = useRoom();
  const catalog = useDesk((state) => state.catalog);
  const isNear = useDesk((state) => state.isNear);
  const flow = useReactFlow();
  const start = useRef<Start | null>(null);
  const selected = tab?.selected;
  const path = tab?.path;
  const nodes = useMemo(
    () => (doc && path && selected ? flowNodes(doc, path, room, catalog, selected) : []),
    [doc, path, room, catalog, selected],
  );
  const edges = useMemo(() => (selected ? flowEdges(room, selected) : []), [room, selected]);

  const onNodesChange = useCallback((changes: NodeChange<FlowNode>[]) => {
    const places = new Map<string, Point>();
    for (const change of changes) {
      if (change.type === "position" && change.position) {
        places.set(change.id, [change.position.x, change.position.y]);
      }
    }
    if (places.size > 0) {
      edit(
        "did move",
        (before, at, known) =>
          moved(before, at, known, places, start.current ?? beginMove(before, at, places.keys())),
        { merge: "move" },
      );
    }
    choose(changes, (id) => id);
  }, []);

  const onEdgesChange = useCallback((changes: EdgeChange<FlowEdge>[]) => {
    choose(changes, (id) => `w:${wireOf(id)}`);
  }, []);

  const connecting = useConnecting();
  useSeeking();
  useKnownPlaces();
  if (!tab) return null;
  return (
    <ReactFlow
      key={`${tab.id} ${viewKey(tab.path)}`}
      className={styles.flow}
      nodes={nodes}
      edges={isNear ? edges : NO_EDGES}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodesChange={onNodesChange}
      onEdgesChange={onEdgesChange}
      {...connecting}
      connectionLineComponent={PulledWire}
      connectionRadius={CLOSE_TO_SOCKET}
      reconnectRadius={9}
      onNodeDragStart={(_, node, all) => {
        const { path: at, history } = tab;
        start.current = beginMove(
          history.present.doc,
          at,
          [node, ...all].map(({ id }) => id),
        );
      }}
      onNodeDragStop={() => {
        start.current = null;
        sealed();
      }}
      onSelectionDragStart={(_, all) => {
        start.current = beginMove(
          tab.history.present.doc,
          tab.path,
          all.map(({ id }) => id),
        );
      }}
      onSelectionDragStop={() => {
        start.current = null;
        sealed();
      }}
      onPaneClick={() => useDesk.setState({ current: "" })}
      onMoveStart={() => setMoving(true)}
      onMove={(_, { zoom }) => {
        const isNear = zoom >= NEAR;
        if (desk().isNear !== isNear) useDesk.setState({ isNear });
      }}
      onInit={(instance) => {
        if (!tab.views[viewKey(tab.path)]) showAll(instance);
        useDesk.setState({ isNear: instance.getZoom() >= NEAR });
      }}
      onMoveEnd={(_, view) => {
        setMoving(false);
        changeShown(({ views, path: at }) => ({ views: { ...views, [viewKey(at)]: view } }));
      }}
      defaultViewport={tab.views[viewKey(tab.path)]}
      minZoom={0.05}
      maxZoom={3}
      snapToGrid
      snapGrid={GRID}
      panOnDrag={PAN}
      selectionMode={SelectionMode.Partial}
      selectionKeyCode={MANY_SELECT}
      multiSelectionKeyCode={MANY_SELECT}
      deleteKeyCode={null}
      zoomOnDoubleClick={false}
      disableKeyboardA11y
      nodesFocusable={false}
      edgesFocusable={false}
      ariaLabelConfig={UNSAID}
      elevateNodesOnSelect
      onlyRenderVisibleElements={isNear}
      attributionPosition="bottom-left"
      onDoubleClick={(event) => {
        if (!(event.target instanceof Element) || !event.target.classList.contains("react-flow__pane"))
          return;
        ask({ kind: "add", at: [event.clientX, event.clientY] });
      }}
      onEdgeDoubleClick={(event, edge) => {
        const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
        addWaypoint(edge.id, [at.x, at.y]);
      }}
    >
      {isNear ? (
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.4} color="var(--line)" />
      ) : (
        <FarWires nodes={nodes} edges={edges} />
      )}
      {hasMap && (
        <Suspense>
          <SmallMap />
        </Suspense>
      )}
    </ReactFlow>
  );
}

/** Sizes and sockets are known from `drawingOf`; the canvas need not measure nodes, and from afar it could not. */
function useKnownPlaces(): void {
  const store = useStoreApi();
  useState(() => store.setState({ updateNodeInternals: () => {} }));
}

/** Brings the node that the keyboard goes to into view, and gives it the focus. */
function useSeeking(): void {
  const flow = useReactFlow();
  const sought = useDesk((state) => state.sought);
  useEffect(() => {
    if (!sought.id) return;
    const node = flow.getNode(sought.id);
    const frame = document.querySelector(".react-flow")?.getBoundingClientRect();
    if (!node || !frame) return;
    const { x, y } = node.position;
    const [width, height] = [node.width ?? 0, node.height ?? 0];
    const corner = flow.flowToScreenPosition({ x, y });
    const far = flow.flowToScreenPosition({ x: x + width, y: y + height });
    const isSeen =
      corner.x >= frame.left && corner.y >= frame.top && far.x <= frame.right && far.y <= frame.bottom;
    if (!isSeen) void flow.setCenter(x + width / 2, y + height / 2, { zoom: Math.max(0.6, flow.getZoom()) });
    // what was out of view is drawn only after this
    const first = requestAnimationFrame(() => {
      second = requestAnimationFrame(() =>
        document
          .querySelector<HTMLElement>(`[data-node="${CSS.escape(sought.id)}"]`)
          ?.focus({ preventScroll: true }),
      );
    });
    let second = 0;
    return () => {
      cancelAnimationFrame(first);
      cancelAnimationFrame(second);
    };
  }, [sought, flow]);
}

/** While the view moves it is a layer of its own, which is only shifted; at rest it is drawn sharply. */
function setMoving(isMoving: boolean): void {
  document.querySelector(".react-flow__viewport")?.classList.toggle(styles.moving ?? "", isMoving);
}

/** Take note of what is selected and what no more. */
function choose(
  changes: readonly (NodeChange<FlowNode> | EdgeChange<FlowEdge>)[],
  named: (id: string) => string,
) {
  const picked = changes.filter((change) => change.type === "select");
  if (picked.length === 0) return;
  changeShown(({ selected }) => {
    const next = new Set(selected);
    for (const change of picked) if (!change.selected) next.delete(named(change.id));
    for (const change of picked) if (change.selected) next.add(named(change.id));
    return { selected: next };
  });
}
