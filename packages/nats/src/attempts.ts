import { NodeTransport } from '@nats-io/transport-node/lib/node_transport.js';

const { close } = NodeTransport.prototype;
let made = false;

/**
 * The library leaves the socket of an attempt to connect that took too long open, and so the process alive: one for each
 * attempt, where something takes connections and is not NATS, or is frozen (NodeTransport._closed, 3.3.1).
 */
export function closeFailedAttempts(): void {
  if (made) return;
  made = true;
  NodeTransport.prototype.close = async function (this: NodeTransport, error?: Error): Promise<void> {
    await close.call(this, error);
    if (this.connected) return;
    this.done = true; // a socket that connects later is closed then
    const { socket }: { readonly socket?: NodeTransport['socket'] } = this;
    socket?.destroy();
  };
}
