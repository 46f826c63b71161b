/** Where go-micro keeps a service's nodes (docs/wire.md §7.4). */
export function folderOf(root: string, service: string): string {
  return `${root}/${segment(service)}`;
}

/** Where it keeps one of them. */
export function nodePath(root: string, service: string, id: string): string {
  return `${folderOf(root, service)}/${segment(id)}`;
}

/** The service of a folder, where its name says so: a dash may have been a slash, and a percent sign anything. */
export function serviceOf(folder: string): string | undefined {
  return /[-%]/.test(folder) ? undefined : folder;
}

// What ZooKeeper does not take in a name (its Programmer's Guide, "The ZooKeeper Data Model"). It counts in UTF-16, so
// that goes for everything beyond the basic plane.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that are refused
const refused = /[\u0000-\u001f\u007f-\u009f\uf000-\uf8ff\ufff0-\uffff]|[\ud800-\udfff]|[\ue000-\uefff]/g;

/** As in Go; what ZooKeeper refuses, and Go could not write at all, by its number. */
function segment(name: string): string {
  const dashed = name.replaceAll('/', '-');
  if (dashed === '.' || dashed === '..') return dashed.replaceAll('.', '%2e');
  return dashed.replace(refused, (unit) => `%${unit.charCodeAt(0).toString(16)}`);
}
