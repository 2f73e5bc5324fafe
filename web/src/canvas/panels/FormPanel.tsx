import { TextCursorInput } from "lucide-react";
import { useState } from "react";
import { FieldControl } from "@/form/FieldControl";
import {
  expose,
  formOf,
  hide,
  isExposed,
  readForm,
  setField,
  setFieldControl,
  writeForm,
} from "@/graph/expose";
import { wireInto } from "@/graph/room";
import { isNote, portsOf, specOf } from "@/graph/specs";
import { useTexts } from "@/texts/texts";
import { Empty, Switch, Tabs, TextArea, TextField } from "@/ui";
import { edit, roomOf, useDesk, useDoc, usePath } from "../desk";
import { nodeTitle, shownName } from "../names";
import { chosen } from "../selecting";
import { FieldRow } from "./FieldRow";
import { FormLink } from "./FormLink";
import { suggestedLabel } from "./naming";
import { PanelFrame } from "./PanelFrame";
import styles from "./panels.module.css";

/** Makes a form of the workflow: which widgets it shows, in which order, and what they are called. */
export default function FormPanel() {
  const t = useTexts("canvas");
  const [tab, setTab] = useState<"arrange" | "preview">("arrange");
  if (!useDoc()) return <PanelFrame title={t("panel form")}>{null}</PanelFrame>;
  return (
    <PanelFrame title={t("panel form")}>
      <p className={styles.hint}>{t("panel form about")}</p>
      <Tabs
        label={t("panel form")}
        tabs={[
          { value: "arrange", label: t("panel arrange") },
          { value: "preview", label: t("panel preview") },
        ]}
        value={tab}
        onChange={setTab}
      >
        <div className={styles.inside}>{tab === "arrange" ? <Arrange /> : <Preview />}</div>
      </Tabs>
      <FormLink />
    </PanelFrame>
  );
}

function Arrange() {
  const t = useTexts("canvas");
  const doc = useDoc();
  if (!doc) return null;
  const form = readForm(doc);
  const write = (change: { title?: string; description?: string }) =>
    edit("did expose", (now) => writeForm(now, { ...readForm(now), ...change }), {
      merge: `form ${Object.keys(change).join()}`,
    });
  return (
    <>
      <TextField
        label={t("panel form title")}
        value={form.title}
        placeholder={t("panel form title usual")}
        onChange={(title) => write({ title })}
      />
      <TextArea
        label={t("panel form description")}
        value={form.description}
        rows={2}
        onChange={(description) => write({ description })}
      />
      <section className={styles.part}>
        <h3>{t("panel fields")}</h3>
        {form.fields.length === 0 ? (
          <p className={styles.hint}>{t("panel no fields")}</p>
        ) : (
          <ol className={styles.cards}>
            {form.fields.map((exposed, place) => (
              <FieldRow
                key={`${exposed.path.join(":")} ${exposed.widget}`}
                exposed={exposed}
                place={place}
                count={form.fields.length}
              />
            ))}
          </ol>
        )}
      </section>
      <Selected />
    </>
  );
}

/** The widgets of the node that is selected, to be shown in the form or not. */
function Selected() {
  const t = useTexts("canvas");
  const doc = useDoc();
  const path = usePath();
  const catalog = useDesk((state) => state.catalog);
  const id = useDesk((state) => {
    const { nodes } = chosen(state);
    return nodes.length === 1 ? nodes[0] : undefined;
  });
  const room = useDesk(roomOf);
  const node = id === undefined ? undefined : room.nodes.get(id);
  if (!doc || !node || isNote(node)) return <p className={styles.hint}>{t("panel select node")}</p>;
  const widgets = portsOf(doc, catalog, node).widgets.filter(
    ({ slot }) => wireInto(room, node.id, slot) === null,
  );
  return (
    <section className={styles.part}>
      <h3>{t("panel settings of", { name: nodeTitle(node, specOf(doc, catalog, node)) })}</h3>
      {widgets.length === 0 && <p className={styles.hint}>{t("panel no settings")}</p>}
      {widgets.map(({ name, label }) => (
        <Switch
          key={name}
          label={shownName(label)}
          checked={isExposed(doc, path, node.id, name)}
          onChange={(on) =>
            edit("did expose", (now, at) =>
              on
                ? expose(now, at, node.id, name, suggestedLabel(now, at, catalog, node.id, name))
                : hide(now, at, node.id, name),
            )
          }
        />
      ))}
    </section>
  );
}

/** The form as others see it; what is set here is what they begin with. */
function Preview() {
  const t = useTexts("canvas");
  const doc = useDoc();
  const catalog = useDesk((state) => state.catalog);
  const files = useDesk((state) => state.files);
  if (!doc) return null;
  const { title, description, shown } = formOf(doc, catalog);
  if (shown.length === 0) return <Empty icon={TextCursorInput} title={t("panel no fields")} />;
  return (
    <>
      <p className={styles.hint}>{t("panel preview about")}</p>
      {title && <h3>{title}</h3>}
      {description && <p>{description}</p>}
      {shown.map((field) => (
        <FieldControl
          key={`${field.exposed.path.join(":")} ${field.exposed.widget}`}
          field={field}
          files={files}
          onChange={({ value, control }) =>
            edit(
              "did set",
              (now, _, known) => {
                const set = value === undefined ? now : setField(now, known, field.exposed, value);
                return control === undefined ? set : setFieldControl(set, known, field.exposed, control);
              },
              {
                merge: `form set ${field.exposed.path.join(":")} ${field.exposed.widget}`,
                params: { name: field.label },
              },
            )
          }
        />
      ))}
    </>
  );
}
