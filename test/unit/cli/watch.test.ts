import { expect, test, vi } from 'vitest';
import type { Output } from '../../../src/cli/output.ts';
import type { Screen } from '../../../src/cli/screen.ts';
import { watch, type Frame } from '../../../src/cli/watch.ts';
import { createFakeClock } from '../../helpers/fake-clock.ts';

const start = new Date('2026-11-21T12:00:00Z');

interface Scene {
  readonly screen: Screen;
  readonly output: Output;
  readonly printed: string[];
  readonly written: string[];
  size: { columns: number; rows: number };
  resize(): void;
  breakPipe(): void;
  readonly listeners: Set<() => void>;
}

function createScene({ canDraw = false, json = false }): Scene {
  const resizing = new Set<() => void>();
  const breaking = new Set<() => void>();
  const listen = (set: Set<() => void>) => (listener: () => void) => {
    set.add(listener);
    scene.listeners.add(listener);
    return () => {
      set.delete(listener);
      scene.listeners.delete(listener);
    };
  };
  const scene: Scene = {
    printed: [],
    written: [],
    size: { columns: 80, rows: 10 },
    listeners: new Set(),
    resize: () => resizing.forEach((listener) => listener()),
    breakPipe: () => breaking.forEach((listener) => listener()),
    screen: {
      canDraw,
      size: () => scene.size,
      paint: (_, text) => text,
      write: (text) => void scene.written.push(text),
      onResize: listen(resizing),
      onGone: listen(breaking),
    },
    output: {
      json,
      result: (document, text) => void scene.printed.push(json ? JSON.stringify(document) : text()),
      note: () => undefined,
      failure: () => undefined,
    },
  };
  return scene;
}

/** Watches what `take` gives for some seconds, and ends it. */
async function watchFor(scene: Scene, seconds: number, take: (count: number) => Frame): Promise<void> {
  const clock = createFakeClock(start);
  const controller = new AbortController();
  let count = 0;
  const watching = watch({ clock, screen: scene.screen, output: scene.output, signal: controller.signal }, 2000, async () =>
    take((count += 1)),
  );
  await clock.passUntil(new Date(start.getTime() + seconds * 1000));
  controller.abort(new Error('received SIGINT'));
  await watching;
  expect(scene.listeners).toEqual(new Set());
}

const frame = (text: string): Frame => ({
  document: { text },
  text: (columns) => text.replaceAll(/^.*$/gm, (line) => line.slice(0, columns)),
});

test('elsewhere than on a terminal it prints what reads differently', async () => {
  const scene = createScene({});
  await watchFor(scene, 9, (count) => frame(count < 4 ? 'ok' : 'late'));
  expect(scene.printed).toEqual(['ok', '\nlate']);
  expect(scene.written).toEqual([]);
});

test('as JSON it prints a document each time', async () => {
  const scene = createScene({ canDraw: true, json: true });
  await watchFor(scene, 5, () => frame('ok'));
  expect(scene.printed).toEqual(['{"text":"ok"}', '{"text":"ok"}', '{"text":"ok"}']);
  expect(scene.written).toEqual([]);
});

test('on a terminal it draws over what stands there, and gives the cursor back', async () => {
  const scene = createScene({ canDraw: true });
  await watchFor(scene, 3, (count) => frame(`picture ${count}`));
  const draw = (text: string, second: string): string =>
    `\u001B[H${text}\u001B[K\r\n\u001B[K\r\n2026-11-21 12:00:0${second} UTC, every 2 s. Ctrl-C ends.\u001B[K\r\n\u001B[J`;
  expect(scene.written).toEqual(['\u001B[?25l\u001B[2J', draw('picture 1', '0'), draw('picture 2', '2'), '\u001B[?25h']);
});

test('it follows the size of the terminal', async () => {
  const scene = createScene({ canDraw: true });
  const { screen, output } = scene;
  const controller = new AbortController();
  const clock = createFakeClock(start);
  const watching = watch({ clock, screen, output, signal: controller.signal }, 2000, async () =>
    frame('0123456789\n1\n2\n3\n4\n5'),
  );
  await clock.passUntil(start);
  scene.size = { columns: 6, rows: 4 };
  scene.resize();
  const lines = ['01234', '1', '6 lin'];
  expect(scene.written.at(-1)).toBe(`\u001B[H${lines.map((line) => `${line}\u001B[K\r\n`).join('')}\u001B[J`);
  controller.abort();
  await watching;
});

test('it ends well when nobody reads any more', async () => {
  const scene = createScene({});
  const { screen, output } = scene;
  const { signal } = new AbortController();
  const clock = { now: () => start, sleep: () => new Promise<void>(() => undefined) };
  const watching = watch({ clock, screen, output, signal }, 2000, async () => frame('ok'));
  await vi.waitFor(() => expect(scene.printed).toEqual(['ok']));
  scene.breakPipe();
  await watching;
  expect(scene.listeners).toEqual(new Set());
});

test('what goes wrong is thrown, after the cursor was given back', async () => {
  const scene = createScene({ canDraw: true });
  const { screen, output } = scene;
  const { signal } = new AbortController();
  const watching = watch({ clock: createFakeClock(start), screen, output, signal }, 2000, () =>
    Promise.reject(new Error('The directory cannot be read.')),
  );
  await expect(watching).rejects.toThrow('The directory cannot be read.');
  expect(scene.written.at(-1)).toBe('\u001B[?25h');
  expect(scene.listeners).toEqual(new Set());
});

test('it does not wait for what is still being read', async () => {
  const scene = createScene({ canDraw: true });
  const { screen, output } = scene;
  const controller = new AbortController();
  const watching = watch(
    { clock: createFakeClock(start), screen, output, signal: controller.signal },
    2000,
    () => new Promise(() => undefined),
  );
  controller.abort();
  await watching;
  expect(scene.written.at(-1)).toBe('\u001B[?25h');
});
