import type { BenchCase } from './bench-case.ts';
import { inOneProcess } from './contenders.ts';
import { sumOf } from './histogram.ts';
import type { Outcome, Slice } from './load.ts';
import type { Cores } from './machine.ts';
import type { Profile } from './profile.ts';
import type { Usage } from './side.ts';
import { SideProcess } from './side-process.ts';
import { median } from './stats.ts';

// Calls inside one process: the event loop turns this often
const burstMs = 10;
const graceMs = 30_000;

/** What a turn gave: the clients' view, and all sides' use of the machine. */
export interface Turn extends Outcome {
  /** CPU a call, clients and server together, in us. */
  readonly cpuUs: number;
  readonly rssMb: number;
}

/** Where the CPU of one process went. */
export interface SideProfile {
  readonly side: string;
  readonly profile: Profile;
}

/** How a team's processes are started. */
export interface TeamOptions {
  readonly cores: Cores | undefined;
  /** The packages as they are published, or a file for each module, which profiles tell apart. */
  readonly bundles: boolean;
}

/** A contender's processes. */
export class Team {
  readonly contender: string;
  /** Made so far. */
  calls = 0;
  private readonly clients: readonly SideProcess[];
  private readonly server: SideProcess | undefined;

  private constructor(contender: string, clients: readonly SideProcess[], server: SideProcess | undefined) {
    this.contender = contender;
    this.clients = clients;
    this.server = server;
  }

  /** Starts the processes, and has each wait for its turn. `started` hears of every process, also when this rejects. */
  static async start(
    of: BenchCase,
    contender: string,
    { cores, bundles }: TeamOptions,
    started: (side: SideProcess) => void,
  ): Promise<Team> {
    const part = { case: of.name, contender, address: '' };
    const clientCore = of.cores === 'any' ? undefined : cores?.client;
    const serverCore = of.cores === 'own' ? cores?.server : clientCore;
    const begin = (
      role: 'server' | 'client' | 'both',
      address: string,
      core: number | undefined,
    ): SideProcess => {
      const side = new SideProcess({ ...part, role, address }, core, bundles);
      started(side);
      return side;
    };
    if (of.clients === 0 || inOneProcess.has(contender)) {
      const both = begin('both', '', clientCore);
      await both.start();
      return new Team(contender, [both], undefined);
    }
    const server = begin('server', '', serverCore);
    const address = await server.start();
    const clients = Array.from({ length: of.clients }, () => begin('client', address, clientCore));
    await Promise.all(clients.map((client) => client.start()));
    return new Team(contender, clients, server);
  }

  /** Loads it for so many ms, or until so many calls are made; rejects when a call fails or a reply is wrong. */
  async turn(inFlight: number, ms: number, calls?: number): Promise<Turn> {
    const slice: Slice = {
      ...{ inFlight, ms, burstMs: this.server === undefined ? burstMs : 0 },
      ...(calls === undefined ? {} : { calls }),
    };
    const before = await this.server?.usage(false);
    const loaded = await Promise.all(
      this.clients.map((client) => client.ask({ type: 'load', slice }, 'loaded', ms + graceMs)),
    );
    const served = await this.server?.usage(false);
    const sum = (figure: 'calls' | 'callsPerSecond' | 'cpuUs'): number =>
      loaded.reduce((total, one) => total + one[figure], 0);
    const made = sum('calls');
    this.calls += made;
    const serverUs = (served?.cpuUs ?? 0) - (before?.cpuUs ?? 0);
    const { rssMb } = await this.usage(false);
    return {
      calls: made,
      callsPerSecond: sum('callsPerSecond'),
      p50Us: median(loaded.map(({ p50Us }) => p50Us)),
      p99Us: Math.max(...loaded.map(({ p99Us }) => p99Us)),
      maxUs: Math.max(...loaded.map(({ maxUs }) => maxUs)),
      latencies: sumOf(loaded.map(({ latencies }) => latencies)),
      cpuUs: (sum('cpuUs') + serverUs) / made,
      rssMb,
    };
  }

  /** Of all its processes together. */
  async usage(collect: boolean): Promise<Usage> {
    const all = await Promise.all(this.sides().map((side) => side.usage(collect)));
    const sum = (figure: keyof Usage): number => all.reduce((total, one) => total + one[figure], 0);
    return { cpuUs: sum('cpuUs'), rssMb: sum('rssMb'), heapBytes: sum('heapBytes') };
  }

  /** Where the CPU goes until `work` is done, for each process. `keepIn`: a folder for the raw profiles. */
  async profile(work: () => Promise<unknown>, keepIn: string): Promise<readonly SideProfile[]> {
    const sides = this.sides();
    await Promise.all(sides.map((side) => side.ask({ type: 'profile' }, 'profiling', graceMs)));
    await work();
    const profiles: SideProfile[] = [];
    for (const side of sides) {
      const profile = await side.ask({ type: 'profiled', keepIn }, 'profiled', graceMs);
      profiles.push({ side: side.name, profile });
    }
    return profiles;
  }

  /** Clients first. False when a process did not end by itself. */
  async stop(): Promise<boolean> {
    let willing = true;
    for (const side of this.sides()) willing = (await side.stop()) && willing;
    return willing;
  }

  private sides(): readonly SideProcess[] {
    return this.server === undefined ? this.clients : [...this.clients, this.server];
  }
}
