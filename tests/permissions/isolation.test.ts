import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorlds, lookForLeaks, productMetadata, type TwoWorlds } from './two-worlds.ts'

const FIRST_SEED = Number(process.env['ISOLATION_SEED'] ?? 1)
const OPERATIONS = 400

let worlds: TwoWorlds
beforeAll(async () => {
  worlds = await createWorlds()
})
afterAll(() => worlds.drop())

describe('random operations as one person', () => {
  test(`reveal and change nothing of another (seeds from ${FIRST_SEED})`, async () => {
    const seeds = Array.from({ length: OPERATIONS }, (_, index) => FIRST_SEED + index)
    const { leaks, telling } = await lookForLeaks(worlds, await productMetadata(), { seeds })
    expect(leaks).toEqual([])
    expect(telling).toBeGreaterThan(OPERATIONS / 5)
  }, 60_000)

  test('notice a row filter that is gone', async () => {
    const metadata = structuredClone(await productMetadata())
    const table = metadata.sources[0].tables.find((candidate) => candidate.table.name === 'activities')
    Object.assign(table!.select_permissions!.find(({ role }) => role === 'user')!.permission, { filter: {} })
    const seeds = Array.from({ length: OPERATIONS }, (_, index) => index + 1)
    const { leaks } = await lookForLeaks(worlds, metadata, { seeds, stopAtFirst: true })
    expect(leaks).toHaveLength(1)
  }, 60_000)
})
