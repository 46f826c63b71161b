/** Whoever waits for an answer on a stream, where answers come in the order of the requests. */
export class Answers {
  private readonly waiting: ((reply: unknown) => void)[] = [];
  private next = 0;

  wait(): Promise<unknown> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  give(reply: unknown): void {
    this.waiting[this.next++]?.(reply);
    if (this.next < 1024) return;
    this.waiting.splice(0, this.next);
    this.next = 0;
  }
}
