import { rmSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { makeDataDirectory } from '../support/running.ts'
import { describeReport } from './describe-report.ts'
import { torture } from './torture.ts'

const dataDirectory = makeDataDirectory()
afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }))

describe('a thousand events under eight kills', () => {
  test('lose nothing, do nothing twice and invent nothing', async () => {
    const report = await torture({ seed: 42, events: 1_000, eventsPerSecond: 25, kills: 8, athletes: 4, dataDirectory })
    process.stdout.write(`${describeReport(report)}\n`)
    expect(report).toMatchObject({ lost: [], duplicates: [], unexpected: [] })
    expect(report.account.acknowledged.size).toBe(1_000)
    expect(report.account.faults['kill']).toBe(8)
  })
})
