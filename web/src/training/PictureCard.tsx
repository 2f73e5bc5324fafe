import { Check, X } from "lucide-react";
import { useEffect, useState } from "react";
import { type Schemas, wordsOf } from "@/api/client";
import { restoreAssets } from "@/pictures/requests";
import { useTexts } from "@/texts/texts";
import { attempt, classes, IconButton, inputClass, say } from "@/ui";
import { type Picture, refreshData, removePicture, writeCaption } from "./requests";
import styles from "./training.module.css";

/** A picture to learn from, and what is said of it, which is kept when one leaves its field. */
export function PictureCard({
  folder,
  picture,
  problems,
  proposal,
  onTold,
  onRefuse,
}: {
  folder: string;
  picture: Picture;
  problems: readonly Schemas["DataProblem"][];
  /** What CLIP would say of it. */
  proposal: string | undefined;
  onTold: (picture: Picture) => void;
  onRefuse: () => void;
}) {
  const t = useTexts("training");
  const { name, caption } = picture;
  const [text, setText] = useState(proposal ?? caption ?? "");
  useEffect(() => setText(proposal ?? caption ?? ""), [proposal, caption]);
  async function keep(said: string) {
    const told = await attempt(() => writeCaption(folder, name, said.trim() || null));
    if (told) onTold(told);
  }
  async function remove() {
    const removed = await attempt(() => removePicture(folder, name));
    if (!removed) return;
    await refreshData(folder);
    say(t("removed", { name }), {
      action: {
        label: t("undo"),
        act: () =>
          void attempt(async () => {
            await restoreAssets([removed.asset]);
            if (removed.caption) await writeCaption(folder, name, removed.caption);
            await refreshData(folder);
          }),
      },
    });
  }
  return (
    <li className={classes(styles.picture, problems.length > 0 && styles.bad)}>
      <div className={styles.shown}>
        <img src={`${picture.thumbnail}&size=256`} alt={caption ?? name} loading="lazy" />
        <span className={styles.corner}>
          <IconButton look="plain" icon={X} label={t("remove", { name })} onClick={() => void remove()} />
        </span>
      </div>
      <textarea
        className={classes(inputClass, styles.caption, proposal !== undefined && styles.proposed)}
        aria-label={t("caption of", { name })}
        placeholder={t("caption about")}
        rows={3}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          // a proposal that was only passed through is not taken by that
          if (text.trim() !== (proposal ?? caption ?? "")) void keep(text);
        }}
      />
      {proposal !== undefined && (
        <div className={styles.proposal}>
          <small>{t("proposed")}</small>
          <IconButton icon={Check} label={t("take")} onClick={() => void keep(text)} />
          <IconButton icon={X} label={t("refuse")} onClick={onRefuse} />
        </div>
      )}
      {problems.map((problem) => (
        <small key={problem.what} className={styles.wrong}>
          {wordsOf(problem)}
        </small>
      ))}
    </li>
  );
}
