/** The parts of a Markdown file that can be wrong by themselves: TypeScript blocks and relative links. */

/**
 * Fenced blocks marked `ts`: `{ line, info, text, file }`, `line` being that of the opening fence. A block whose
 * first line is a comment with a file name (`// server.ts`) carries it as `file`.
 */
export function typescriptBlocks(markdown) {
  const blocks = [];
  for (const fence of fences(markdown)) {
    const [language, ...rest] = fence.info.split(/\s+/);
    if (language !== 'ts' && language !== 'typescript') continue;
    const file = fence.lines[0]?.match(/^\/\/ ([\w.-]+\.ts)\b/)?.[1];
    blocks.push({ line: fence.line, info: rest.join(' '), text: `${fence.lines.join('\n')}\n`, file });
  }
  return blocks;
}

/**
 * All fenced blocks in their order: `{ language, file, text }`; `file` is what the line above says, as in
 * `src/index.ts`: (with backquotes and a colon).
 */
export function namedBlocks(markdown) {
  const lines = markdown.split('\n');
  return fences(markdown).map(({ line, info, lines: body }) => {
    const above = lines.slice(0, line - 1).findLast((text) => text.trim() !== '');
    const file = above?.match(/^`([\w./-]+\.\w+)`:$/)?.[1];
    return { language: info.split(/\s+/)[0], file, text: `${body.join('\n')}\n` };
  });
}

/** Targets of links and images that name a file, without their anchor: `{ line, target }`. */
export function relativeLinks(markdown) {
  const links = [];
  const inside = new Set(fences(markdown).flatMap(({ line, end }) => range(line, end)));
  for (const [index, text] of markdown.split('\n').entries()) {
    if (inside.has(index + 1)) continue;
    const prose = text.replace(/`[^`]*`/g, '');
    const targets = [
      ...prose.matchAll(/\]\(<?([^)>\s]+)>?[^)]*\)/g),
      ...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/g),
    ];
    for (const [, target] of targets) {
      const path = target.split('#')[0];
      if (path !== '' && !/^[a-z][a-z+.-]*:/i.test(path))
        links.push({ line: index + 1, target: decodeURI(path) });
    }
  }
  return links;
}

function fences(markdown) {
  const found = [];
  let open;
  for (const [index, text] of markdown.split('\n').entries()) {
    const fence = text.match(/^(\s*)(`{3,}|~{3,})\s*(.*)$/);
    if (open === undefined) {
      if (fence)
        open = { line: index + 1, indent: fence[1].length, mark: fence[2], info: fence[3].trim(), lines: [] };
    } else if (fence && fence[3] === '' && fence[2].startsWith(open.mark)) {
      found.push({ ...open, end: index + 1 });
      open = undefined;
    } else {
      open.lines.push(text.slice(Math.min(open.indent, text.length - text.trimStart().length)));
    }
  }
  return found;
}

function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
