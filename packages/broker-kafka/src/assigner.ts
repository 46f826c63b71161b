import {
  type Admin,
  AssignerProtocol,
  type Cluster,
  type GroupMember,
  type PartitionAssigner,
} from 'kafkajs';

/** What a member tells the others when a group changes. */
export interface Claim {
  /** Partitions with events that are being handled. */
  readonly busy: readonly number[];
  readonly held: readonly number[];
  /** It goes as soon as these are handled: it takes nothing else. */
  readonly leaving: boolean;
}

export interface AssignerOptions {
  readonly claim: () => Claim;
  readonly admin: Pick<Admin, 'fetchTopicMetadata'>;
  /** Members in Go are in the group, too. */
  readonly goQueues: boolean;
}

/**
 * Shares the partitions of each topic among those who subscribe to it: as many to each, and as far as that allows to
 * those who have them, busy ones first. The library's own assigner deals them out anew at every change, interrupts
 * what is being handled, and gives everybody of every topic.
 */
export function makeAssigner({ claim, admin, goQueues }: AssignerOptions): PartitionAssigner {
  // All of a group must know one name, and the leader decides alone what it means: Go's is this one, by default
  // (sarama: balance_strategy.go), and gives each a range when a member in Go leads
  const name = goQueues ? 'range' : 'MicroSticky';
  return ({ cluster }) => ({
    ...{ name, version: 1 },
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({
        ...{ version: 0, topics },
        userData: Buffer.from(JSON.stringify(claim())),
      }),
    }),
    async assign({ members, topics: ours }) {
      const subscribed = members.map((member) => ({ memberId: member.memberId, ...subscriptionOf(member) }));
      const given = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]));
      for (const topic of new Set(subscribed.flatMap(({ topics }) => topics))) {
        const partitions = ours.includes(topic) ? known(cluster, topic) : await asked(admin, topic);
        const takers = subscribed.filter(({ topics }) => topics.includes(topic));
        const claims = new Map(takers.map(({ memberId, claim }) => [memberId, claim]));
        for (const [memberId, mine] of share(partitions, claims)) given.get(memberId)?.set(topic, [...mine]);
      }
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 0,
          assignment: Object.fromEntries(given.get(memberId) ?? []),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  });
}

const known = (cluster: Cluster, topic: string): number[] =>
  cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);

/** Of a topic that is another member's. None when it cannot be told: the next change asks again. */
async function asked(admin: AssignerOptions['admin'], topic: string): Promise<readonly number[]> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics.flatMap(({ partitions }) => partitions.map(({ partitionId }) => partitionId));
  } catch {
    return []; // deleted, or not ours to see: that must not keep the others from their share
  }
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

interface Subscribed {
  readonly topics: readonly string[];
  readonly claim: Claim;
}

function subscriptionOf({ memberMetadata }: GroupMember): Subscribed {
  const metadata = AssignerProtocol.MemberMetadata.decode(memberMetadata);
  return { topics: metadata?.topics ?? [], claim: claimOf(metadata?.userData?.toString()) };
}

/** A member that tells nothing, as those in Go, has nothing to keep. */
function claimOf(told: string | undefined): Claim {
  const none: Claim = { busy: [], held: [], leaving: false };
  if (told === undefined || told === '') return none;
  try {
    const claim: Partial<Claim> = JSON.parse(told);
    const numbers = (list: unknown): number[] => (Array.isArray(list) ? list.filter(Number.isInteger) : []);
    return { busy: numbers(claim.busy), held: numbers(claim.held), leaving: claim.leaving === true };
  } catch {
    return none;
  }
}
