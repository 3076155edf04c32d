import { expect, test } from 'vitest';
import { alertEvents, alertKinds, type AlertKind, type MessageEvent } from '../../../../src/domain/alerts/alert.ts';
import { chooseEvent, eventsOfEnd } from '../../../../src/domain/alerts/choose.ts';
import { createTestAlert } from '../../../helpers/alert.ts';

test.each([
  ['failed', false, ['failure']],
  ['failed', true, ['failure']],
  ['incomplete', true, ['incomplete']],
  ['complete', false, ['success']],
  ['complete', true, ['recovered', 'success']],
] as const)('a run that ends %s (trouble before: %s) is %j', (status, troubled, events) => {
  expect(eventsOfEnd(status, troubled)).toEqual(events);
});

test('of several names the first that was asked for counts, and each alert goes once over each way', () => {
  const alert = createTestAlert({ events: ['recovered', 'success'] });
  expect(chooseEvent({ kind: 'webhook', on: ['success', 'recovered'] }, alert)).toBe('recovered');
  expect(chooseEvent({ kind: 'webhook', on: ['success'] }, alert)).toBe('success');
  expect(chooseEvent({ kind: 'webhook', on: ['failure', 'late'] }, alert)).toBeUndefined();
});

test('a test goes everywhere, the start of a run only to a ping', () => {
  for (const kind of alertKinds) {
    expect(chooseEvent({ kind, on: [] }, createTestAlert({ events: ['test'], run: undefined }))).toBe('test');
    const expected = kind === 'ping' ? 'start' : undefined;
    expect(chooseEvent({ kind, on: alertEvents }, createTestAlert({ events: ['start'] }))).toBe(expected);
  }
});

test.each<[string, MessageEvent[], 'backup' | 'verify' | undefined, MessageEvent | undefined]>([
  ['a failed backup', ['failure'], 'backup', 'failure'],
  ['an incomplete backup', ['incomplete'], 'backup', 'incomplete'],
  ['a good backup', ['success'], 'backup', 'success'],
  ['a backup that is good again', ['recovered', 'success'], 'backup', 'recovered'],
  ['a failed verification', ['failure'], 'verify', 'failure'],
  ['a good verification, which is no backup', ['success'], 'verify', undefined],
  ['the start of a verification', ['start'], 'verify', undefined],
  ['a service that never began', ['failure'], undefined, 'failure'],
  ['what is late, which it finds out itself', ['late'], undefined, undefined],
  ['what is late no more, of which it knows', ['recovered'], undefined, undefined],
])('a ping is told of %s', (_, events, command, expected) => {
  const alert = createTestAlert({ events });
  const run = command === undefined ? undefined : { ...alert.run!, command };
  const ping = { kind: 'ping' as AlertKind, on: [] };
  expect(chooseEvent(ping, { ...alert, run })).toBe(expected);
});
