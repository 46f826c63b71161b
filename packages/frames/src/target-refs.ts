import type { Target } from '@micro/core';
import { maxTargetText, TARGET } from './layout.ts';
import { encodeTarget } from './target.ts';
import type { FrameWriter } from './writer.ts';

const mostIndex = 65_536;

/** The references by which a client names its targets on one connection. */
export class TargetRefs {
  private readonly writer: FrameWriter;
  private readonly most: number;
  /** By the target's index. */
  private readonly refs: (number | undefined)[] = [];
  private last = 0;
  private size = 0;

  /** `most`: how many the server remembers. */
  constructor(writer: FrameWriter, most: number) {
    this.writer = writer;
    this.most = most;
  }

  /** A target is sent before its first call. 0: it stands in each call. Throws `bad_request`. */
  of(target: Target): number {
    return this.refs[target.index] ?? this.define(target);
  }

  private define(target: Target): number {
    const { index } = target;
    if (index === 0 || index > mostIndex || this.last >= this.most) return 0;
    const text = encodeTarget(target);
    if (this.size + text.length > maxTargetText) return 0;
    this.size += text.length;
    const { refs } = this;
    // without holes, so that it stays an array for V8
    while (refs.length < index) refs.push(undefined);
    refs[index] = ++this.last;
    this.writer.put(TARGET, 0, this.last, text);
    return this.last;
  }
}
