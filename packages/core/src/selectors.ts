import { MicroError } from './errors.ts';
import { definePlugin } from './plugins.ts';
import type { Candidate, Selector, Strategy } from './selector.ts';

/** The default: of two random nodes the one with fewer calls under way (Mitzenmacher, "The Power of Two Choices", 1996). */
export function leastPending(): Selector {
  return selector('least-pending', () => ofTwo((node) => node.pending));
}

/**
 * Of two random nodes the one whose next answer costs less: moving average of the reply time, times the calls
 * under way. A node that has never answered is tried once, then waits for that answer (Finagle, `PeakEwma`).
 */
export function peakEwma(): Selector {
  return selector('peak-ewma', () => ({
    observesLatency: true,
    ...ofTwo(
      (node) => (node.latencyMs === 0 && node.pending > 0 ? unknownMs : node.latencyMs) * (node.pending + 1),
    ),
  }));
}

/** One after another, each client from a node of its own. */
export function roundRobin(): Selector {
  return selector('round-robin', () => {
    let turn = Math.floor(Math.random() * 2 ** 20);
    return {
      pick(nodes) {
        turn = (turn + 1) % nodes.length;
        return at(nodes, turn);
      },
    };
  });
}

/** Any node, each as likely. */
export function random(): Selector {
  return selector('random', () => {
    const next = xorshift();
    return { pick: (nodes) => at(nodes, next(nodes.length)) };
  });
}

export interface ConsistentHashOptions {
  /** Points on the ring for each node: more are evener and slower to build. @default 128 */
  readonly replicas?: number | undefined;
}

/**
 * The same node for the same key, in every client, whatever the order of the nodes; when a node goes, only its
 * keys move (Karger and others, 1997). Calls without a key go anywhere.
 */
export function consistentHash(options: ConsistentHashOptions = {}): Selector {
  const { replicas = 128 } = options;
  if (!Number.isSafeInteger(replicas) || replicas < 1 || replicas > 4096) {
    throw new MicroError('bad_request', `replicas must be an integer from 1 to 4096, not ${replicas}`);
  }
  return selector('hash', () => {
    const next = xorshift();
    let known: readonly Candidate[] | undefined;
    let ring = ringOf([], replicas);
    return {
      pick(nodes, key) {
        if (key === undefined) return at(nodes, next(nodes.length));
        if (nodes !== known) {
          ring = ringOf(nodes, replicas);
          known = nodes;
        }
        return ring.owner(hash(key));
      },
    };
  });
}

/** Finagle's penalty for a node that has calls under way and has not answered yet, in ms. */
const unknownMs = 1e6;

function selector(name: string, strategy: () => Strategy): Selector {
  return { name, strategy };
}

function ofTwo(cost: (node: Candidate) => number): Strategy {
  const next = xorshift();
  return {
    pick(nodes) {
      const first = next(nodes.length);
      const one = at(nodes, first);
      if (nodes.length === 1) return one;
      // a step of 1 to n-1 onwards, round the end: any other node, each as likely
      const two = at(nodes, (first + 1 + next(nodes.length - 1)) % nodes.length);
      return cost(two) < cost(one) ? two : one;
    },
  };
}

function at(nodes: readonly Candidate[], index: number): Candidate {
  return nodes[index] as Candidate; // in range: nodes is never empty
}

/** Integers from 0 to below the limit (Marsaglia, "Xorshift RNGs", 2003, 32 bits: 13, 17, 5). Not for secrets. */
function xorshift(): (limit: number) => number {
  let state = Math.floor(Math.random() * 0xffff_ffff) + 1; // never 0, which would stay 0
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor(((state >>> 0) / 2 ** 32) * limit);
  };
}

interface Ring {
  owner(point: number): Candidate;
}

function ringOf(nodes: readonly Candidate[], replicas: number): Ring {
  // in the order of ids, so that two nodes on one point share it out the same way everywhere
  const owners = [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
  // the point in the high 32 bits, the owner in the low 21: one number each, sorted without a callback
  const points = new Float64Array(owners.length * replicas);
  owners.forEach((node, owner) => {
    for (let replica = 0; replica < replicas; replica++) {
      points[owner * replicas + replica] = hash(`${node.id}#${replica}`) * 2 ** 21 + owner;
    }
  });
  points.sort();
  return {
    owner(point) {
      const wanted = point * 2 ** 21;
      let low = 0;
      let high = points.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((points[middle] as number) < wanted) low = middle + 1;
        else high = middle;
      }
      return at(owners, (points[low === points.length ? 0 : low] as number) % 2 ** 21);
    },
  };
}

/** FNV-1a over UTF-16 units, then MurmurHash3's finalizer, as FNV alone leaves similar names close together. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

const own = '@micro/core';
definePlugin('selector', 'least-pending', { package: own, create: leastPending });
definePlugin('selector', 'peak-ewma', { package: own, create: peakEwma });
definePlugin('selector', 'round-robin', { package: own, create: roundRobin });
definePlugin('selector', 'random', { package: own, create: random });
definePlugin('selector', 'hash', { package: own, create: consistentHash });
