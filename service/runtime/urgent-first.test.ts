import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { HeldJob } from './job-queries.ts'
import { type BoundTask, PRIORITY } from './jobs.ts'
import { urgentFirst } from './urgent-first.ts'

const JOB: HeldJob = { id: '1', key: null, attempts: 1, maxAttempts: 1, worker: 'w', lockedAt: new Date(0) }
const LONG_MS = 60_000

/** Jobs of three priorities that end when they are told to, and the list of those that have begun. */
function scene(longestMs: number) {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const order = urgentFirst({ calmAt: 1, longestMs })
  const start = (name: string, priority: number) => {
    const perform: BoundTask['perform'] = () => {
      begun.push(name)
      return new Promise((resolve) => ends.push(resolve))
    }
    void order({ identifier: name, queue: 'general', priority, perform }).perform({}, JOB)
  }
  return { begun, ends, start }
}

test('what fills spare time begins only while little is urgent; all else begins at once', async () => {
  const { begun, ends, start } = scene(LONG_MS)
  start('webhook 1', PRIORITY.webhook)
  start('spare 1', PRIORITY.enrichment)
  await sleep(1)
  expect(begun).toEqual(['webhook 1', 'spare 1'])
  start('person', PRIORITY.interactive)
  start('spare 2', PRIORITY.enrichment)
  start('page', PRIORITY.history)
  await sleep(1)
  expect(begun).toEqual(['webhook 1', 'spare 1', 'person', 'page'])
  ends[0]!()
  await sleep(1)
  expect(begun).toEqual(['webhook 1', 'spare 1', 'person', 'page', 'spare 2'])
})

test('it waits no longer than so long', async () => {
  const { begun, start } = scene(50)
  for (const name of ['1', '2']) start(name, PRIORITY.webhook)
  start('spare', PRIORITY.enrichment)
  await sleep(10)
  expect(begun).toEqual(['1', '2'])
  await sleep(60)
  expect(begun).toEqual(['1', '2', 'spare'])
})
