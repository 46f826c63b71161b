import type { BenchCase } from './bench-case.ts';
import type { Outcome } from './load.ts';
import type { Cores } from './machine.ts';
import type { Usage } from './side.ts';
import { SideProcess } from './side-process.ts';

// Calls inside one process: the event loop turns this often
const burstMs = 10;
const graceMs = 30_000;

/** What a turn gave: the client's view, and both sides' use of the machine. */
export interface Turn extends Outcome {
  /** CPU a call, client and server together, in us. */
  readonly cpuUs: number;
  readonly rssMb: number;
}

/** A contender's processes. */
export class Team {
  readonly contender: string;
  /** Made so far. */
  calls = 0;
  private readonly sides: readonly SideProcess[];
  private readonly client: SideProcess;
  private readonly server: SideProcess | undefined;
  private readonly burstMs: number;

  private constructor(contender: string, client: SideProcess, server: SideProcess | undefined) {
    this.contender = contender;
    this.client = client;
    this.server = server;
    this.sides = server === undefined ? [client] : [client, server];
    this.burstMs = server === undefined ? burstMs : 0;
  }

  /** Starts the processes, and has each wait for its turn. `started` hears of every process, also when this rejects. */
  static async start(
    of: BenchCase,
    contender: string,
    cores: Cores | undefined,
    flags: readonly string[],
    started: (side: SideProcess) => void,
  ): Promise<Team> {
    const part = { case: of.name, contender, address: '' };
    if (of.processes === 1) {
      const both = new SideProcess({ ...part, role: 'both' }, cores?.client, flags);
      started(both);
      await both.start();
      return new Team(contender, both, undefined);
    }
    const server = new SideProcess({ ...part, role: 'server' }, cores?.server, flags);
    started(server);
    const address = await server.start();
    const client = new SideProcess({ ...part, role: 'client', address }, cores?.client, flags);
    started(client);
    await client.start();
    return new Team(contender, client, server);
  }

  /** Loads it for so many ms, or until so many calls are made; rejects when a call fails or a reply is wrong. */
  async turn(inFlight: number, ms: number, calls?: number): Promise<Turn> {
    const slice = { inFlight, ms, burstMs: this.burstMs, ...(calls === undefined ? {} : { calls }) };
    const before = await this.server?.usage(false);
    const loaded = await this.client.ask({ type: 'load', slice }, 'loaded', ms + graceMs);
    const served = await this.server?.usage(false);
    this.calls += loaded.calls;
    const serverUs = (served?.cpuUs ?? 0) - (before?.cpuUs ?? 0);
    const { rssMb } = await this.usage(false);
    return { ...loaded, cpuUs: (loaded.cpuUs + serverUs) / loaded.calls, rssMb };
  }

  /** Of all its processes together. */
  async usage(collect: boolean): Promise<Usage> {
    const all = await Promise.all(this.sides.map((side) => side.usage(collect)));
    const sum = (figure: keyof Usage): number => all.reduce((total, one) => total + one[figure], 0);
    return { cpuUs: sum('cpuUs'), rssMb: sum('rssMb'), heapBytes: sum('heapBytes') };
  }

  /** Client first. False when a process did not end by itself. */
  async stop(): Promise<boolean> {
    let willing = true;
    for (const side of this.sides) willing = (await side.stop()) && willing;
    return willing;
  }
}
