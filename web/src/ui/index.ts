export {
  Button,
  type ButtonProps,
  buttonClass,
  cardClass,
  classes,
  IconButton,
  type IconButtonProps,
} from "./Button";
export { Choice, type ChoiceProps, type Option, Options } from "./Choice";
export { useFiles } from "./choosing";
export { copyText } from "./copying";
export { Dialog, type DialogProps, isTyping } from "./Dialog";
export { hasFiles, useDrop } from "./dropping";
export {
  FieldNote,
  fieldClass,
  inputClass,
  labelClass,
  NumberField,
  type NumberFieldProps,
  Select,
  Switch,
  TextArea,
  TextField,
} from "./Field";
export { attempt, sayFailure } from "./failing";
export { Head } from "./Head";
export { AtPointer, Menu, type MenuItem } from "./Menu";
export { Chip, Empty, Notice, Progress, Spinner, Trouble } from "./Notice";
export { Popover } from "./Popover";
export { SearchField } from "./SearchField";
export { saveToDisk } from "./saveToDisk";
export { usePlace, useSize, useWheelZoom } from "./stage";
export { Tabs } from "./Tabs";
export { Tip } from "./Tip";
export { say } from "./toasts";
