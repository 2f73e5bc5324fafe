import type { Connection, ReactFlowProps } from "@xyflow/react";
import { useMemo, useRef } from "react";
import { whyNot } from "@/graph/fit";
import { disconnect } from "@/graph/wires";
import { ask, type Pull } from "./asking";
import { desk, docOf, edit, tabOf } from "./desk";
import { type FlowEdge, type FlowNode, wireOf } from "./flow";
import { spotOf } from "./geometry";
import { link, linkToNode } from "./linking";
import { beginPull, endPull, endsBetween, spotKey, usePulling } from "./pulling";
import { sayRefusal } from "./refusals";

/** What pulling a wire does: out of a socket, or one that is there by its end. */
export function useConnecting() {
  const caught = useRef<{ wire: string; isDone: boolean } | null>(null);
  return useMemo(() => {
    function onConnect(connection: Connection) {
      const output = spotOf(connection.sourceHandle ?? "");
      if (caught.current) caught.current.isDone = true;
      if ("output" in output && connection.targetHandle) {
        const pull = { node: connection.source, end: output };
        link(pull, connection.target, connection.targetHandle, caught.current?.wire);
      }
    }

    return {
      onConnect,
      isValidConnection(connection) {
        const { pull, fits } = usePulling.getState();
        const far = farEnd(connection, pull);
        if (fits && far) return fits.has(spotKey(far.node, far.spot));
        const { sourceHandle, targetHandle } = connection;
        const [state, output, input] = [desk(), spotOf(sourceHandle ?? ""), spotOf(targetHandle ?? "")];
        const [now, at] = [docOf(state), tabOf(state)?.path];
        if (!now || !at || !("output" in output) || !("input" in input)) return false;
        const ends = {
          from: connection.source,
          output: output.output,
          to: connection.target,
          input: input.input,
        };
        return whyNot(now, at, state.catalog, ends) === null;
      },
      onConnectStart(_, { nodeId, handleId }) {
        const state = desk();
        const [now, at] = [docOf(state), tabOf(state)?.path];
        if (now && at && nodeId && handleId) {
          beginPull(now, at, state.catalog, { node: nodeId, end: spotOf(handleId) });
        }
      },
      onConnectEnd(event, { toHandle, toNode, isValid }) {
        const { pull } = usePulling.getState();
        endPull();
        if (!pull || isValid || caught.current) return;
        if (toHandle && toNode) {
          if (toNode.id !== pull.node) sayWhyNot(pull, toNode.id, toHandle.id ?? "");
          return;
        }
        const { clientX, clientY } =
          "changedTouches" in event ? (event.changedTouches[0] ?? { clientX: 0, clientY: 0 }) : event;
        const over = document.elementFromPoint(clientX, clientY)?.closest<HTMLElement>("[data-node]");
        if (over?.dataset.node && over.dataset.node !== pull.node) {
          linkToNode(pull, over.dataset.node);
          return;
        }
        if (over) return;
        ask({ kind: "add", at: [clientX, clientY], pull });
      },
      onReconnect(edge, connection) {
        if (!isSame(edge, connection)) onConnect(connection);
        else if (caught.current) caught.current.isDone = true;
      },
      onReconnectStart(_, edge) {
        caught.current = { wire: wireOf(edge.id), isDone: false };
      },
      onReconnectEnd(_, edge, __, { toHandle, toNode, fromHandle }) {
        const isDone = caught.current?.isDone;
        caught.current = null;
        endPull();
        if (isDone) return;
        if (toHandle && toNode && fromHandle) {
          const pull = { node: fromHandle.nodeId, end: spotOf(fromHandle.id ?? "") };
          sayWhyNot(pull, toNode.id, toHandle.id ?? "");
        } else {
          edit("did unlink", (before, at, known) => disconnect(before, at, known, [wireOf(edge.id)]));
        }
      },
    } satisfies Partial<ReactFlowProps<FlowNode, FlowEdge>>;
  }, []);
}

/** Of a connection, the end that is not the one it was pulled from. */
function farEnd({ source, sourceHandle, target, targetHandle }: Connection | FlowEdge, pull: Pull | null) {
  if (!pull) return null;
  const [node, spot] = "output" in pull.end ? [target, targetHandle] : [source, sourceHandle];
  return spot ? { node, spot } : null;
}

function isSame(one: Connection | FlowEdge, other: Connection): boolean {
  return (["source", "sourceHandle", "target", "targetHandle"] as const).every(
    (end) => one[end] === other[end],
  );
}

function sayWhyNot(pull: Pull, node: string, spot: string): void {
  const state = desk();
  const [doc, path] = [docOf(state), tabOf(state)?.path];
  const ends = endsBetween(pull, node, spot);
  if (!doc || !path || !ends) return;
  const refusal = whyNot(doc, path, state.catalog, ends);
  if (refusal) sayRefusal(refusal);
}
