import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'

export const TAG_BYTES = 16
const CIPHERS: Readonly<Record<number, 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm'>> = {
  16: 'aes-128-gcm',
  24: 'aes-192-gcm',
  32: 'aes-256-gcm',
}

export interface GcmInput {
  readonly key: KeyObject
  readonly nonce: Buffer
  /** Authenticated, not encrypted. */
  readonly aad: Buffer
}

/** AES-GCM (NIST SP 800-38D) for any size of key; `seal` alone decides that ours have 256 bits and nonces 96. */
export function encryptGcm({ key, nonce, aad }: GcmInput, plaintext: Buffer): { ciphertext: Buffer; tag: Buffer } {
  const cipher = createCipheriv(cipherOf(key), key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad)
  const ciphertext = cipher.update(plaintext)
  cipher.final() // yields no bytes in this mode
  return { ciphertext, tag: cipher.getAuthTag() }
}

/** Throws when anything was altered. A tag that is not 16 bytes long is refused here, before Node sees it. */
export function decryptGcm(
  { key, nonce, aad }: GcmInput,
  { ciphertext, tag }: { ciphertext: Buffer; tag: Buffer },
): Buffer {
  // Without authTagLength Node accepts a tag of four bytes (nodejs/node#52345); the check holds should that option ever be ignored.
  if (tag.length !== TAG_BYTES) throw new RangeError('an authentication tag has 16 bytes')
  const decipher = createDecipheriv(cipherOf(key), key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad).setAuthTag(tag)
  const plaintext = decipher.update(ciphertext)
  try {
    decipher.final()
  } catch (cause) {
    plaintext.fill(0)
    throw cause
  }
  return plaintext
}

function cipherOf(key: KeyObject) {
  const cipher = CIPHERS[key.symmetricKeySize ?? 0]
  if (cipher === undefined) throw new RangeError('an AES key has 128, 192 or 256 bits')
  return cipher
}
