import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { z } from 'zod'
import type { Secret } from '../../runtime/secret.ts'

/** What a signed head says: so many events, under this root, ending in this chain hash, at this time. */
export interface TreeHead {
  readonly size: number
  readonly rootHash: Buffer
  readonly chainHash: Buffer
  /** ISO 8601, the database's time. */
  readonly signedAt: string
}

/** A head as it is kept: the signed text and its signature. */
export interface SignedHead {
  readonly document: string
  readonly signature: Buffer
}

export interface HeadSigner {
  sign(head: TreeHead): SignedHead
  /** Of another document: its text begins with a format of its own, so that it is no head. */
  signText(text: string): Buffer
  readonly publicKey: KeyObject
}

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .transform((hex) => Buffer.from(hex, 'hex'))
const Document = z.strictObject({
  format: z.literal('tributary/audit-head/v1'),
  key: z.string(),
  size: z.int().min(0),
  root: hash,
  chain: hash,
  signedAt: z.iso.datetime(),
})

// RFC 8410: the fixed bytes before a 32-byte Ed25519 private or public key in DER.
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Throws a plain Error, without the value, unless the secret is 32 random bytes in base64 (an Ed25519 seed). */
export function createHeadSigner(secret: Secret): HeadSigner {
  const seed = decode(secret.reveal(), 'AUDIT_SIGNING_KEY')
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  seed.fill(0)
  const publicKey = createPublicKey(key)
  return {
    publicKey,
    signText: (text) => sign(null, Buffer.from(text, 'utf8'), key),
    sign({ size, rootHash, chainHash, signedAt }) {
      const document = JSON.stringify({
        format: 'tributary/audit-head/v1',
        key: fingerprint(publicKey),
        size,
        root: rootHash.toString('hex'),
        chain: chainHash.toString('hex'),
        signedAt,
      })
      return { document, signature: sign(null, Buffer.from(document, 'utf8'), key) }
    },
  }
}

/** A public key as `audit verify` prints it: 32 bytes in base64. */
export function importPublicKey(text: string): KeyObject {
  const der = Buffer.concat([PUBLIC_PREFIX, decode(text, 'AUDIT_TRUSTED_KEYS')])
  return createPublicKey({ key: der, format: 'der', type: 'spki' })
}

export function exportPublicKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length).toString('base64')
}

/** Undefined when no trusted key signed it, or it is no head at all. */
export function readHead({ document, signature }: SignedHead, trusted: readonly KeyObject[]): TreeHead | undefined {
  if (!trusted.some((key) => verify(null, Buffer.from(document, 'utf8'), key, signature))) return undefined
  const parsed = Document.safeParse(JSON.parse(document))
  if (!parsed.success) return undefined
  const { size, root, chain, signedAt } = parsed.data
  return { size, rootHash: root, chainHash: chain, signedAt }
}

function fingerprint(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16)
}

function decode(text: string, setting: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 32 || bytes.toString('base64') !== text)
    throw new Error(`${setting} must be 32 bytes in base64, as \`openssl rand -base64 32\` prints them`)
  return bytes
}
