import { MicroError, type ServiceRecord } from '@micro/core';
import { abortable, isObject } from '@micro/core/plugin';
import type { Answer, Connection } from './connection.ts';
import type { Settings } from './options.ts';
import { readServices } from './services.ts';

type Reading = Pick<Settings, 'stale'>;

/** A service's nodes that live. */
export async function readService(
  connection: Connection,
  name: string,
  { stale }: Reading,
): Promise<readonly ServiceRecord[]> {
  const answer = await connection.request((client, options) => {
    const wanted = { ...options, service: name, stale };
    return client.health.service(wanted);
  });
  return services(connection, answer, name);
}

/** The same, when it has changed since an index, or when Consul does not want to hold the request any longer. */
export async function awaitService(
  connection: Connection,
  name: string,
  index: bigint,
  { stale, signal }: Reading & { readonly signal: AbortSignal },
): Promise<{ readonly services: readonly ServiceRecord[]; readonly index: bigint }> {
  const ask: Parameters<Connection['hold']>[0] = (client, options, waitMs) => {
    const wanted = { ...options, service: name, stale, index: String(index), wait: `${waitMs}ms` };
    return client.health.service(wanted);
  };
  // Without a past there is nothing to wait for
  const isFirst = index === 0n;
  const asking = isFirst
    ? connection.request((client, options) => ask(client, options, 0))
    : connection.hold(ask, signal);
  const answer = await abortable(asking, signal);
  return { services: await services(connection, answer, name), index: indexOf(answer) };
}

/** The names of the services of which some node lives, or may: of which not all checks are critical. */
export async function readNames(connection: Connection, { stale }: Reading): Promise<readonly string[]> {
  const [names, checks] = await Promise.all([
    readCatalog(connection, stale),
    connection.request((client, options) => {
      const wanted = { ...options, stale, state: 'any' as const };
      return client.health.state(wanted);
    }),
  ]);
  const [dead, alive] = [new Set<string>(), new Set<string>()];
  for (const check of Array.isArray(checks.body) ? checks.body : []) {
    if (!isObject(check) || typeof check.ServiceName !== 'string') continue;
    (check.Status === 'critical' ? dead : alive).add(check.ServiceName);
  }
  return Object.freeze(names.filter((name) => alive.has(name) || !dead.has(name)).sort());
}

/** All names. Rejects where there are none because we may see none: a catalog has at least Consul itself. */
async function readCatalog(connection: Connection, stale: boolean): Promise<readonly string[]> {
  const answer = await connection.request((client, options) => {
    // A namespace of none, because the library's types know this call's options by it.
    const wanted = { ...options, stale, ns: '' };
    return client.catalog.service.list(wanted);
  });
  const names = isObject(answer.body) ? Object.keys(answer.body) : [];
  if (names.length === 0 && (isFiltered(answer) || mayHide(answer))) throw hiddenError();
  return names;
}

async function services(
  connection: Connection,
  answer: Answer,
  name: string,
): Promise<readonly ServiceRecord[]> {
  const found = readServices(answer.body, name);
  if (found.length > 0) return found;
  if (isFiltered(answer)) throw hiddenError();
  if (mayHide(answer)) await readCatalog(connection, true);
  return found;
}

// Who may see nothing gets an empty list and 200: that is no service less, but a token too few. Consul tells those who
// have a token that something was left out; of those who have none it only says that it denies by default.

function isFiltered({ headers }: Answer): boolean {
  return headers['x-consul-results-filtered-by-acls'] === 'true';
}

function mayHide({ headers }: Answer): boolean {
  return headers['x-consul-default-acl-policy'] === 'deny';
}

function hiddenError(): MicroError {
  return new MicroError(
    'forbidden',
    'registry consul: the token, or the want of one, lets us see nothing here',
  );
}

function indexOf({ headers }: Answer): bigint {
  const index = headers['x-consul-index'];
  return typeof index === 'string' && /^\d{1,20}$/.test(index) ? BigInt(index) : 0n;
}
