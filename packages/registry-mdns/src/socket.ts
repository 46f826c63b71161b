import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { BlockList } from 'node:net';
import { MicroError, report } from '@micro/core';
import { newTurns } from '@micro/core/plugin';
import { type InterfaceAddress, interfaceAddresses, noMulticast } from './interfaces.ts';
import type { Settings } from './options.ts';
import { newReplies } from './replies.ts';

/** A membership in the multicast group: one socket that hears it, and one per interface that speaks to it. */
export interface Group {
  /**
   * Sends to everybody, and resolves when we have heard it ourselves: only then is it sure that multicast
   * works here. Rejects with `unavailable` when it cannot be sent, or is not heard within a second.
   */
  send(bytes: Buffer): Promise<void>;
  /** Sends to one peer, without a guarantee. Dropped when too much is unsent already. */
  reply(bytes: Buffer, to: RemoteInfo): void;
  /** Whether the group keeps the process alive. */
  hold(held: boolean): void;
  close(): Promise<void>;
}

interface Echo {
  readonly bytes: Buffer;
  readonly heard: () => void;
  readonly fail: (error: Error) => void;
}

const groupAddress = '224.0.0.251';
const hearWithinMs = 1_000;
const repeatAfterMs = 250;
const lookAgainMs = 5_000;
const mostInterfaces = 32;
// Who registers a thousand nodes at once must not drown its own ears, nor those of others.
const mostSending = 32;

/** Joins the group on every interface that lets us. Rejects with `unavailable`, and says what is missing. */
export async function openGroup(
  settings: Settings,
  receive: (bytes: Buffer, from: RemoteInfo) => void,
): Promise<Group> {
  const listener = await boundSocket(settings.port);
  const speakers = new Map<string, Socket>();
  const echoes = new Set<Echo>();
  let local: ReadonlySet<string> = new Set();
  let nearby = new BlockList();
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  const inTurn = newTurns(mostSending);
  const replies = newReplies(listener);
  let closed = false;

  function heard(bytes: Buffer, from: RemoteInfo): void {
    // RFC 6762 §11: what does not come from this network is not for us. The port is open to the world.
    if (!nearby.check(from.address)) return;
    if (local.has(from.address)) for (const echo of echoes) if (echo.bytes.equals(bytes)) echo.heard();
    receive(bytes, from);
  }

  // Interfaces come and go (Wi-Fi, VPN): looked at again before sending, not more often than every few seconds.
  async function look(): Promise<void> {
    if (performance.now() - lookedAt < lookAgainMs) return;
    looking ??= follow(interfaceAddresses()).finally(() => {
      looking = undefined;
    });
    await looking;
  }

  async function follow(interfaces: readonly InterfaceAddress[]): Promise<void> {
    nearby = new BlockList();
    for (const { address, prefix } of interfaces) nearby.addSubnet(address, prefix);
    local = new Set(interfaces.map((one) => one.address));
    const chosen = interfaces
      .filter((one) => settings.interface === undefined || one.address === settings.interface)
      .slice(0, mostInterfaces);
    for (const [address, speaker] of speakers) {
      if (chosen.some((one) => one.address === address)) continue;
      speakers.delete(address);
      speaker.close();
    }
    for (const one of chosen) join(one.address);
    for (const one of chosen) if (!one.internal) await speak(one.address);
    // Loopback only where nothing else speaks: what leaves by another interface is heard on this machine too.
    if (speakers.size === 0) for (const one of chosen) await speak(one.address);
    lookedAt = speakers.size === 0 ? Number.NEGATIVE_INFINITY : performance.now();
  }

  function join(address: string): void {
    try {
      listener.addMembership(groupAddress, address);
    } catch {
      // Joined already, or an interface without multicast (a tunnel): the others serve.
    }
  }

  async function speak(address: string): Promise<void> {
    if (speakers.has(address) || closed) return;
    const speaker = await boundSocket(0);
    try {
      if (closed) throw new Error('closed while opening');
      speaker.setMulticastInterface(address);
      speaker.setMulticastTTL(255);
      speaker.setMulticastLoopback(true);
      speaker.on('message', heard);
      speakers.set(address, speaker);
    } catch {
      // Closed meanwhile, or an interface without multicast.
      speaker.close();
    }
  }

  async function multicast(bytes: Buffer): Promise<void> {
    await look();
    if (closed) throw closedError();
    const sending = [...speakers.values()].map(
      (speaker) =>
        new Promise<Error | null>((resolve) => {
          speaker.send(bytes, settings.port, groupAddress, resolve);
        }),
    );
    const errors = await Promise.all(sending);
    if (errors.includes(null)) return;
    lookedAt = Number.NEGATIVE_INFINITY;
    throw noMulticast('no interface sends to the group', errors[0]);
  }

  async function send(bytes: Buffer): Promise<void> {
    const timers: NodeJS.Timeout[] = [];
    let echo: Echo | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        echo = { bytes, heard: resolve, fail: reject };
        echoes.add(echo);
        const attempt = (): void => {
          multicast(bytes).catch(reject);
        };
        attempt();
        timers.push(setTimeout(attempt, repeatAfterMs));
        // An immediate runs after the sockets were read: a process that was busy has not missed its echo.
        timers.push(
          setTimeout(
            () => setImmediate(() => reject(noMulticast('our own messages do not come back'))),
            hearWithinMs,
          ),
        );
      });
    } finally {
      for (const timer of timers) clearTimeout(timer);
      if (echo !== undefined) echoes.delete(echo);
    }
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    replies.close();
    for (const echo of echoes) echo.fail(closedError());
    const sockets = [listener, ...speakers.values()];
    speakers.clear();
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
    await looking;
  }

  function hold(held: boolean): void {
    if (held) listener.ref();
    else listener.unref();
  }

  listener.on('message', heard);
  try {
    await look();
    if (speakers.size === 0)
      throw noMulticast(`${settings.interface ?? 'every interface'} refuses multicast`);
  } catch (error) {
    await close();
    throw error;
  }
  return { send: (bytes) => inTurn(() => send(bytes)), reply: replies.reply, hold, close };
}

/** Rejected with where the registry closes. */
export function closedError(): MicroError {
  return new MicroError('unavailable', 'registry mdns: closed');
}

async function boundSocket(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: port !== 0 });
  socket.unref();
  try {
    // Exclusive: the workers of a cluster would share one socket, and each message reach one of them alone.
    socket.bind({ port, address: '0.0.0.0', exclusive: true });
    await once(socket, 'listening');
  } catch (cause) {
    socket.close();
    throw noMulticast(`cannot open UDP port ${port}`, cause);
  }
  widen(socket);
  socket.on('error', (error) => report('plugin.warning', `registry mdns: UDP port ${port}`, error));
  return socket;
}

// The answers of a large service all come at once.
function widen(socket: Socket): void {
  try {
    socket.setRecvBufferSize(1 << 20);
  } catch {
    // The system gives what it gives: what is lost is asked for again.
  }
}
