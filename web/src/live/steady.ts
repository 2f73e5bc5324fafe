import { useEffect, useState } from "react";

/** The newest of previews that has been decoded, so that none flickers while the next is on its way. */
export function useSteady(url: string | undefined): string | undefined {
  const [shown, setShown] = useState<string>();
  useEffect(() => {
    if (!url) return setShown(undefined);
    let isWanted = true;
    const picture = new Image();
    picture.src = url;
    picture.decode().then(
      () => isWanted && setShown(url),
      () => {}, // a newer one has taken its place
    );
    return () => {
      isWanted = false;
    };
  }, [url]);
  return url && shown;
}
