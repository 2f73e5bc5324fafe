import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { nodesQuery } from "@/api/queries";
import { choicesOf } from "@/create/catalog";
import { type Running, useExperiment } from "@/live/useExperiment";
import { recipeQuery } from "@/pictures/recipe";
import { useTexts } from "@/texts/texts";
import { Button, Choice, Switch } from "@/ui";
import { Busy } from "./Busy";
import { About, Panel, Part } from "./Panel";
import { type Line, Plot } from "./Plot";
import { logSnr, placesOfCalls } from "./plan";
import type { PlanBeside } from "./requests";
import type { Developed } from "./TrayView";
import { Trial } from "./Trial";
import styles from "./tray.module.css";
import { planned } from "./trying";

const FIRST_BESIDE = ["karras", "exponential", "simple", "sgm_uniform", "normal"];
const MOST_BESIDE = 4;

/** How the noise was to fall, where the model was asked, and how other schedulers would have done it. */
export function Plan(developed: Developed) {
  const t = useTexts("tray");
  const { recording } = developed;
  const [isSnr, setSnr] = useState(false);
  const [at, setAt] = useState<number>();
  const beside = usePlans(developed);
  const { flow } = recording.head;
  const shown = (sigma: number) => (isSnr ? logSnr(sigma, flow) : sigma);
  const curve = (sigmas: readonly number[]) =>
    sigmas.map((sigma, step) => [step, shown(sigma)] as const).filter(([, value]) => Number.isFinite(value));
  const calls = placesOfCalls(recording);
  const own: Line[] = [
    { name: t("this run"), points: curve(recording.sigmas) },
    {
      name: t("calls"),
      isDots: true,
      points: calls
        .map(([x, sigma]) => [x, shown(sigma)] as const)
        .filter(([, value]) => Number.isFinite(value)),
    },
  ];
  const others: Line[] = beside.chosen.flatMap((name) => {
    const sigmas = beside.plan?.others[name];
    return sigmas ? [{ name, isBeside: true, points: curve(sigmas) }] : [];
  });
  const steps = recording.steps;
  return (
    <Panel>
      <About concepts={["samplers-and-schedulers", "diffusion"]}>{t("plan about")}</About>
      <Part title={t("plan curve")} aside={<Switch label={t("as snr")} checked={isSnr} onChange={setSnr} />}>
        <Plot
          title={t("plan curve")}
          x={t("step")}
          y={isSnr ? t("log snr") : t("sigma")}
          lines={[...own, ...others]}
          {...(at === undefined ? {} : { at })}
          onAt={setAt}
        >
          <p className={styles.quiet}>
            {t("calls told", { n: recording.calls.length, steps })}{" "}
            {recording.calls.length > steps && t("calls more")}
          </p>
        </Plot>
        {isSnr && <p className={styles.quiet}>{t("snr about")}</p>}
        <Beside {...beside} />
      </Part>
      <OtherScheduler {...developed} />
    </Panel>
  );
}

interface Plans {
  readonly plan: PlanBeside | null;
  readonly chosen: readonly string[];
  readonly canAsk: boolean;
  readonly running: Running<PlanBeside, null>;
  readonly ask: () => void;
  readonly toggle: (name: string) => void;
}

/** The plans of other schedulers; only an engine can tell them. */
function usePlans({ asset, sampling, recording }: Developed): Plans {
  const t = useTexts("tray");
  const recipe = useQuery(recipeQuery(asset.id)).data;
  const running = useExperiment<PlanBeside, null>(t("plan"));
  const { outcome, begin } = running;
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const plan = outcome?.told ?? null;
  const first = plan ? FIRST_BESIDE.filter((name) => name in plan.others).slice(0, 3) : [];
  const work =
    recipe?.workflow && recipe.sampler && recipe.scheduler
      ? planned(recipe.workflow, sampling.node, {
          sampler: recipe.sampler,
          scheduler: recipe.scheduler,
          steps: recipe.steps ?? recording.sigmas.length - 1,
          denoise: recipe.denoise ?? 1,
        })
      : null;
  return {
    plan,
    chosen: chosen ?? first,
    canAsk: work !== null,
    running,
    ask: () => begin(work, null),
    toggle: (name) =>
      setChosen((held) => {
        const now = held ?? first;
        return now.includes(name)
          ? now.filter((other) => other !== name)
          : [...now.slice(-MOST_BESIDE + 1), name];
      }),
  };
}

function Beside({ plan, chosen, canAsk, running, ask, toggle }: Plans) {
  const t = useTexts("tray");
  if (!plan)
    return canAsk ? (
      <>
        <div className={styles.row}>
          <Button busy={running.isBusy} onClick={ask}>
            {t("show others")}
          </Button>
          <span className={styles.quiet}>{t("others about")}</span>
        </div>
        <Busy {...running} />
      </>
    ) : null;
  return (
    <fieldset className={styles.choices} aria-label={t("others")}>
      {Object.keys(plan.others).map((name) => (
        <Button key={name} pressed={chosen.includes(name)} onClick={() => toggle(name)}>
          {name}
        </Button>
      ))}
    </fieldset>
  );
}

function OtherScheduler(developed: Developed) {
  const t = useTexts("tray");
  const recipe = useQuery(recipeQuery(developed.asset.id)).data;
  const nodes = useQuery(nodesQuery).data;
  const now = recipe?.scheduler ?? "";
  const choices = choicesOf(nodes?.nodes, "KSampler", "scheduler").filter((name) => name !== now);
  const [scheduler, setScheduler] = useState("");
  const chosen = scheduler || choices.find((name) => name === "karras") || choices[0] || "";
  if (!now || !chosen) return null;
  return (
    <Part title={t("try it")}>
      <p>{t("try scheduler", { name: now })}</p>
      <div className={styles.narrowField}>
        <Choice label={t("other scheduler")} value={chosen} options={choices} onChange={setScheduler} />
      </div>
      <Trial {...developed} change={{ input: "scheduler", value: chosen }} caption={chosen} />
    </Part>
  );
}
