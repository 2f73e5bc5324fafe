import { lazy, Suspense } from "react";
import type { MaskEditorProps } from "./types";

export { maskedCopy, maskedName } from "./masking";
export type { MaskEditorProps, Painted, PaintingState, Sides } from "./types";

const Editor = lazy(() => import("./MaskEditor"));

/** Says where a picture is repainted, and how far it goes on outside its edges. Mount it to open it. */
export function MaskEditor(props: MaskEditorProps) {
  return (
    <Suspense>
      <Editor {...props} />
    </Suspense>
  );
}
