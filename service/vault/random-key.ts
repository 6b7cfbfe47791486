import type { KeyObject } from 'node:crypto'
import type { Secret } from '../runtime/secret.ts'
import { importKey, KEY_BYTES } from './derive.ts'

const REFUSED = 'The vault master key must be 32 random bytes in base64, as `openssl rand -base64 32` prints them'

/** Throws a plain Error, without the value, unless the secret is 32 random bytes in base64: a passphrase has too little entropy for a key. */
export function readRandomKey(secret: Secret): KeyObject {
  const text = secret.reveal()
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== text) throw new Error(REFUSED)
  // 32 random bytes are all printable once in 10^13 keys: this is a passphrase in disguise, or a placeholder.
  const printable = bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)
  const repetitive = new Set(bytes).size < 16
  if (printable || repetitive) throw new Error(`${REFUSED}; this one is not random`)
  return importKey(bytes)
}
