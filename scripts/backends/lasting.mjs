import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cacheFolder } from './cache.mjs';
import { freePorts } from './ports.mjs';
import { isAlive, run, signal } from './processes.mjs';
import { programsOf, startDaemons } from './server.mjs';

const stopWithinMs = 15_000;

/** Starts a server that stays until `down`, in whatever process. Resolves with its addresses; twice is no error. */
export async function up(backend, options) {
  const { name } = backend;
  const running = await status(backend);
  if (running !== undefined) return running.addresses;
  const programs = await programsOf(backend, options);
  const folder = folderOf(name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const ports = await freePorts(backend.ports);
  const daemons = await startDaemons({ backend, programs, folder, ports, options: {}, lasting: true });
  const processes = [];
  for (const { pid } of daemons) processes.push({ pid, begun: await begun(pid) });
  const addresses = backend.addresses(ports);
  await writeFile(fileOf(name), JSON.stringify({ processes, addresses }));
  return addresses;
}

/** Ends what `up` started, and removes its data. Resolves with whether there was anything. */
export async function down({ name }) {
  const state = await read(name);
  const processes = state?.processes ?? [];
  for (const one of processes.reverse()) {
    // An id that another process has by now is not ours to end.
    if ((await begun(one.pid)) === one.begun) await end(one.pid);
  }
  await rm(folderOf(name), { recursive: true, force: true });
  return state !== undefined;
}

/** The state of a server that runs: { processes, addresses }; undefined when none does. */
export async function status({ name }) {
  const state = await read(name);
  for (const { pid, begun: time } of state?.processes ?? []) {
    if ((await begun(pid)) !== time) return undefined;
  }
  return state;
}

async function end(pid) {
  signal(-pid, 'SIGTERM');
  const giveUpAt = Date.now() + stopWithinMs;
  while (isAlive(pid)) {
    if (Date.now() > giveUpAt) signal(-pid, 'SIGKILL');
    await pause(20);
  }
}

const folderOf = (name) => join(cacheFolder, 'running', name);
const fileOf = (name) => join(folderOf(name), 'state.json');

async function read(name) {
  const text = await readFile(fileOf(name), 'utf8').catch(() => undefined);
  return text && JSON.parse(text);
}

/** When the process was started, as text; '' when there is none. */
const begun = (pid) =>
  run('ps', ['-o', 'lstart=', '-p', String(pid)]).then(
    (text) => text.trim(),
    () => '',
  );
