import { randomFillSync } from 'node:crypto'

/**
 * Random bytes of the system, drawn by the page: a call for each dozen takes as long as sealing a webhook does. For what is no secret (nonces,
 * ids): they lie in memory before they are used. Keys and tokens are drawn by themselves.
 */
const page = Buffer.allocUnsafe(4096)
let used = page.length

/** Writes `length` bytes into `target`, from `offset` on; none are ever given twice. */
export function fillWithRandom(target: Buffer, offset: number, length: number): void {
  const start = take(length)
  page.copy(target, offset, start, start + length)
}

/** As hexadecimal digits, two for each byte. */
export function randomHex(bytes: number): string {
  const start = take(bytes)
  return page.toString('hex', start, start + bytes)
}

function take(length: number): number {
  if (used + length > page.length) {
    randomFillSync(page)
    used = 0
  }
  used += length
  return used - length
}
