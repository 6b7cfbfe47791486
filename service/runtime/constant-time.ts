import { hash, timingSafeEqual } from 'node:crypto'

/** Compares without telling by its duration where two texts differ, or how long either is. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
