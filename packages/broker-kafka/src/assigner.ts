import { AssignerProtocol, type GroupMember, type PartitionAssigner } from 'kafkajs';

/** What a member tells the others when a group changes. */
export interface Claim {
  /** Partitions with events that are being handled. */
  readonly busy: readonly number[];
  readonly held: readonly number[];
  /** It goes as soon as these are handled: it takes nothing else. */
  readonly leaving: boolean;
}

/**
 * Shares the partitions of one topic: as many to each, and as far as that allows to those who have them, busy ones
 * first. The library's own assigner deals them out anew at every change, and interrupts what is being handled.
 */
export function makeAssigner(claim: () => Claim): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'MicroSticky',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'MicroSticky',
      metadata: AssignerProtocol.MemberMetadata.encode({
        ...{ version: 1, topics },
        userData: Buffer.from(JSON.stringify(claim())),
      }),
    }),
    async assign({ members, topics }) {
      const claims = new Map(members.map((member) => [member.memberId, claimOf(member)]));
      const given = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]));
      for (const topic of topics) {
        const partitions = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
        for (const [memberId, mine] of share(partitions, claims)) given.get(memberId)?.set(topic, [...mine]);
      }
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 1,
          assignment: Object.fromEntries(given.get(memberId) ?? []),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

/** Every partition once; nobody more than one above anybody, those who leave aside. */
export function share(
  partitions: readonly number[],
  claims: ReadonlyMap<string, Claim>,
): ReadonlyMap<string, readonly number[]> {
  const free = new Set(partitions);
  const names = [...claims.keys()].sort();
  const given = new Map<string, number[]>(names.map((name) => [name, []]));
  const staying = names.filter((name) => claims.get(name)?.leaving !== true);
  const most = Math.ceil(partitions.length / Math.max(1, staying.length));
  const take = (name: string, wanted: readonly number[] | undefined): void => {
    const mine = given.get(name);
    for (const partition of wanted ?? [])
      if (mine !== undefined && mine.length < most && free.delete(partition)) mine.push(partition);
  };
  for (const name of names) take(name, claims.get(name)?.busy);
  for (const name of staying) take(name, claims.get(name)?.held);
  const takers = staying.length > 0 ? staying : names;
  for (const partition of free) {
    const [least] = takers.map((name) => given.get(name) ?? []).sort((a, b) => a.length - b.length);
    least?.push(partition);
  }
  return given;
}

function claimOf({ memberMetadata }: GroupMember): Claim {
  const none: Claim = { busy: [], held: [], leaving: false };
  try {
    const userData = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData;
    const claim: Partial<Claim> = JSON.parse(userData?.toString() ?? '{}');
    const numbers = (list: unknown): number[] => (Array.isArray(list) ? list.filter(Number.isInteger) : []);
    return { busy: numbers(claim.busy), held: numbers(claim.held), leaving: claim.leaving === true };
  } catch {
    return none; // a member that tells nothing has nothing to keep
  }
}
