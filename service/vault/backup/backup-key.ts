import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../runtime/secret.ts'

/** The key of the archives, apart from every key that is in them. */
export interface BackupKey {
  /** A fingerprint: tells which key made a backup, and nothing about the key. */
  readonly id: string
  /** A key of one archive alone: its chunks can be counted for nonces. */
  archiveKey(salt: Buffer): KeyObject
  /** Wraps the keys of archived months. */
  readonly wrappingKey: KeyObject
  /** HMAC-SHA-256 of a manifest's text. */
  authenticate(document: string): Buffer
  isAuthentic(document: string, mac: Buffer): boolean
  /** How a person is named in the erasure ledger. */
  nameOf(userId: string): Buffer
}

/** Throws a plain Error, without the value, unless the secret is 32 random bytes in base64. */
export function createBackupKey(secret: Secret): BackupKey {
  const bytes = Buffer.from(secret.reveal(), 'base64')
  if (bytes.length !== 32 || bytes.toString('base64') !== secret.reveal())
    throw new Error('BACKUP_KEY must be 32 random bytes in base64, as `openssl rand -base64 32` prints them')
  const key = createSecretKey(bytes)
  bytes.fill(0)
  const derive = (purpose: string, salt: Buffer = Buffer.alloc(0)) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, `tributary/v1/backup/${purpose}`, 32)))
  const manifestKey = derive('manifest')
  const ledgerKey = derive('erasure_ledger')
  const authenticate = (document: string) => createHmac('sha256', manifestKey).update(document, 'utf8').digest()
  return {
    id: derive('id').export().subarray(0, 8).toString('hex'),
    archiveKey: (salt) => derive('archive', salt),
    wrappingKey: derive('part_keys'),
    authenticate,
    isAuthentic: (document, mac) => mac.length === 32 && timingSafeEqual(mac, authenticate(document)),
    nameOf: (userId) => createHmac('sha256', ledgerKey).update(userId.toLowerCase(), 'utf8').digest(),
  }
}
