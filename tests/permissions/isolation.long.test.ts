import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loosenEach } from './loosen.ts'
import { createWorlds, lookForLeaks, productMetadata, type TwoWorlds } from './two-worlds.ts'

const MANY = Array.from({ length: 3_000 }, (_, index) => 1_000 + index)
const ENOUGH = Array.from({ length: 1_000 }, (_, index) => index)
const metadata = await productMetadata()

let worlds: TwoWorlds
beforeAll(async () => {
  worlds = await createWorlds()
})
afterAll(() => worlds.drop())

describe('three thousand random operations', () => {
  test('reveal and change nothing of another person', async () => {
    const { leaks, telling } = await lookForLeaks(worlds, metadata, { seeds: MANY })
    expect(leaks).toEqual([])
    expect(telling).toBeGreaterThan(MANY.length / 5)
  })
})

describe('a row filter that is gone is noticed by an operation', () => {
  // A row's own check still refuses to hand it to somebody else, and reference data has no owner.
  const loosened = loosenEach(metadata, ['user']).filter(
    ({ name, isFilter }) => isFilter && / *\.select\.user:/.test(name),
  )
  test.for(loosened.map((one) => [one.name, one.metadata] as const))('%s', async ([name, looser]) => {
    const about = name.slice(0, name.indexOf('.'))
    const { leaks } = await lookForLeaks(worlds, looser, { seeds: ENOUGH, stopAtFirst: true, about })
    expect(leaks).toHaveLength(1)
  })
})
