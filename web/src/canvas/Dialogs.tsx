import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { api, got } from "@/api/client";
import { apiId } from "@/graph/apiIds";
import { promote, renameSubgraph } from "@/graph/ports";
import { specOf } from "@/graph/specs";
import { PictureDialog } from "@/pictures/PictureDialog";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { Button, Dialog, Spinner, Switch, TextField } from "@/ui";
import { type Ask, asked, useAsk } from "./asking";
import { desk, docOf, edit, roomOf, type TextKey, tabOf, useDesk, useDoc } from "./desk";
import styles from "./dialogs.module.css";
import { paint, rename } from "./doing";
import { Help } from "./Help";
import { renameTab, saveAs } from "./keep";
import { LinkList } from "./LinkList";
import { promotable } from "./menus";
import { nodeTitle, shownName } from "./names";
import { openFiles } from "./opening";
import { PaintMask } from "./PaintMask";
import { Palette } from "./Palette";
import { useShownJob } from "./running";
import { PAINTS, type Paint } from "./typeColours";

/** Whatever is asked at the moment. */
export function Dialogs() {
  const what = useAsk((state) => state.ask);
  switch (what?.kind) {
    case "add":
      return <Palette key={what.at.join()} what={what} />;
    case "link":
      return <LinkList what={what} />;
    case "rename":
      return <Rename what={what} />;
    case "reasons":
      return <Reasons node={what.node} />;
    case "picture":
      return <PictureDialog title={what.alt} url={what.url} alt={what.alt} onClose={asked} />;
    case "paint":
      return <PaintMask node={what.node} widget={what.widget} />;
    case "colours":
      return <Colours />;
    case "promoted":
      return <Promoted node={what.node} />;
    case "save":
      return <SaveAs />;
    case "open":
      return <OpenFile />;
    case "help":
      return <Help />;
    default:
      return null;
  }
}

/** Asks for a name; Enter takes it. */
function NameDialog({
  title,
  label,
  value,
  hint,
  action,
  onDone,
}: {
  title: string;
  label: string;
  value: string;
  hint?: string;
  action: string;
  onDone: (name: string) => void;
}) {
  const [name, setName] = useState(value);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.select(), []); // after the dialog has chosen its first button
  function submit(event: FormEvent) {
    event.preventDefault();
    asked();
    onDone(name.trim());
  }
  return (
    <Dialog
      title={title}
      onClose={asked}
      actions={
        <Button look="primary" type="submit" form="name">
          {action}
        </Button>
      }
    >
      <form ref={form} id="name" onSubmit={submit}>
        <TextField label={label} value={name} onChange={setName} hint={hint} maxLength={255} />
      </form>
    </Dialog>
  );
}

function Rename({ what }: { what: Extract<Ask, { kind: "rename" }> }) {
  const t = useTexts("canvas");
  const value = useMemo(() => {
    const state = desk();
    if (what.what === "tab") return state.tabs.find(({ id }) => id === what.id)?.name ?? "";
    if (what.what === "group") return roomOf(state).groups.get(what.id)?.title ?? "";
    const [doc, node] = [docOf(state), roomOf(state).nodes.get(what.id)];
    return doc && node ? nodeTitle(node, specOf(doc, state.catalog, node)) : "";
  }, [what]);
  return (
    <NameDialog
      title={t("rename")}
      label={t("title")}
      value={value}
      hint={what.what === "node" ? t("empty for usual") : undefined}
      action={t("rename")}
      onDone={(name) => {
        if (what.what === "tab") {
          if (name) void renameTab(what.id, name);
          return;
        }
        if (what.what === "group") return rename("group", what.id, name);
        rename("node", what.id, name === value ? (roomOf(desk()).nodes.get(what.id)?.title ?? name) : name);
        const [doc, node] = [docOf(desk()), roomOf(desk()).nodes.get(what.id)];
        if (doc && node && name && doc.subgraphs.has(node.type)) {
          edit("did rename", (now, path) => renameSubgraph(now, [...path, what.id], name), {
            merge: "rename",
          });
        }
      }}
    />
  );
}

function SaveAs() {
  const t = useTexts("canvas");
  return (
    <NameDialog
      title={t("save")}
      label={t("workflow name")}
      value={tabOf(desk())?.name ?? ""}
      hint={t("save hint")}
      action={t("save")}
      onDone={(name) => void (name && saveAs(name))}
    />
  );
}

function OpenFile() {
  const t = useTexts("canvas");
  const input = useRef<HTMLInputElement>(null);
  return (
    <Dialog title={t("open file")} onClose={asked}>
      <p>{t("open hint")}</p>
      <input
        ref={input}
        type="file"
        className={styles.files}
        accept=".json,.png,.webp,.jpg,.jpeg,.txt"
        multiple
        aria-label={t("open file")}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          asked();
          void openFiles(files);
        }}
      />
    </Dialog>
  );
}

function Reasons({ node }: { node: string }) {
  const t = useTexts("canvas");
  const job = useShownJob();
  const api_ = useDesk((state) => apiId(tabOf(state)?.path ?? [], node));
  const { data, error } = useQuery({
    queryKey: ["reasons", job?.id, job?.view.state],
    queryFn: () => got(api.GET("/api/v1/jobs/{job}/reasons", { params: { path: { job: job?.id ?? "" } } })),
    enabled: job !== undefined,
  });
  const reasons = data?.nodes.filter((one) => one.node === api_ || one.node.startsWith(`${api_}:`)) ?? [];
  const title = useMemo(() => {
    const [doc, its] = [docOf(desk()), roomOf(desk()).nodes.get(node)];
    return doc && its ? nodeTitle(its, specOf(doc, desk().catalog, its)) : "";
  }, [node]);
  return (
    <Dialog title={t("why again of", { name: title })} onClose={asked}>
      {!job && <p>{t("not run yet")}</p>}
      {job && !data && !error && <Spinner label={t("loading")} />}
      {error && <p>{t("no reasons")}</p>}
      {data && reasons.length === 0 && <p>{t("was cached")}</p>}
      <ul className={styles.reasons}>
        {reasons.map((one) => (
          <li key={one.node}>
            <p>{said().text(one.text)}</p>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Colours() {
  const t = useTexts("canvas");
  return (
    <Dialog title={t("colours")} onClose={asked}>
      <div className={styles.colours}>
        {([null, ...Object.keys(PAINTS)] as (Paint | null)[]).map((name) => (
          <button
            key={name ?? "none"}
            type="button"
            onClick={() => {
              asked();
              paint(name);
            }}
          >
            <span
              style={name ? { background: PAINTS[name][0], borderColor: PAINTS[name][2] } : undefined}
              aria-hidden
            />
            {t(`colour ${name ?? "none"}` as TextKey)}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

/** Chooses which widgets of a subgraph are shown on its outside. */
function Promoted({ node }: { node: string }) {
  const t = useTexts("canvas");
  useDoc();
  const all = promotable(node);
  return (
    <Dialog title={t("promoted")} onClose={asked}>
      <p className={styles.hint}>{t("promoted hint")}</p>
      <ul className={styles.promoted}>
        {all.map(({ one, inner, port, isOn }) => (
          <li key={one.key}>
            <Switch
              label={`${nodeTitle(inner, specOfInner(inner.type))} · ${shownName(port.label)}`}
              checked={isOn}
              onChange={(on) => edit("did promote", (doc, path) => promote(doc, path, node, one, on))}
            />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function specOfInner(type: string) {
  return desk().catalog.get(type) ?? null;
}
