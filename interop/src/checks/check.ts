import type { Lane, Language } from '../lane.ts';
import type { Peer } from '../peer-process.ts';

/** Something that has to hold between a Go peer and ours, tried once in each direction. */
export interface Check {
  /** A sentence about what holds. */
  readonly name: string;
  run(meeting: Meeting): Promise<void>;
}

/** One direction of a lane: `from` calls, looks up or publishes; `to` serves, registers or subscribes. */
export interface Meeting {
  readonly lane: Lane;
  readonly from: Language;
  readonly to: Language;
}

/** The lane's two lasting peers. */
export interface Pair {
  readonly caller: Peer;
  readonly server: Peer;
  /** What the server offers. */
  readonly service: string;
}

export async function pairOf({ lane, from, to }: Meeting): Promise<Pair> {
  const [caller, server] = await Promise.all([lane.peer(from), lane.peer(to)]);
  return { caller, server, service: lane.serviceOf(to) };
}
