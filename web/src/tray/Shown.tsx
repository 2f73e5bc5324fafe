import styles from "./experiments.module.css";

/** Of a picture, as far as it is known. */
export interface Sized {
  readonly width: number | null;
  readonly height: number | null;
}

/** Width by height. */
export function shapeOf({ width, height }: Sized): number {
  return width && height ? width / height : 1;
}

/** A picture; the room for it, while it is on its way. */
export function Shown({ src, like, alt }: { src: string | undefined; like: Sized; alt: string }) {
  const style = { aspectRatio: shapeOf(like) };
  return src ? (
    <img className={styles.shown} src={src} alt={alt} style={style} />
  ) : (
    <div className={styles.shown} style={style} />
  );
}
