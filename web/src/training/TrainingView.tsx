import { useMemo } from "react";
import { useHashLocation } from "wouter/use-hash-location";
import { NewRun } from "./NewRun";
import { addressOf, type Place, readPlace } from "./place";
import { RunList } from "./RunList";
import { RunPage } from "./RunPage";

/** Teaching a checkpoint something new: the runs there are, one of them, and beginning another. */
export default function TrainingView() {
  const [address, navigate] = useHashLocation();
  const place = useMemo(() => readPlace(address), [address]);
  const go = (to: Place) => navigate(addressOf(to));
  switch (place.at) {
    case "new":
      return <NewRun onLeave={() => go({ at: "list" })} onBegun={(name) => go({ at: "run", name })} />;
    case "run":
      return (
        <RunPage
          key={place.name}
          name={place.name}
          onLeave={() => go({ at: "list" })}
          onNew={() => go({ at: "new" })}
        />
      );
    case "list":
      return <RunList onNew={() => go({ at: "new" })} />;
  }
}
