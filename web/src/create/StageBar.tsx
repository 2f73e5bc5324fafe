import { ArrowUpFromLine, Ellipsis, ImagePlay, Maximize2, Sparkles, X } from "lucide-react";
import type { Asset } from "@/api/client";
import { isOpen, type LiveJob } from "@/live/jobs";
import { FavouriteButton } from "@/pictures/Favourite";
import { HowFar } from "@/pictures/HowFar";
import { pictureOf } from "@/pictures/picture";
import { useTexts } from "@/texts/texts";
import { Button, IconButton, Menu } from "@/ui";
import { cancel, favourite, startFrom } from "./making";
import { usePictureActions } from "./pictureActions";
import styles from "./stage.module.css";
import { useStudio } from "./store";
import type { Subject } from "./subject";

/** Below the picture, always of one height: how far it is, or what can be done with it. */
export function StageBar({
  subject,
  run,
  onOpen,
}: {
  subject: Subject;
  run: readonly LiveJob[];
  onOpen: () => void;
}) {
  const open = run.filter(({ view }) => isOpen(view));
  const isShown = subject?.kind === "job" && isOpen(subject.job.view);
  return (
    <div className={styles.bar}>
      {isShown ? (
        <>
          <HowFar job={subject.job} open={open.length} />
          <CancelButton />
        </>
      ) : (
        <>
          {subject?.kind === "picture" && <Doing asset={subject.asset} onOpen={onOpen} />}
          {open.length > 0 && <CancelButton />}
        </>
      )}
    </div>
  );
}

function CancelButton() {
  const t = useTexts("create");
  return (
    <Button icon={X} onClick={() => void cancel()}>
      {t("cancel")}
    </Button>
  );
}

function Doing({ asset, onOpen }: { asset: Asset; onOpen: () => void }) {
  const t = useTexts("create");
  const isSending = useStudio(({ sending }) => sending);
  const actions = usePictureActions(asset);
  return (
    <fieldset className={styles.actions} aria-label={t("picture actions")}>
      <Menu items={actions.like}>
        <Button icon={Sparkles} busy={isSending}>
          {t("more like this")}
        </Button>
      </Menu>
      <Menu items={actions.larger}>
        <Button icon={ArrowUpFromLine}>{t("enlarge")}</Button>
      </Menu>
      <Button icon={ImagePlay} className={styles.wideOnly} onClick={() => startFrom(pictureOf(asset))}>
        {t("use as start")}
      </Button>
      <FavouriteButton isOn={asset.favourite} onChange={(isOn) => void favourite(asset, isOn)} />
      <IconButton icon={Maximize2} label={t("big")} onClick={onOpen} />
      <Menu items={actions.rest} align="end">
        <IconButton icon={Ellipsis} label={t("more")} />
      </Menu>
    </fieldset>
  );
}
