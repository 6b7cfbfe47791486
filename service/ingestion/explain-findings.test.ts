import { expect, test } from 'vitest'
import { type CauseFacts, explain } from './explain-findings.ts'

const CONNECTED = new Date('2026-03-01T00:00:00Z')
const facts = (over: Partial<CauseFacts>): CauseFacts => ({
  hasWebhooks: true,
  traces: { failed: false, stored: false },
  isWaiting: false,
  connectedAt: CONNECTED,
  isImported: true,
  ...over,
})
const before = new Date('2026-02-01T00:00:00Z')
const after = new Date('2026-04-01T00:00:00Z')

test.for<['missing' | 'changed' | 'deleted', Date | null, Partial<CauseFacts>, string]>([
  ['missing', after, {}, 'webhook_never_came'],
  ['changed', after, {}, 'webhook_never_came'],
  ['deleted', after, {}, 'webhook_never_came'],
  ['missing', null, { isImported: false }, 'webhook_never_came'],
  ['missing', before, {}, 'webhook_never_came'],
  ['missing', before, { isImported: false }, 'import_incomplete'],
  ['deleted', before, { isImported: false }, 'webhook_never_came'],
  ['missing', after, { traces: { failed: true, stored: false } }, 'delivery_failed'],
  ['missing', after, { traces: { failed: false, stored: true } }, 'not_normalized'],
  ['changed', after, { traces: { failed: false, stored: true } }, 'webhook_never_came'],
  ['missing', after, { isWaiting: true, traces: { failed: true, stored: true } }, 'delivery_waiting'],
  ['missing', after, { hasWebhooks: false, traces: undefined }, 'not_polled'],
])('a record that is %s, of %s, with %o: %s', ([kind, happenedAt, given, expected]) => {
  expect(explain({ kind, happenedAt }, facts(given))).toBe(expected)
})
