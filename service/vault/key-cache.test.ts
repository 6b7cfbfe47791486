import { createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createKeyCache } from './key-cache.ts'
import type { BoxKey } from './seal.ts'

/** A clock that stands still until it is moved, and a loader that counts. */
function fixture(maxKeys = 2) {
  const clock = { nowMs: 0 }
  const loads: string[] = []
  const cache = createKeyCache({ maxKeys, maxAgeMs: 300_000, nowMs: () => clock.nowMs })
  const get = (name: string) =>
    cache.get(name, async (): Promise<BoxKey> => {
      loads.push(name)
      return { id: Buffer.alloc(16), key: createSecretKey(Buffer.alloc(32)) }
    })
  return { clock, loads, cache, get }
}

describe('the key cache', () => {
  test('does not keep a failure', async () => {
    const { cache, get, loads } = fixture()
    await expect(cache.get('a', () => Promise.reject(new Error('the database is away')))).rejects.toThrow(
      'the database is away',
    )
    await get('a')
    expect(loads).toEqual(['a'])
  })

  test('loads a key anew after five minutes, however often it was used', async () => {
    const { clock, get, loads } = fixture()
    for (clock.nowMs = 0; clock.nowMs <= 300_000; clock.nowMs += 60_000) await get('a')
    expect(loads).toEqual(['a', 'a'])
  })

  test('lets go of the key that was unused for longest', async () => {
    const { get, loads } = fixture(2)
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await get(name)
    expect(loads).toEqual(['a', 'b', 'c', 'b'])
  })

  test('forgets a key on request', async () => {
    const { cache, get, loads } = fixture()
    await get('a')
    cache.forget('a')
    await get('a')
    expect(loads).toEqual(['a', 'a'])
  })

  test('loads once for all who ask at once', async () => {
    const { get, loads } = fixture()
    const keys = await Promise.all(Array.from({ length: 20 }, () => get('a')))
    expect(loads).toEqual(['a'])
    expect(new Set(keys).size).toBe(1)
  })
})
