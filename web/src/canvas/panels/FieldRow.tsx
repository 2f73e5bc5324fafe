import { ChevronDown, ChevronUp, GripVertical, MessageSquareText, Target, X } from "lucide-react";
import { useState } from "react";
import { changeField, type Exposed, formOf, moveField, readForm, writeForm } from "@/graph/expose";
import { specOf } from "@/graph/specs";
import { said } from "@/texts/said";
import { useTexts } from "@/texts/texts";
import { IconButton, TextField, useDrop } from "@/ui";
import { edit, useDesk, useDoc } from "../desk";
import { nodeTitle, shownName } from "../names";
import styles from "./panels.module.css";
import { lookAt } from "./showing";

const DRAGGED = "application/x-safelight-field";

/** A field of the form: what it is called, what is said of it, and its place. */
export function FieldRow({ exposed, place, count }: { exposed: Exposed; place: number; count: number }) {
  const t = useTexts("canvas");
  const doc = useDoc();
  const catalog = useDesk((state) => state.catalog);
  const [hasHelp, setHelp] = useState(exposed.help !== "");
  const move = (from: number, to: number) => edit("did expose", (now) => moveField(now, from, to));
  const { isOver, drop } = useDrop(
    ({ types }) => types.includes(DRAGGED),
    (data) => move(Number(data.getData(DRAGGED)), place),
  );
  if (!doc) return null;
  const field = formOf(doc, catalog).shown.find(
    (one) => one.exposed === exposed || isOf(one.exposed, exposed),
  );
  const usual = shownName(field?.port.label ?? exposed.widget);
  const name = exposed.label || usual;
  const change = (what: Partial<Pick<Exposed, "label" | "help">>) =>
    edit("did expose", (now) => changeField(now, place, what), {
      merge: `field ${place} ${Object.keys(what).join()}`,
    });
  const remove = () =>
    edit("did expose", (now) => {
      const form = readForm(now);
      return writeForm(now, { ...form, fields: form.fields.filter((_, at) => at !== place) });
    });
  return (
    <li className={styles.card} data-over={isOver || undefined} {...drop}>
      <div className={styles.line}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons beside it do the same by keyboard */}
        <span
          className={styles.grip}
          draggable
          onDragStart={({ dataTransfer }) => dataTransfer.setData(DRAGGED, String(place))}
          title={t("panel drag")}
        >
          <GripVertical size={16} aria-hidden />
        </span>
        <div className={styles.grow}>
          <TextField
            label={t("panel field name", { name: usual })}
            bare
            value={exposed.label}
            placeholder={usual}
            onChange={(label) => change({ label })}
          />
        </div>
        <IconButton icon={X} label={t("panel take out", { name })} onClick={remove} />
      </div>
      <div className={styles.line}>
        <p className={styles.of}>
          {field
            ? `${nodeTitle(field.node, specOf(doc, catalog, field.node))} · ${usual}`
            : t("panel field gone")}
        </p>
        {field && (
          <IconButton
            icon={Target}
            label={t("panel show node")}
            onClick={() => lookAt({ path: field.path, id: field.node.id })}
          />
        )}
        <IconButton
          icon={MessageSquareText}
          label={t("panel describe", { name })}
          pressed={hasHelp}
          onClick={() => setHelp(!hasHelp)}
        />
        <IconButton
          icon={ChevronUp}
          label={t("panel up", { name })}
          disabled={place === 0}
          onClick={() => move(place, place - 1)}
        />
        <IconButton
          icon={ChevronDown}
          label={t("panel down", { name })}
          disabled={place === count - 1}
          onClick={() => move(place, place + 1)}
        />
      </div>
      {hasHelp && (
        <TextField
          label={t("panel help")}
          value={exposed.help}
          placeholder={said().text(field?.port.spec?.tooltip ?? "")}
          onChange={(help) => change({ help })}
        />
      )}
    </li>
  );
}

function isOf(one: Exposed, other: Exposed): boolean {
  return one.widget === other.widget && one.path.join(":") === other.path.join(":");
}
