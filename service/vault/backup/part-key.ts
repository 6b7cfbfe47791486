import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { AppError } from '../../runtime/errors.ts'
import type { BackupKey } from './backup-key.ts'
import type { StreamKey } from './sealed-stream.ts'

const CIPHER = 'aes-256-gcm'
const [NONCE_BYTES, TAG_BYTES] = [12, 16]

/**
 * A key of one file alone. It rests wrapped in the database, beside what says whose file it is: whoever deletes that row has made every
 * copy of the file unreadable, and whoever has the database alone lacks BACKUP_KEY.
 */
export interface PartKey {
  readonly wrapped: Buffer
  readonly stream: StreamKey
}

/** `place`: authenticated, so that a key that is moved to another row does not open. */
export function createPartKey(key: BackupKey, place: string): PartKey {
  const bytes = randomBytes(32)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key.wrappingKey, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place))
  const wrapped = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  return { wrapped, stream: streamKey(bytes) }
}

/** Throws archive/altered: it was wrapped for another place, or by another BACKUP_KEY. */
export function openPartKey(key: BackupKey, place: string, wrapped: Buffer): StreamKey {
  const nonce = wrapped.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, key.wrappingKey, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(place)).setAuthTag(wrapped.subarray(-TAG_BYTES))
  try {
    return streamKey(Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]))
  } catch {
    throw new AppError('archive/altered', { where: 'its key, or BACKUP_KEY is another' })
  }
}

function streamKey(bytes: Buffer): StreamKey {
  const key: KeyObject = createSecretKey(bytes)
  bytes.fill(0)
  return { archiveKey: (salt) => createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, 'tributary/v1/part', 32))) }
}
