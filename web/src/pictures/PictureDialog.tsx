import { Dialog } from "@/ui";
import { BigPicture } from "./BigPicture";
import styles from "./big.module.css";
import { useLook, ZoomTools } from "./useLook";

/** One picture in front of everything else, to be looked at closely. */
export function PictureDialog({
  url,
  title,
  alt,
  onClose,
}: {
  url: string;
  title: string;
  alt: string;
  onClose: () => void;
}) {
  const looking = useLook(url);
  return (
    <Dialog
      title={title}
      size="full"
      tools={<ZoomTools looking={looking} />}
      onKey={looking.onKey}
      onClose={onClose}
    >
      <div className={styles.inDialog}>
        <BigPicture url={url} alt={alt} looking={looking} />
      </div>
    </Dialog>
  );
}
