import { FileQuestion, ListPlus, RotateCcw, Sparkles, Workflow as WorkflowIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { failure } from "@/api/client";
import { handOver } from "@/app/handover";
import { readForm } from "@/graph/expose";
import { useTexts } from "@/texts/texts";
import { Button, Empty, IconButton, Notice, Spinner, Trouble } from "@/ui";
import { keyOf } from "./entries";
import { FieldControl } from "./FieldControl";
import { faultsOf } from "./faults";
import styles from "./form.module.css";
import { isNarrow } from "./kinds";
import { Result } from "./Result";
import { useForm } from "./useForm";
import { useWorkflow, type Workflow } from "./useWorkflow";

/** A workflow as a form, for whoever needs to know nothing of graphs. */
export default function FormView({ id }: { id: string }) {
  const t = useTexts("form");
  const { workflow, error } = useWorkflow(id);
  const title = workflow && (readForm(workflow.doc).title || workflow.name);
  useEffect(() => {
    document.title = `${title || t("form")} · Safelight`;
  }, [title, t]);
  if (workflow) return <Filling key={id} id={id} workflow={workflow} />;
  if (error && failure(error).status === 404) {
    return (
      <Empty icon={FileQuestion} title={t("not there")}>
        <p>{t("not there about")}</p>
        <Button onClick={() => (location.hash = "#/")}>{t("to create")}</Button>
      </Empty>
    );
  }
  return (
    <div className={styles.wait}>
      {error ? <Trouble failure={failure(error)} /> : <Spinner label={t("loading")} />}
    </div>
  );
}

function Filling({ id, workflow }: { id: string; workflow: Workflow }) {
  const t = useTexts("form");
  const state = useForm(id, workflow);
  const { fields, isSending } = state;
  const { title, description } = readForm(workflow.doc);
  const faults = faultsOf(
    fields.map(({ exposed }) => exposed),
    state.problems,
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const result = useRef<HTMLElement>(null);
  const openGraph = () =>
    handOver("graph", { editor: { ...workflow.document }, name: workflow.name, workflowId: id });

  async function make() {
    if (isSending) return;
    setChosen(null);
    if (await state.make()) result.current?.scrollIntoView({ block: "start", behavior: calm() });
  }

  if (fields.length === 0) {
    return (
      <Empty icon={ListPlus} title={t("empty")}>
        <p className={styles.narrow}>{t("empty about")}</p>
        <Button look="primary" icon={WorkflowIcon} onClick={openGraph}>
          {t("open graph")}
        </Button>
      </Empty>
    );
  }
  return (
    <div className={styles.view}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void make();
        }}
      >
        <div className={styles.fields}>
          <header className={styles.head}>
            <div className={styles.titles}>
              <h1>{title || workflow.name}</h1>
              <IconButton
                icon={RotateCcw}
                label={t("reset")}
                disabled={!state.isTouched}
                onClick={state.reset}
              />
              <IconButton icon={WorkflowIcon} label={t("open graph")} onClick={openGraph} />
            </div>
            {description && <p className={styles.description}>{description}</p>}
          </header>
          <div className={styles.columns}>
            {fields.map((field) => (
              <div
                key={keyOf(field.exposed)}
                data-narrow={(field.port.spec && isNarrow(field.port.spec)) || undefined}
              >
                <FieldControl
                  field={field}
                  files={workflow.files}
                  wrong={faults.ofFields[keyOf(field.exposed)]}
                  onChange={(entry) => state.change(field, entry)}
                />
              </div>
            ))}
          </div>
          {faults.others.length > 0 && (
            <Notice kind="bad" actions={<Button onClick={openGraph}>{t("open graph")}</Button>}>
              <p>{t("broken")}</p>
              <ul className={styles.problems}>
                {faults.others.map(({ node, input, message }) => (
                  <li key={`${node} ${input} ${message}`}>{message}</li>
                ))}
              </ul>
            </Notice>
          )}
          {state.refused && state.refused.problems.length === 0 && <Trouble failure={state.refused} />}
        </div>
        <div className={styles.foot}>
          <Button look="primary" type="submit" large icon={Sparkles} busy={isSending} title="Ctrl+Enter">
            {t("make")}
          </Button>
        </div>
      </form>
      <Result ref={result} state={state} chosen={chosen} onChoose={setChosen} />
    </div>
  );
}

function calm(): ScrollBehavior {
  return matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
}
