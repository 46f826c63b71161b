import type { Answer, PeerEvent } from '../protocol.ts';

export const me: string = process.env.PEER_NAME ?? '';

/** Writes a line for the runner. */
export function tell(what: Answer | PeerEvent): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** That a handler has begun. */
export function began(endpoint: string): void {
  tell({ event: 'began', endpoint });
}

/** How a handler has ended; without a reason: as it should. */
export function ended(endpoint: string, reason?: unknown): void {
  tell({ event: 'ended', endpoint, how: reason === undefined ? '' : String(reason) });
}
