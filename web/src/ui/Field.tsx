import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useEffect,
  useId,
  useState,
} from "react";
import styles from "./ui.module.css";

interface Labelled {
  label: string;
  hint?: string;
  /** What is wrong with it, and how to mend it. */
  wrong?: string;
  /** Beside the label, at the right. */
  aside?: ReactNode;
  /** Keeps the label for screen readers only. */
  bare?: boolean;
}

function Frame({
  id,
  label,
  aside,
  bare,
  children,
  ...note
}: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <div className={bare ? "sr-only" : styles.label}>
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children}
      <FieldNote id={noteId(id)} {...note} />
    </div>
  );
}

/** Below a field: what is wrong with it, else what it is for. */
export function FieldNote({ id, hint, wrong }: { id?: string; hint?: string; wrong?: string }) {
  if (wrong) {
    return (
      <p className={styles.wrong} id={id} role="alert">
        {wrong}
      </p>
    );
  }
  return hint ? (
    <p className={styles.hint} id={id}>
      {hint}
    </p>
  ) : null;
}

const noteId = (id: string) => `${id}-note`;

function described(id: string, { hint, wrong }: Labelled) {
  return {
    "aria-describedby": hint || wrong ? noteId(id) : undefined,
    "aria-invalid": wrong ? true : undefined,
  };
}

interface Written extends Labelled {
  value: string;
  onChange: (value: string) => void;
}

/** Of a field that gives a text, what its frame is given and what its control. */
function useParts<Props extends Written>({ label, hint, wrong, aside, bare, onChange, ...rest }: Props) {
  const id = useId();
  const frame = { id, label, hint, wrong, aside, bare };
  const control = {
    ...rest,
    id,
    className: styles.input,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
    ...described(id, frame),
  };
  return [frame, control] as const;
}

/** One line of text. */
export function TextField(props: Written & Omit<InputHTMLAttributes<HTMLInputElement>, keyof Written>) {
  const [frame, control] = useParts(props);
  return (
    <Frame {...frame}>
      <input {...control} />
    </Frame>
  );
}

/** Several lines of text. */
export function TextArea(props: Written & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, keyof Written>) {
  const [frame, control] = useParts(props);
  return (
    <Frame {...frame}>
      <textarea {...control} />
    </Frame>
  );
}

/** One of a few words; for long lists there is `Choice`. */
export function Select({
  options,
  ...props
}: Written & {
  options: readonly (string | { value: string; label: string })[];
} & Omit<SelectHTMLAttributes<HTMLSelectElement>, keyof Written>) {
  const [frame, control] = useParts(props);
  return (
    <Frame {...frame}>
      <select {...control}>
        {options.map((option) => {
          const { value: key, label: name } =
            typeof option === "string" ? { value: option, label: option } : option;
          return (
            <option key={key} value={key}>
              {name}
            </option>
          );
        })}
      </select>
    </Frame>
  );
}

export interface NumberFieldProps extends Labelled {
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number;
  /** A slider beside it, over this range or the limits. */
  slider?: boolean | readonly [number, number];
  disabled?: boolean;
}

/** A number. What is being typed is taken when it is a number within the limits, and brought into them on leaving. */
export function NumberField({
  value,
  onChange,
  min,
  max,
  step = 1,
  slider,
  disabled,
  ...frame
}: NumberFieldProps) {
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  useEffect(() => setText((held) => (held !== null && Number(held) !== value ? null : held)), [value]);
  const inLimits = (number: number) =>
    Math.min(max ?? Number.POSITIVE_INFINITY, Math.max(min ?? Number.NEGATIVE_INFINITY, number));
  const range = slider === true ? [min ?? 0, max ?? 100] : slider || null;
  return (
    <Frame id={id} {...frame}>
      <div className={styles.number}>
        {range && (
          <input
            type="range"
            className={styles.range}
            aria-label={frame.label}
            min={range[0]}
            max={range[1]}
            step={step}
            value={value}
            disabled={disabled}
            onChange={(event) => onChange(Number(event.target.value))}
          />
        )}
        <input
          type="number"
          id={id}
          className={styles.input}
          min={min}
          max={max}
          step={step}
          disabled={disabled}
          value={text ?? String(value)}
          onChange={(event) => {
            setText(event.target.value);
            const number = Number(event.target.value);
            if (event.target.value !== "" && Number.isFinite(number) && inLimits(number) === number)
              onChange(number);
          }}
          onBlur={() => {
            const number = Number(text);
            if (text !== null && text !== "" && Number.isFinite(number)) onChange(inLimits(number));
            setText(null);
          }}
          {...described(id, frame)}
        />
      </div>
    </Frame>
  );
}

/** On or off. */
export function Switch({
  label,
  checked,
  onChange,
  disabled,
  ...note
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
  disabled?: boolean;
  hint?: string;
  wrong?: string;
}) {
  return (
    <div className={styles.field}>
      <label className={styles.switch}>
        <input
          type="checkbox"
          role="switch"
          aria-checked={checked}
          checked={checked}
          disabled={disabled}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>{label}</span>
      </label>
      <FieldNote {...note} />
    </div>
  );
}

/** The look of a field, of its label and of its control, for those made elsewhere. */
export const [fieldClass, labelClass, inputClass] = [styles.field, styles.label, styles.input];
