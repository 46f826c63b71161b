import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

export interface Ended {
  readonly status: number | null;
  readonly text: string;
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<Ended> {
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: 'pipe' });
  let text = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  child.stdin.end(options.input ?? '');
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, text };
}

/** A server in another language; ends by its id. */
export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server that is told its port, and waits until it listens. */
export async function start(
  command: string,
  argsFor: (port: number) => readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Running> {
  const port = await freePort();
  const child = spawn(command, argsFor(port), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  await listening(child, port);
  return { port, stop };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  for (const giveUpAt = Date.now() + 30_000; ; ) {
    const socket = net.connect({ host: '127.0.0.1', port });
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    if (child.exitCode !== null || Date.now() > giveUpAt) throw new Error(`nobody listens at ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
