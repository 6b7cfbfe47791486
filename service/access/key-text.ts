import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Secret } from '../runtime/secret.ts'

// A fixed start, so that scanners of repositories and logs can find a key that leaked.
const KEY = /^(trib_[0-9a-f]{16})_[A-Za-z0-9_-]{43}$/
const SECRET_BYTES = 32

export interface NewKey {
  readonly key: Secret
  /** The part that may be shown again. */
  readonly prefix: string
  readonly digest: Buffer
}

/** `trib_<16 hex digits>_<256 random bits in base64url>`. */
export function createKey(): NewKey {
  const prefix = `trib_${randomBytes(8).toString('hex')}`
  const text = `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { key: new Secret(text), prefix, digest: digestOf(text) }
}

/** Undefined: not a key of ours by its shape. */
export function readKey(text: string): { readonly prefix: string; readonly digest: Buffer } | undefined {
  const prefix = KEY.exec(text)?.[1]
  return prefix === undefined ? undefined : { prefix, digest: digestOf(text) }
}

export function sameDigest(a: Buffer, b: Buffer): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
