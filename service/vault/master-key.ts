import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Secret } from '../runtime/secret.ts'

const KEY_BYTES = 32
export const KEY_ID_BYTES = 16

/** What keys are for. Each purpose has a key of its own, so that a box made for one never opens as another. */
export type Purpose = 'user_key' | 'token' | 'oauth_state' | 'inbox' | 'revocation'

export interface MasterKey {
  /** A fingerprint: tells which master key sealed something, and nothing about the key. */
  readonly id: Buffer
  /** A 256-bit key for one purpose (HKDF-SHA256, RFC 5869). */
  derive(purpose: Purpose): KeyObject
}

const REFUSED = 'The vault master key must be 32 random bytes in base64, as `openssl rand -base64 32` prints them'

/** Throws a plain Error, without the value, unless the secret is 32 random bytes in base64: a passphrase has too little entropy for a key. */
export function createMasterKey(secret: Secret): MasterKey {
  const bytes = decode(secret)
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return {
    id: expand(key, { info: 'tributary/v1/key_id', bytes: KEY_ID_BYTES }),
    derive: (purpose) => importKey(expand(key, { info: `tributary/v1/${purpose}`, bytes: KEY_BYTES })),
  }
}

/** Takes over the bytes: they are wiped, and OpenSSL clears its copy when the key is collected. */
export function importKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function decode(secret: Secret): Buffer {
  const text = secret.reveal()
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== text) throw new Error(REFUSED)
  // 32 random bytes are all printable once in 10^13 keys: this is a passphrase in disguise, or a placeholder.
  const printable = bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)
  const repetitive = new Set(bytes).size < 16
  if (printable || repetitive) throw new Error(`${REFUSED}; this one is not random`)
  return bytes
}

function expand(key: KeyObject, { info, bytes }: { info: string; bytes: number }): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), info, bytes))
}
