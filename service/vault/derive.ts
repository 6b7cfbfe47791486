import { createSecretKey, hkdfSync, type KeyObject, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'

export const KEY_BYTES = 32
const pbkdf2Async = promisify(pbkdf2)
export type HashName = 'sha256' | 'sha512'

export interface Expansion {
  readonly salt: Buffer
  readonly info: Buffer
  readonly bytes: number
}

/** HKDF-SHA256 (RFC 5869). Throws when more than 255 blocks are asked for. */
export function expand(key: KeyObject | Buffer, { salt, info, bytes }: Expansion): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, bytes))
}

export interface Stretching {
  readonly hash: HashName
  readonly salt: Buffer
  readonly iterations: number
  readonly bytes: number
}

/** PBKDF2-HMAC (RFC 8018), off the event loop: 220,000 rounds of SHA-512 take a tenth of a second. */
export function stretch(passphrase: Buffer, { hash, salt, iterations, bytes }: Stretching): Promise<Buffer> {
  return pbkdf2Async(passphrase, salt, iterations, bytes, hash)
}

/** Takes over the bytes: they are wiped, and OpenSSL clears its copy when the key is collected. */
export function importKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** Each field is preceded by its length in bytes (32 bits, big-endian), so that ("ab", "c") and ("a", "bc") differ. */
export function joinFields(fields: readonly string[]): Buffer {
  const lengths = fields.map((field) => Buffer.byteLength(field))
  const joined = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0))
  let at = 0
  for (const [index, field] of fields.entries()) {
    at = joined.writeUInt32BE(lengths[index] ?? 0, at)
    at += joined.write(field, at, 'utf8')
  }
  return joined
}
