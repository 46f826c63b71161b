import { MicroError } from '@micro/core';
import { ACL, CreateMode, type Event, Exception, Id, Permission, type Stat } from 'node-zookeeper-client';
import { isCode } from './errors.ts';
import type { Session } from './session.ts';

type Watcher = (event: Event) => void;

/** ZooKeeper's calls as promises, and a node that is not there as undefined. */
export interface Tree {
  stat(path: string, watcher?: Watcher): Promise<Stat | undefined>;
  children(path: string, watcher?: Watcher): Promise<readonly string[] | undefined>;
  text(path: string, watcher?: Watcher): Promise<string | undefined>;
  remove(path: string): Promise<void>;
  /** Writes a node that lives as long as our session; in the place of one that is there. */
  put(folder: string, path: string, text: string): Promise<void>;
}

/** Others may write the same node in between, so often that this ends in an error. */
const mostTries = 5;
/** Of a node, in bytes: with the rest of its request within jute.maxbuffer, 1 MiB by default. */
const largest = 1_047_552;

/** Who may do what with the nodes that we write. */
function rightsOf(isLoggedIn: boolean): ACL[] {
  const everybody = new Id('world', 'anyone');
  if (!isLoggedIn) return [new ACL(Permission.ALL, everybody)];
  return [new ACL(Permission.ALL, new Id('auth', '')), new ACL(Permission.READ, everybody)];
}

/** `isLoggedIn`: what is written belongs to who has the same login. */
export function treeOf(session: Session, isLoggedIn: boolean): Tree {
  const rights = rightsOf(isLoggedIn);

  async function stat(path: string, watcher?: Watcher): Promise<Stat | undefined> {
    const found = await session.request<Stat | null>((client, done) =>
      watcher === undefined ? client.exists(path, done) : client.exists(path, watcher, done),
    );
    return found ?? undefined;
  }

  async function remove(path: string): Promise<void> {
    await orNothing(
      session.request<unknown>((client, done) => client.remove(path, (error) => done(error, undefined))),
    );
  }

  function create(path: string, data: Buffer): Promise<unknown> {
    return session.request<unknown>((client, done) =>
      client.create(path, data, rights, CreateMode.EPHEMERAL, done),
    );
  }

  /** Both or neither, so that nobody sees the service without the node. */
  function replace(path: string, data: Buffer): Promise<unknown> {
    return session.request<unknown>((client, done) =>
      client.transaction().remove(path).create(path, data, rights, CreateMode.EPHEMERAL).commit(done),
    );
  }

  async function put(folder: string, path: string, text: string): Promise<void> {
    const data = Buffer.from(text);
    // ZooKeeper does not say so: it ends the connection.
    if (data.length > largest)
      throw new MicroError('too_large', `registry zookeeper: ${data.length} bytes, where a node takes 1 MiB`);
    let isThere = false;
    for (let tries = 1; ; tries++) {
      try {
        await (isThere ? replace(path, data) : create(path, data));
        return;
      } catch (error) {
        const isMissing = isCode(error, Exception.NO_NODE);
        if ((!isMissing && !isCode(error, Exception.NODE_EXISTS)) || tries === mostTries) throw error;
        if (isMissing && !isThere)
          await session.request<unknown>((client, done) => client.mkdirp(folder, rights, done));
        isThere = !isMissing;
      }
    }
  }

  return {
    stat,
    remove,
    put,
    children: (path, watcher) =>
      orNothing(
        session.request<readonly string[]>((client, done) =>
          watcher === undefined ? client.getChildren(path, done) : client.getChildren(path, watcher, done),
        ),
      ),
    async text(path, watcher) {
      const data = await orNothing(
        session.request<Buffer | undefined>((client, done) =>
          watcher === undefined ? client.getData(path, done) : client.getData(path, watcher, done),
        ),
      );
      return data?.toString();
    },
  };
}

async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isCode(error, Exception.NO_NODE)) return undefined;
    throw error;
  }
}
