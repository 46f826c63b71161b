import { encodeQuestion } from './packet.ts';

export interface Asker {
  /** Asks the network for a name, and resolves, when the answers are in, with the time the question went out. */
  ask(name: string, heard: HeardOf): Promise<number>;
  /** Rejects what is being asked, with the error. */
  close(error: Error): void;
}

/** When what is known under a name was last heard: the one that is silent longest, and the latest. */
export interface Heard {
  readonly oldest: number;
  readonly newest: number;
}

type HeardOf = () => Heard | undefined;

export interface AskerOptions {
  readonly send: (bytes: Buffer) => Promise<void>;
  readonly queryMs: number;
}

interface Round {
  sent: boolean;
  readonly done: Promise<number>;
  next?: Promise<number>;
}

// A pause of this length ends the answers; a lookup takes no longer than so many times its window.
const quietMs = 10;
const longest = 4;

/**
 * One question at a time for each name. Who asks while a question is out waits for the next one, which all of
 * them share: so each caller's answers are younger than its call, and a hundred calls cost two questions.
 */
export function newAsker({ send, queryMs }: AskerOptions): Asker {
  const rounds = new Map<string, Round>();
  const waiting = new Set<(error: Error) => void>();

  function ask(name: string, heard: HeardOf): Promise<number> {
    const round = rounds.get(name);
    if (round === undefined) return start(name, heard);
    if (!round.sent) return round.done;
    const again = (): Promise<number> => ask(name, heard);
    round.next ??= round.done.then(again, again);
    return round.next;
  }

  function start(name: string, heard: HeardOf): Promise<number> {
    const round: Round = { sent: false, done: Promise.resolve().then(() => run(name, round, heard)) };
    rounds.set(name, round);
    return round.done;
  }

  async function run(name: string, round: Round, heard: HeardOf): Promise<number> {
    const timers: NodeJS.Timeout[] = [];
    let end: ((error: Error) => void) | undefined;
    try {
      round.sent = true;
      const since = performance.now();
      // The id has no meaning to others: by it we know our own question when it comes back to us.
      const question = encodeQuestion(name, Math.floor(Math.random() * 65_536));
      const sent = send(question);
      const waited = new Promise<void>((resolve, reject) => {
        end = reject;
        waiting.add(reject);
        // Answers that still come are waited for: a large service has many. An immediate runs after the
        // sockets were read, so that what came in time counts, however busy the process is.
        const settle = (): void => {
          const now = performance.now();
          const quiet = now - (heard()?.newest ?? 0) >= quietMs;
          if (quiet || now - since >= longest * queryMs) resolve();
          else timers.push(setTimeout(setImmediate, quietMs, settle));
        };
        timers.push(setTimeout(setImmediate, queryMs, settle));
      });
      const repeat = (): void => {
        if ((heard()?.oldest ?? 0) < since) send(question).catch(ignore);
      };
      timers.push(setTimeout(repeat, queryMs / 2));
      await Promise.all([sent, waited]);
      return since;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      rounds.delete(name);
      if (end !== undefined) waiting.delete(end);
    }
  }

  function close(error: Error): void {
    for (const reject of [...waiting]) reject(error);
  }

  return { ask, close };
}

// The first question decides whether the network can be reached; its repetition has nothing to add.
function ignore(): void {}
