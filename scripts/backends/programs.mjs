import { fetched } from './cache.mjs';

/**
 * A program: { name, installed(), source, unpacked(folder) }. `installed` finds it on the PATH, `unpacked` in the
 * folder that its source made; both resolve with whatever its server's `daemons` wants.
 */
export async function locate({ installed, source, unpacked }) {
  const found = await installed?.();
  if (found !== undefined) return found;
  const folder = await source.cached();
  return folder && unpacked(folder);
}

/** The program, fetched when it is not there; the newest, when it is asked for by name. */
export async function provide(program, { say = () => {}, newest = false } = {}) {
  const { name, source, unpacked } = program;
  const found = newest ? await program.installed?.() : await locate(program);
  if (found !== undefined) return found;
  const missing = source.missing();
  if (missing !== undefined) throw new Error(`${name} cannot be fetched: ${missing}`);
  const folder = await fetched(await source.key(), async (making, final) => {
    say(`${name}: fetching ${source.what}${source.quick ? '' : ' (minutes, once)'}`);
    await source.make(making, final);
  });
  return unpacked(folder);
}

/** Why a program is not there and not quick to get, or undefined when it is either. */
export async function obstacle(program) {
  if ((await locate(program)) !== undefined) return undefined;
  const { name, source } = program;
  const missing = source.missing();
  if (missing !== undefined) return `no ${name} on the PATH, and ${missing} to fetch it with`;
  return source.quick ? undefined : `no ${name} on the PATH, and ${source.what} takes minutes`;
}
