/**
 * Text that travels beside a message: trace context, tenant, caller. Keys are lower-case inside a process;
 * a transport or broker spells them as its peers expect. Objects have no prototype, so any key is safe.
 */
export type Metadata = Readonly<Record<string, string>>;

/** No metadata at all; shared, frozen, without a prototype. */
export const noMetadata: Metadata = Object.freeze(Object.create(null));

/** Both sides joined, the second winning, keys lower-cased. Never shares an object with its inputs. */
export function mergeMetadata(first: Metadata | undefined, second: Metadata | undefined): Metadata {
  const merged: Record<string, string> = Object.create(null);
  for (const side of [first, second]) {
    if (side !== undefined)
      for (const key of Object.keys(side)) merged[key.toLowerCase()] = String(side[key]);
  }
  return merged;
}
