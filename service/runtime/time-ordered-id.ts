import { randomHex } from './random-bytes.ts'

/**
 * A UUID of version 7 (RFC 9562, section 5.7): what is made one after another lies side by side in an index, where random ids are each on a
 * page of their own. It tells when it was made, and is no secret.
 */
export function timeOrderedId(nowMs = Date.now()): string {
  const time = nowMs.toString(16).padStart(12, '0')
  const random = randomHex(10)
  const variant = '89ab'[Number.parseInt(random.charAt(3), 16) % 4]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`
}
