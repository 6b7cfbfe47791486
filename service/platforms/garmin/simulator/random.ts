import { hash } from 'node:crypto'

/** From 0 up to, not including, 1: the same for the same seed, on every machine and in every year. */
export function chance(...seed: readonly (string | number)[]): number {
  return hash('sha256', seed.join('|'), 'buffer').readUInt32LE(0) / 2 ** 32
}

export function whole(low: number, high: number, ...seed: readonly (string | number)[]): number {
  return low + Math.floor(chance(...seed) * (high - low + 1))
}
