import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { lastLines, signal } from './processes.mjs';

const readyWithinMs = 60_000;
const stopWithinMs = 15_000;
const endIt = 'read -r _ || { kill -s KILL -- "-$0"; rm -rf -- "$1"; }';

/**
 * Starts a server in a process group of its own and waits until it answers. `lasting`: it outlives this process
 * (`npm run backends -- up`); else a shell that waits beside it kills it when this process is gone, however that went.
 */
export async function startDaemon({ name, command, args, env, ready }, folder, { lasting = false } = {}) {
  const log = join(folder, `${name}.log`);
  const output = openSync(log, 'w');
  const child = spawn(command, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  child.unref();
  const { pid } = child;
  if (pid === undefined) await once(child, 'spawn'); // rejects with the reason
  const release = lasting ? () => {} : watchdog(pid, folder);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const exited = once(child, 'exit').then(release);

  async function end(name) {
    if (isOver()) return;
    child.ref();
    signal(-pid, name);
    // A stopped process takes no other signal.
    signal(-pid, 'SIGCONT');
    const limit = setTimeout(() => signal(-pid, 'SIGKILL'), stopWithinMs);
    await exited;
    clearTimeout(limit);
  }

  const giveUpAt = Date.now() + readyWithinMs;
  while (!(await ready().catch(() => false))) {
    const over = isOver();
    if (over || Date.now() > giveUpAt) {
      await end('SIGKILL');
      const what = over ? 'ended at once' : `was not ready after ${readyWithinMs / 1_000} s`;
      throw new Error(`${name} ${what}: ${lastLines(readFileSync(log, 'utf8'))}`);
    }
    await pause(20);
  }
  return {
    pid,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => freeze(pid),
    thaw: () => signal(-pid, 'SIGCONT'),
  };
}

/**
 * Returns when it stands still: on a busy machine the thread that takes the signal may have to wait for its turn, and
 * others go on until then. Where there is no /proc it returns at once.
 */
function freeze(pid) {
  signal(-pid, 'SIGSTOP');
  const giveUpAt = Date.now() + stopWithinMs;
  while (isRunning(pid) && Date.now() < giveUpAt);
}

function isRunning(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.some((id) => !/\) [TtZX] /.test(readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8')));
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * A shell whose input ends with this process: it then kills the other, and removes its data. A line says that there is
 * no need any more.
 */
function watchdog(pid, folder) {
  const shell = spawn('/bin/sh', ['-c', endIt, String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  shell.stdin.unref();
  shell.stdin.on('error', () => {}); // it has ended: nothing to release
  return () => shell.stdin.end('\n');
}
