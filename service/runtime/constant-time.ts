import { hash, timingSafeEqual } from 'node:crypto'

/** Compares without telling by its duration where two texts differ, or how long either is. */
export function equalInConstantTime(a: string, b: string): boolean {
  return equalDigests(digestOf(a), digestOf(b))
}

/** For a secret that is compared with many texts: it is digested once. */
export function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** The same for digests. */
export function equalDigests(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(a, b)
}
