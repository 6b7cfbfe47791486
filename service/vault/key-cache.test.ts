import { createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { BoxKey } from './box-key.ts'
import { createKeyCache } from './key-cache.ts'

const NAMES = { masterId: Buffer.alloc(16), masterVersion: 1, id: Buffer.alloc(16), version: 1 }
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A clock that stands still until it is moved, and a loader that counts. */
function fixture({ maxKeys = 2, maxUses = 1000, random = 0 } = {}) {
  const clock = { nowMs: 0 }
  const loads: string[] = []
  const cache = createKeyCache({ maxKeys, maxUses, maxAgeMs: 300_000, nowMs: () => clock.nowMs, random: () => random })
  const load = async (name: string): Promise<BoxKey> => {
    loads.push(name)
    return new BoxKey(NAMES, createSecretKey(Buffer.alloc(32)))
  }
  const get = (name: string, uses?: number) => cache.get(name, () => load(name), uses)
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

  test('loads a key up to a tenth earlier, so that not all lapse at once', async () => {
    const { clock, get, loads } = fixture({ random: 1 })
    await get('a')
    clock.nowMs = 269_999
    await get('a')
    expect(loads).toEqual(['a'])
    clock.nowMs = 270_000
    await get('a')
    expect(loads).toEqual(['a', 'a'])
  })

  test('loads a key anew after it was used often', async () => {
    const { get, loads } = fixture({ maxUses: 3 })
    for (let use = 1; use <= 4; use += 1) await get('a')
    expect(loads).toEqual(['a', 'a'])
  })

  test('counts all uses of who seals many with it', async () => {
    const { get, loads } = fixture({ maxUses: 4 })
    await get('a', 2)
    await get('a', 2)
    expect(loads).toEqual(['a'])
    await get('a')
    expect(loads).toEqual(['a', 'a'])
  })

  test('wipes what it lets go of: too many, too old, used too often', async () => {
    const { clock, get } = fixture({ maxKeys: 1, maxUses: 2 })
    const crowdedOut = await get('a')
    const usedUp = await get('b')
    await get('b')
    const old = await get('b')
    clock.nowMs = 300_000
    await get('b')
    await turn()
    for (const key of [crowdedOut, usedUp, old]) expect(() => key.key).toThrow('vault/keys_unavailable')
  })

  test('wipes a key that it is told to forget at once, whoever holds it', async () => {
    const { cache, get } = fixture()
    const [one, other] = [await get('a'), await get('b')]
    cache.forget('a')
    await Promise.resolve()
    expect(() => one.key).toThrow('vault/keys_unavailable')
    expect(other.key).toBeDefined()
    cache.forgetAll()
    await Promise.resolve()
    expect(() => other.key).toThrow('vault/keys_unavailable')
  })

  test('does not keep a key that was forgotten while it was loaded', async () => {
    const { cache, get, loads } = fixture()
    const loading = get('a')
    cache.forget('a')
    await loading
    await get('a')
    expect(loads).toEqual(['a', 'a'])
  })

  test('lets go of the key that was unused for longest', async () => {
    const { get, loads } = fixture({ maxKeys: 2 })
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
