import { MicroError, report } from '@micro/core';
import { inTime } from '@micro/core/plugin';
import { type NatsLink, natsError } from '@micro/nats';
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { queryText, type Result, readResult, resultText } from './messages.ts';
import type { Settings } from './options.ts';

export interface BusHandler {
  /** What to answer to a query for the service, or for all. */
  answers(name: string | undefined, limit: number): readonly string[];
  /** An announcement. */
  announced(result: Result): void;
  /** An answer to a query of ours, also one that comes late. Returns whether it was one. */
  answered(text: string): void;
}

/** go-micro's subjects, on one connection. */
export interface Bus {
  /** Connects and listens. `serving`: answers queries too, from now on. */
  open(serving: boolean): Promise<NatsConnection>;
  /** The largest message, in bytes. */
  limit(): number;
  /** Tells everybody. Resolves when the server has it. */
  announce(action: string, services: readonly string[]): Promise<void>;
  /** Asks everybody; resolves when the answers have ceased. */
  query(name: string | undefined): Promise<void>;
  close(): void;
}

interface Query {
  answeredAt: number;
  /** Prefixes under which nobody listens. */
  deserted: number;
  wake: (() => void) | undefined;
}

export function newBus(link: NatsLink, settings: Settings, handler: BusHandler): Bus {
  const { prefixes, queryMs, timeoutMs } = settings;
  const inbox = createInbox();
  const queries = new Map<string, Query>();
  let lastQuery = 0;
  let ready:
    | { readonly connection: NatsConnection; serving: boolean; readonly done: Promise<void> }
    | undefined;

  async function open(serving: boolean): Promise<NatsConnection> {
    const connection = await link.connect();
    if (ready?.connection !== connection) {
      ready = { connection, serving: false, done: listen(connection) };
    }
    const own = ready;
    if (serving && !own.serving) {
      own.serving = true;
      for (const prefix of prefixes)
        subscribe(connection, `${prefix}.query`, (message) => answer(connection, prefix, message));
    }
    try {
      await own.done;
    } catch (error) {
      if (ready === own) ready = undefined;
      throw error;
    }
    return connection;
  }

  async function listen(connection: NatsConnection): Promise<void> {
    subscribe(connection, `${inbox}.*`, reply);
    for (const prefix of prefixes) {
      subscribe(connection, `${prefix}.watch`, (message) => {
        const result = readResult(message.string());
        if (heeds(result, prefix)) handler.announced(result);
      });
    }
    await confirm(connection);
  }

  /** Of what is published under several prefixes, one is for us. */
  function heeds({ via }: Result, prefix: string): boolean {
    const first = via.find((one) => prefixes.some((own) => own === one));
    return first === undefined || first === prefix;
  }

  function answer(connection: NatsConnection, prefix: string, message: Msg): void {
    const { reply: to } = message;
    const result = readResult(message.string());
    if (to === undefined || to === '' || !heeds(result, prefix)) return;
    const name = result.action === 'get' ? result.service?.name : undefined;
    if (result.action !== 'list' && typeof name !== 'string') return;
    for (const text of handler.answers(typeof name === 'string' ? name : undefined, limit()))
      connection.publish(to, text);
  }

  function reply(message: Msg): void {
    const query = queries.get(message.subject.slice(inbox.length + 1));
    if (message.headers?.code === 503) {
      if (query !== undefined && ++query.deserted === prefixes.length) query.wake?.();
      return;
    }
    if (query !== undefined) query.answeredAt = performance.now();
    handler.answered(message.string());
  }

  function limit(): number {
    return link.connection?.info?.max_payload ?? 1_048_576;
  }

  /** Resolves when the server has taken what was sent. */
  async function confirm(connection: NatsConnection): Promise<void> {
    const silent = `registry nats: no answer within ${timeoutMs} ms`;
    try {
      await inTime(connection.flush(), timeoutMs, () => new MicroError('unavailable', silent));
    } catch (error) {
      throw natsError(error, 'registry');
    }
  }

  /** Resolves when nobody has answered for a while; when the connection is lost, at once. */
  async function quiet(query: Query, connection: NatsConnection): Promise<void> {
    const endsAt = performance.now() + timeoutMs;
    let wait = queryMs;
    while (wait > 0 && query.deserted < prefixes.length && performance.now() < endsAt) {
      let timer: NodeJS.Timeout | undefined;
      const over = await new Promise<boolean>((resolve) => {
        query.wake = () => resolve(false);
        timer = setTimeout(resolve, wait, true);
      });
      clearTimeout(timer);
      // Behind all that the server had for us: what came in time counts, however busy this process was.
      if (over) await confirm(connection);
      wait = query.answeredAt + queryMs - performance.now();
    }
  }

  return {
    open,
    limit,
    async announce(action, services) {
      const connection = await open(false);
      for (const service of services) {
        const text = resultText(action, service, prefixes);
        for (const prefix of prefixes) connection.publish(`${prefix}.watch`, text);
      }
      await confirm(connection);
    },
    async query(name) {
      const connection = await open(false);
      const token = String(++lastQuery);
      const query: Query = { answeredAt: 0, deserted: 0, wake: undefined };
      queries.set(token, query);
      const lost = link.onChange(() => query.wake?.());
      try {
        const text = queryText(name, prefixes);
        for (const prefix of prefixes)
          connection.publish(`${prefix}.query`, text, { reply: `${inbox}.${token}` });
        await confirm(connection);
        await quiet(query, connection);
        await link.connect(); // rejects when it was lost meanwhile
      } catch (error) {
        throw natsError(error, 'registry');
      } finally {
        lost();
        queries.delete(token);
      }
    },
    close() {
      for (const { wake } of queries.values()) wake?.();
    },
  };
}

function subscribe(connection: NatsConnection, subject: string, receive: (message: Msg) => void): void {
  connection.subscribe(subject, {
    callback: (refused, message) => {
      try {
        if (refused === null) receive(message);
        else throw natsError(refused, `cannot subscribe to "${subject}"`);
      } catch (error) {
        report('plugin.warning', `registry nats: ${subject}`, error);
      }
    },
  });
}
