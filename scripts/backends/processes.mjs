import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Runs a command to its end. Resolves with what it wrote; rejects with the last lines when it fails. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const written = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      written.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      written.err = (written.err + text).slice(-4_000);
    });
    child.once('error', reject);
    child.once('close', (status, signal) => {
      if (status === 0) resolve(written.out);
      else
        reject(
          new Error(`${command} ${args[0] ?? ''} ended with ${status ?? signal}: ${lastLines(written.err)}`),
        );
    });
  });
}

export function lastLines(text) {
  return text.trim().split('\n').slice(-5).join('\n');
}

/** The path of a command, when it is on the PATH. */
export function onPath(command) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, command);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Whether a process of this id exists. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Sends a signal to a process, or to a group (a negative id). One that has ended needs none. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
