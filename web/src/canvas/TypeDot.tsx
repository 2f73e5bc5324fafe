import styles from "./finder.module.css";
import { typeColour, typeShape } from "./typeColours";

/** The colour and shape of a type, in lists. */
export function TypeDot({ type }: { type: string }) {
  return (
    <span
      className={styles.dot}
      data-shape={typeShape(type)}
      style={{ color: typeColour(type) }}
      title={type}
      aria-hidden
    />
  );
}
