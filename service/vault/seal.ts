import { AppError } from '../runtime/errors.ts'
import { fillWithRandom } from '../runtime/random-bytes.ts'
import { decryptGcm, encryptGcm, TAG_BYTES } from './aes-gcm.ts'
import type { BoxKey } from './box-key.ts'
import { joinFields } from './derive.ts'

const PREFIX = Buffer.from([0x54, 0x52, 0x49, 0x42, 2, 1]) // "TRIB", format 2, algorithm 1: AES-256-GCM
const NONCE_BYTES = 12
const NAMES_BYTES = 40
const NONCE_AT = PREFIX.length + NAMES_BYTES
const HEADER_BYTES = NONCE_AT + NONCE_BYTES
/** Of the key's id. */
const KEY_ID_AT = PREFIX.length + 20

/** What keys are for. Each purpose has keys of its own, so that a box made for one never opens as another. */
export type Purpose = 'master' | 'token' | 'oauth_state' | 'inbox' | 'revocation' | 'export'

/** Where a secret lives. Authenticated with it, so a box that is moved elsewhere does not open. */
export interface PlaceFields {
  /** The installation; see TRIBUTARY_ENVIRONMENT. */
  readonly environment: string
  readonly purpose: Purpose
  readonly table: string
  readonly column: string
  /** Empty when the secret is nobody's. */
  readonly userId: string
  /** With the person it names the connection; empty when it belongs to none. */
  readonly platform: string
  /** What it is, for example `access_token`. */
  readonly kind: string
}

/** Length-prefixed fields, built once for all that is sealed or opened there. */
export type Place = Buffer & { readonly brand?: 'place' }

export function placeOf({ environment, purpose, table, column, userId, platform, kind }: PlaceFields): Place {
  // One person's id may be written in either case.
  return joinFields([purpose, table, column, userId.toLowerCase(), platform, kind, environment])
}

/**
 * AES-256-GCM. The box is magic (4) | format (1) | algorithm (1) | master key id (16) | its version (4) | key id (16) | its version (4) |
 * nonce (12) | ciphertext | tag (16). All before the ciphertext is authenticated, and the place after it. The master key is the one of
 * the time of sealing: a later rotation wraps the key anew and leaves its boxes alone. Nonces are random, so that 2^32 boxes are the
 * most for one key (NIST SP 800-38D, 8.3); whoever hands out keys counts.
 */
export function seal(boxKey: BoxKey, place: Place, plaintext: Buffer): Buffer {
  const aad = Buffer.allocUnsafe(HEADER_BYTES + place.length)
  PREFIX.copy(aad)
  boxKey.names.copy(aad, PREFIX.length)
  fillWithRandom(aad, NONCE_AT, NONCE_BYTES)
  place.copy(aad, HEADER_BYTES)
  const { ciphertext, tag } = encryptGcm(
    { key: boxKey.key, nonce: aad.subarray(NONCE_AT, HEADER_BYTES), aad },
    plaintext,
  )
  return Buffer.concat([aad.subarray(0, HEADER_BYTES), ciphertext, tag])
}

/** Throws vault/unreadable, the same for every cause: which check failed would help only whoever altered the box. */
export function open(boxKey: BoxKey, place: Place, box: Buffer): Buffer {
  const matches = keyIdOf(box).equals(boxKey.id) && box.readUInt32BE(KEY_ID_AT + 16) === boxKey.version
  if (!matches) throw new AppError('vault/unreadable')
  const { key } = boxKey
  const aad = Buffer.allocUnsafe(HEADER_BYTES + place.length)
  box.copy(aad, 0, 0, HEADER_BYTES)
  place.copy(aad, HEADER_BYTES)
  const ciphertext = box.subarray(HEADER_BYTES, box.length - TAG_BYTES)
  try {
    const tag = box.subarray(box.length - TAG_BYTES)
    return decryptGcm({ key, nonce: aad.subarray(NONCE_AT, HEADER_BYTES), aad }, { ciphertext, tag })
  } catch {
    throw new AppError('vault/unreadable')
  }
}

/** The id of the key that sealed the box. Throws vault/unreadable when it is not a box of this format. */
export function keyIdOf(box: Buffer): Buffer {
  const readable = box.length >= HEADER_BYTES + TAG_BYTES && PREFIX.compare(box, 0, PREFIX.length) === 0
  if (!readable) throw new AppError('vault/unreadable')
  return box.subarray(KEY_ID_AT, KEY_ID_AT + 16)
}
