import { type ChangeEvent, useRef } from "react";

/** Files from the disk: `choose` asks for them, `input` is for an `<input>` that nobody sees. */
export function useFiles(take: (files: File[]) => void, accept = "image/*") {
  const ref = useRef<HTMLInputElement>(null);
  return {
    choose: () => ref.current?.click(),
    input: {
      ref,
      accept,
      type: "file",
      hidden: true,
      onChange: ({ target }: ChangeEvent<HTMLInputElement>) => {
        const files = [...(target.files ?? [])];
        target.value = ""; // so that the same file can be chosen again
        if (files.length) take(files);
      },
    },
  };
}
