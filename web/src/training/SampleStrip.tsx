import { useEffect, useRef, useState } from "react";
import { BigPicture } from "@/pictures/BigPicture";
import big from "@/pictures/big.module.css";
import { useLook, ZoomTools } from "@/pictures/useLook";
import { useTexts } from "@/texts/texts";
import { Dialog } from "@/ui";
import { stripOf } from "./course";
import { isGoing, type RunDetails, type Sample } from "./requests";
import styles from "./training.module.css";

/** The pictures drawn on the way: prompts below one another, steps beside one another. */
export function SampleStrip({ run }: { run: RunDetails }) {
  const t = useTexts("training");
  const { steps, rows } = stripOf(run.samples);
  const [open, setOpen] = useState<Sample | null>(null);
  const strip = useRef<HTMLElement>(null);
  const count = steps.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the newest is to be in sight
  useEffect(() => {
    strip.current?.scrollTo({ left: strip.current.scrollWidth });
  }, [count]);
  if (count === 0)
    return (
      <p className={styles.none}>
        {isGoing(run) && run.settings.samples?.every ? t("no samples yet") : t("no samples")}
      </p>
    );
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keys, too */}
      <section ref={strip} className={styles.strip} tabIndex={0} aria-label={t("strip")}>
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span className="sr-only">{t("prompt")}</span>
              </th>
              {steps.map((step) => (
                <th key={step} scope="col">
                  {t("step", { step })}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, place) => (
              <tr key={place}>
                <th scope="row">{run.prompts[place] || t("no prompt")}</th>
                {row.map((sample, column) => (
                  <td key={column}>
                    {sample && (
                      <button
                        type="button"
                        className={styles.sample}
                        aria-label={t("sample of", { prompt: run.prompts[place] ?? "", step: sample.step })}
                        onClick={() => setOpen(sample)}
                      >
                        <img src={`${sample.url}?size=128`} alt="" />
                      </button>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {open && <Large run={run} sample={open} onShow={setOpen} onClose={() => setOpen(null)} />}
    </>
  );
}

/** A sample as big as the window; arrows go to that of the step before and after, and to other prompts. */
function Large({
  run,
  sample,
  onShow,
  onClose,
}: {
  run: RunDetails;
  sample: Sample;
  onShow: (sample: Sample) => void;
  onClose: () => void;
}) {
  const t = useTexts("training");
  const looking = useLook(sample.url);
  const of = (prompt: number) => run.samples.filter((other) => other.prompt === prompt);
  const row = of(sample.prompt);
  const at = row.findIndex(({ step }) => step === sample.step);
  const [before, next] = [row[at - 1], row[at + 1]];
  const show = (to: Sample | undefined) => to && onShow(to);
  const other = (by: 1 | -1) => show(of(sample.prompt + by).find(({ step }) => step === sample.step));
  return (
    <Dialog
      title={`${run.prompts[sample.prompt] || t("no prompt")} · ${t("step", { step: sample.step })}`}
      size="full"
      onClose={onClose}
      onKey={(event) =>
        looking.onKey(
          event,
          new Map([
            ["ArrowLeft", () => show(before)],
            ["ArrowRight", () => show(next)],
            ["ArrowUp", () => other(-1)],
            ["ArrowDown", () => other(1)],
          ]),
        )
      }
      tools={<ZoomTools looking={looking} />}
    >
      <div className={big.inDialog}>
        <BigPicture
          url={sample.url}
          alt={t("sample of", { prompt: run.prompts[sample.prompt] ?? "", step: sample.step })}
          looking={looking}
          neighbours={{
            hasBefore: before !== undefined,
            hasNext: next !== undefined,
            onStep: (by) => show(by < 0 ? before : next),
          }}
        />
      </div>
    </Dialog>
  );
}
