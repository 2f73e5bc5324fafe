import { useQuery } from "@tanstack/react-query";
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { Home, Workflow } from "lucide-react";
import { type MouseEvent, Suspense, useEffect, useState } from "react";
import { failure } from "@/api/client";
import { nodesQuery } from "@/api/queries";
import { takeOver, useHandover } from "@/app/handover";
import { nodeAt } from "@/graph/room";
import { catalogOf } from "@/graph/specs";
import { useTexts } from "@/texts/texts";
import { AtPointer, Button, Empty, hasFiles, type MenuItem, Notice, Spinner, Trouble, useDrop } from "@/ui";
import { ask } from "./asking";
import { Canvas } from "./Canvas";
import styles from "./canvas.module.css";
import { Dialogs } from "./Dialogs";
import { useDefinition, useDesk, useDoc, usePath, useRoom, useTab } from "./desk";
import { keepDesk, openEmpty, restoreDesk } from "./keep";
import { Lacks } from "./Lacks";
import { menuFor, pointedAt, selectPointed } from "./menus";
import { openDropped, openHanded, openTemplate } from "./opening";
import over from "./over.module.css";
import { PANELS } from "./panels";
import { usePanel } from "./panels/shown";
import { goInto } from "./selecting";
import { TabsBar } from "./TabsBar";
import { Toolbar } from "./Toolbar";
import { useChecks } from "./useChecks";
import { useKeys } from "./useKeys";

/** The node editor. */
export default function GraphView() {
  const t = useTexts("canvas");
  const { data, error } = useQuery(nodesQuery);
  const isReady = useDesk((state) => state.catalog.size > 0);
  useEffect(() => {
    if (!data) return;
    const isFirst = useDesk.getState().catalog.size === 0;
    const catalog = catalogOf(data.nodes);
    useDesk.setState({ files: data.files });
    // documents are read by the catalog, so it stays the same while they are open
    if (isFirst) {
      restoreDesk(catalog);
      useDesk.setState({ catalog });
    }
  }, [data]);
  if (error && !isReady) {
    return (
      <div className={styles.wait}>
        <Trouble failure={failure(error)} />
      </div>
    );
  }
  if (!isReady) {
    return (
      <div className={styles.wait}>
        <Spinner label={t("loading")} />
      </div>
    );
  }
  return (
    <ReactFlowProvider>
      <Editor />
    </ReactFlowProvider>
  );
}

function Editor() {
  const t = useTexts("canvas");
  const flow = useReactFlow();
  const hasTab = useTab() !== undefined;
  const [hasMap, setMap] = useState(() => localStorage.getItem("safelight.graph.map") !== "off");
  const [menu, setMenu] = useState<readonly MenuItem[]>([]);
  const handed = useHandover((state) => state.graph);
  useKeys();
  useChecks();
  useEffect(() => keepDesk(), []);
  useEffect(() => {
    const what = handed && takeOver("graph");
    if (what) void openHanded(what);
  }, [handed]);

  function onContextMenu(event: MouseEvent) {
    if (!(event.target instanceof Element)) return;
    const what = pointedAt(event.target);
    selectPointed(what);
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    setMenu(menuFor(what, [Math.round(x), Math.round(y)], [event.clientX, event.clientY]));
  }

  const { isOver, drop } = useDrop(hasFiles, ({ files }, event) => {
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    void openDropped([...files], [Math.round(x), Math.round(y)]);
  });

  return (
    <section className={styles.view} aria-label={t("graph editor")} {...drop}>
      <TabsBar />
      <Toolbar
        hasMap={hasMap}
        onMap={(on) => {
          localStorage.setItem("safelight.graph.map", on ? "on" : "off");
          setMap(on);
        }}
      />
      <div className={styles.body}>
        <AtPointer items={menu}>
          <div
            id="graph"
            className={styles.canvas}
            role="application"
            aria-label={t("graph")}
            onContextMenuCapture={onContextMenu}
          >
            {hasTab && <Canvas hasMap={hasMap} />}
            <Way />
            <Lacks />
            <SmallScreen />
            <Start hasTab={hasTab} />
            {isOver && <p className={over.dropHere}>{t("drop here")}</p>}
          </div>
        </AtPointer>
        <SidePanel />
      </div>
      <Dialogs />
    </section>
  );
}

/** Where one is, while inside of a subgraph. */
function Way() {
  const t = useTexts("canvas");
  const path = usePath();
  const doc = useDoc();
  if (path.length === 0 || !doc) return null;
  return (
    <nav className={over.way} aria-label={t("way")}>
      <Button look="quiet" icon={Home} onClick={() => goInto([])}>
        {t("outermost")}
      </Button>
      {path.map((id, depth) => {
        const node = nodeAt(doc, path.slice(0, depth), id);
        const name = node?.title || doc.subgraphs.get(node?.type ?? "")?.name || t("subgraph");
        const isLast = depth === path.length - 1;
        return (
          <span key={id}>
            <span aria-hidden>›</span>
            <Button
              look="quiet"
              disabled={isLast}
              aria-current={isLast ? "location" : undefined}
              onClick={() => goInto(path.slice(0, depth + 1))}
            >
              {name}
            </Button>
          </span>
        );
      })}
    </nav>
  );
}

/** Where there is little room, that there is more elsewhere; until it was read once. */
function SmallScreen() {
  const t = useTexts("canvas");
  const [isTold, setTold] = useState(() => localStorage.getItem("safelight.graph.small") === "told");
  if (isTold) return null;
  return (
    <section className={over.smallScreen} aria-label={t("small screen title")}>
      <Notice
        actions={
          <Button
            onClick={() => {
              localStorage.setItem("safelight.graph.small", "told");
              setTold(true);
            }}
          >
            {t("understood")}
          </Button>
        }
      >
        <p>{t("small screen")}</p>
      </Notice>
    </section>
  );
}

/** What to do first, while there is nothing. */
function Start({ hasTab }: { hasTab: boolean }) {
  const t = useTexts("canvas");
  const room = useRoom();
  const isInside = useDefinition() !== null;
  if (hasTab && (isInside || room.nodes.size > 0 || room.groups.size > 0)) return null;
  return (
    <div className={over.start}>
      <Empty icon={Workflow} title={t("start title")}>
        <p>{t("start about")}</p>
        <div className={over.startActions}>
          <Button look="primary" onClick={() => void openTemplate("text-to-image", t("first template"))}>
            {t("start template")}
          </Button>
          <Button
            onClick={() => {
              if (!hasTab) openEmpty();
              ask({ kind: "add", at: [innerWidth / 2 - 200, innerHeight / 3], isFree: true });
            }}
          >
            {t("start empty")}
          </Button>
          <Button onClick={() => ask({ kind: "open" })}>{t("open file")}</Button>
        </div>
      </Empty>
    </div>
  );
}

function SidePanel() {
  const t = useTexts("canvas");
  const { name } = usePanel();
  const panel = PANELS.find((one) => one.name === name);
  if (!panel) return null;
  return (
    <aside className={styles.panel}>
      <Suspense fallback={<Spinner label={t("loading")} />}>
        <panel.Panel />
      </Suspense>
    </aside>
  );
}
