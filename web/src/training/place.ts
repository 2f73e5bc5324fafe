/** Where somebody is in training; all of it stands in the address. */
export type Place = { at: "list" } | { at: "new" } | { at: "run"; name: string };

const RUN = "/training/run/";

export function readPlace(address: string): Place {
  if (address.startsWith(RUN)) {
    const name = decoded(address.slice(RUN.length));
    if (name) return { at: "run", name };
  }
  return { at: address === "/training/new" ? "new" : "list" };
}

export function addressOf(place: Place): string {
  switch (place.at) {
    case "run":
      return `${RUN}${encodeURIComponent(place.name)}`;
    case "new":
      return "/training/new";
    case "list":
      return "/training";
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
