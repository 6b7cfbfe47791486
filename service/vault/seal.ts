import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { AppError } from '../runtime/errors.ts'
import { KEY_ID_BYTES, type Purpose } from './master-key.ts'

const CIPHER = 'aes-256-gcm'
const MAGIC = Buffer.from('TRIB')
const FORMAT = 1
const AES_256_GCM = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_AT = MAGIC.length + 2
const NONCE_AT = KEY_ID_AT + KEY_ID_BYTES
const HEADER_BYTES = NONCE_AT + NONCE_BYTES

export interface BoxKey {
  /** 16 bytes, written into the box: the key is chosen by it and never by trying. */
  readonly id: Buffer
  /** 256 bits. */
  readonly key: KeyObject
}

/** Where a secret lives. Authenticated with it, so a box that is moved elsewhere does not open. */
export interface Place {
  readonly environment: string
  readonly purpose: Purpose
  /** Empty when the secret is nobody's. */
  readonly userId: string
  /** Empty when it belongs to none. */
  readonly platform: string
  /** What it is, for example `access_token`. */
  readonly kind: string
}

/**
 * AES-256-GCM. The box is magic (4) | format (1) | algorithm (1) | key id (16) | nonce (12) | ciphertext | tag (16); everything
 * before the ciphertext is authenticated. Random 96-bit nonces bound a key to 2^32 boxes (NIST SP 800-38D, 8.3).
 */
export function seal({ id, key }: BoxKey, place: Place, plaintext: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const header = Buffer.concat([MAGIC, Buffer.from([FORMAT, AES_256_GCM]), id, nonce])
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(authenticated(header, place))
  return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/** Throws vault/unreadable, the same for every cause: which check failed would help only whoever altered the box. */
export function open({ id, key }: BoxKey, place: Place, box: Buffer): Buffer {
  if (!keyIdOf(box).equals(id)) throw new AppError('vault/unreadable')
  const header = box.subarray(0, HEADER_BYTES)
  const tag = box.subarray(box.length - TAG_BYTES)
  try {
    // Without authTagLength Node accepts a tag of four bytes (nodejs/node#52345).
    const decipher = createDecipheriv(CIPHER, key, header.subarray(NONCE_AT), { authTagLength: TAG_BYTES })
    decipher.setAAD(authenticated(header, place)).setAuthTag(tag)
    return Buffer.concat([decipher.update(box.subarray(HEADER_BYTES, box.length - TAG_BYTES)), decipher.final()])
  } catch {
    throw new AppError('vault/unreadable')
  }
}

/** Which key sealed the box. Throws vault/unreadable when it is not a box of this format. */
export function keyIdOf(box: Buffer): Buffer {
  const readable =
    box.length >= HEADER_BYTES + TAG_BYTES &&
    box.subarray(0, MAGIC.length).equals(MAGIC) &&
    box[MAGIC.length] === FORMAT &&
    box[MAGIC.length + 1] === AES_256_GCM
  if (!readable) throw new AppError('vault/unreadable')
  return box.subarray(KEY_ID_AT, NONCE_AT)
}

/** Each field is preceded by its length, so that ("ab", "c") and ("a", "bc") differ. */
function authenticated(header: Buffer, { environment, purpose, userId, platform, kind }: Place): Buffer {
  // One person's id may be written in either case.
  const fields = [environment, purpose, userId.toLowerCase(), platform, kind].map((field) => Buffer.from(field, 'utf8'))
  return Buffer.concat([header, ...fields.flatMap((field) => [lengthOf(field), field])])
}

function lengthOf(field: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(field.length)
  return length
}
