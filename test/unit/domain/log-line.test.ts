import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeLine, formatLine, parseLogLine, priorityOf } from '../../../src/domain/log-line.ts';
import { messageIds, outcomeEvent } from '../../../src/domain/run-event.ts';

const time = '2026-11-21T02:00:03.123Z';

describe('a line of the log', () => {
  test.each([
    [
      { level: 30, stage: 'verify', durationMs: 1200, archive: 'shop-1-database', msg: 'stage ended' },
      '2026-11-21 02:00:03Z INFO  shop, verify: stage ended durationMs=1200 archive=shop-1-database',
    ],
    [
      { level: 50, stage: 'run', event: 'failure', errorCode: 'no_space', errorMessage: 'Full.', msg: 'backup failed: Full.' },
      '2026-11-21 02:00:03Z ERROR shop: backup failed: Full. errorCode=no_space',
    ],
    [
      { level: 40, archives: ['a', 'b'], reason: 'not now', msg: 'odd\u001B[31m' },
      '2026-11-21 02:00:03Z WARN  shop: odd\\u001b[31m archives=a,b reason="not now"',
    ],
  ])('reads like a sentence', (fields, text) => {
    const line = parseLogLine(JSON.stringify({ time, project: 'shop', runId: 'r', ...fields }))!;
    expect(formatLine(line)).toBe(text);
  });

  test('is told from what is none', () => {
    for (const text of ['', '{', 'null', '[]', '{"level":30}', `{"level":"30","time":"${time}"}`]) {
      expect(parseLogLine(text)).toBeUndefined();
    }
    expect(parseLogLine(`{"level":30,"time":"${time}","event":"toString"}`)).toBeUndefined();
    expect(parseLogLine(`{"level":30,"time":"${time}","event":{"toString":1}}`)).toBeUndefined();
  });

  test('never is more than one, and obeyed by no terminal', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fc.string({ unit: 'binary' }), (fields, msg) => {
        const line = parseLogLine(JSON.stringify({ level: 30, time, msg, [`x${Object.keys(fields)[0]}`]: msg }))!;
        expect(describeLine(line)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});

test('the priorities are those that `journalctl -p warning` asks for', () => {
  expect([20, 30, 40, 50].map((level) => priorityOf({ level }))).toEqual([7, 6, 4, 3]);
  expect(priorityOf({ level: 30, event: 'start' })).toBe(5);
  expect(priorityOf({ level: 40, event: 'incomplete' })).toBe(4);
});

test('each way for a run to end has an id of its own', () => {
  const ids = [
    messageIds.start,
    ...(['complete', 'incomplete', 'failed', 'cancelled'] as const).map((s) => messageIds[outcomeEvent(s)]),
  ];
  expect(new Set(ids).size).toBe(5);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});
