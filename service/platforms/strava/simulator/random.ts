import { hash } from 'node:crypto'

/** Numbers that are the same for the same seed, on every machine and in every year. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  between(low: number, high: number): number
  /** Both ends included. */
  whole(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly [T, ...T[]]): T
}

export function seeded(...seed: readonly (string | number)[]): Random {
  const next = xorshift(hash('sha256', seed.join('|'), 'buffer'))
  const between = (low: number, high: number) => low + (high - low) * next()
  return {
    next,
    between,
    whole: (low, high) => Math.floor(between(low, high + 1)),
    chance: (probability) => next() < probability,
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
  }
}

/** Marsaglia's xorshift with 128 bits of state (Journal of Statistical Software 8(14), 2003). */
function xorshift(seed: Buffer): () => number {
  let x = seed.readUInt32LE(0)
  let y = seed.readUInt32LE(4)
  let z = seed.readUInt32LE(8)
  let w = seed.readUInt32LE(12)
  return () => {
    const mixed = x ^ (x << 11)
    x = y
    y = z
    z = w
    w = w ^ (w >>> 19) ^ mixed ^ (mixed >>> 8)
    return (w >>> 0) / 2 ** 32
  }
}
