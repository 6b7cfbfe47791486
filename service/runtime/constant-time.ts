import { hash, timingSafeEqual } from 'node:crypto'

/** Compares without telling by its duration where two texts differ, or how long either is. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(digestOf(a), digestOf(b))
}

/** All as long as each other, as `timingSafeEqual` needs them. A secret that is compared with many texts is digested once. */
export function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
