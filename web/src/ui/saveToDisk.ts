/** Hand the person a file: something made here, or an address of the server. */
export function saveToDisk(file: Blob | string, name = ""): void {
  const url = typeof file === "string" ? file : URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  if (typeof file !== "string") setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
