import type { DialOptions } from '@micro/core';
import type { Requests } from './carrier.ts';
import { SessionClient } from './client.ts';
import { SessionConnection } from './connection.ts';
import type { SessionSettings } from './settings.ts';

/** The sessions to one address over a carrier that is theirs alone: it is closed behind them. */
export class OwnSessionConnection extends SessionConnection {
  private readonly onClosed: () => void;
  private closed: Promise<void> | undefined;

  constructor(
    carrier: Requests<unknown>,
    address: string,
    options: DialOptions,
    settings: SessionSettings,
    onClosed: () => void,
  ) {
    const client = new SessionClient(carrier, settings);
    client.replies = client;
    super(client, address, options);
    this.onClosed = onClosed;
  }

  override async close(): Promise<void> {
    await super.close();
    await this.closeCarrier();
  }

  override destroy(): void {
    super.destroy();
    void this.closeCarrier();
  }

  private closeCarrier(): Promise<void> {
    this.client.close();
    this.closed ??= this.client.carrier.close().finally(this.onClosed);
    return this.closed;
  }
}
