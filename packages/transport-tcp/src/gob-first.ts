/** Whoever is not go-micro's tcp transport begins otherwise: the definition of its Message has 41 bytes or a few more. */
export function beginsGob(chunk: Uint8Array): boolean {
  const first = chunk[0] ?? 0;
  return first >= 41 && first <= 48;
}
