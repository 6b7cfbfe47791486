import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { type Asked, type KeyService, type Reply, startKeyService } from './key-service.ts'

export const TRANSIT_TOKEN = 'hvs.simulated'
export const TRANSIT_KEY = 'tributary'

/** HashiCorp Vault's transit engine as its HTTP API has it, for one key: read, encrypt, decrypt, rewrap, rotate. */
export interface FakeTransit extends KeyService {
  /** What was done, in order. */
  readonly operations: () => string[]
  /** Ciphertexts of versions below are refused. */
  setMinDecryptionVersion(version: number): void
}

export function vaultError(status: number, message: string): Reply {
  return { status, body: { errors: [message] } }
}

export async function startFakeTransit({ derived = true } = {}): Promise<FakeTransit> {
  const engine = { derived, versions: [randomBytes(32)], minDecryption: 1 }
  const service = await startKeyService((asked) => answer(asked, engine))
  return {
    ...service,
    operations: () => service.asked.map(({ path }) => path.replace('/v1/transit/', '').replace(`/${TRANSIT_KEY}`, '')),
    setMinDecryptionVersion(version) {
      engine.minDecryption = version
    },
  }
}

interface Engine {
  readonly derived: boolean
  readonly versions: Buffer[]
  minDecryption: number
}

function answer({ path, headers, body }: Asked, engine: Engine): Reply {
  if (headers['x-vault-token'] !== TRANSIT_TOKEN) return vaultError(403, 'permission denied')
  const [, operation = '', key] = /^\/v1\/transit\/(\w+)\/([\w/]+)$/.exec(path) ?? []
  if (operation === 'keys' && key === `${TRANSIT_KEY}/rotate`) {
    engine.versions.push(randomBytes(32))
    return { status: 204, body: undefined }
  }
  if (key !== TRANSIT_KEY) return vaultError(404, 'encryption key not found')
  if (operation === 'keys') {
    const { derived, versions, minDecryption } = engine
    const facts = {
      name: key,
      derived,
      supports_encryption: true,
      latest_version: versions.length,
      min_decryption_version: minDecryption,
    }
    return { status: 200, body: { data: facts } }
  }
  if (engine.derived && typeof body['context'] !== 'string')
    return vaultError(400, "missing 'context' for key derivation")
  if (operation === 'encrypt') return encrypt(engine, String(body['plaintext']), body['context'])
  const opened = decrypt(engine, String(body['ciphertext']), body['context'])
  if (typeof opened !== 'string') return opened
  return operation === 'rewrap'
    ? encrypt(engine, opened, body['context'])
    : { status: 200, body: { data: { plaintext: opened } } }
}

function keyOf({ versions, derived }: Engine, version: number, context: unknown): Buffer {
  const key = versions[version - 1] ?? Buffer.alloc(32)
  // Vault ignores the context of a key that is not derived.
  return derived
    ? createHmac('sha256', key)
        .update(Buffer.from(String(context), 'base64'))
        .digest()
    : key
}

function encrypt(engine: Engine, plaintext: string, context: unknown): Reply {
  const version = engine.versions.length
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(engine, version, context), nonce, { authTagLength: 16 })
  const sealed = Buffer.concat([nonce, cipher.update(plaintext, 'base64'), cipher.final(), cipher.getAuthTag()])
  return {
    status: 200,
    body: { data: { ciphertext: `vault:v${version}:${sealed.toString('base64')}`, key_version: version } },
  }
}

function decrypt(engine: Engine, ciphertext: string, context: unknown): string | Reply {
  const [, digits, encoded] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? []
  if (encoded === undefined) return vaultError(400, 'invalid ciphertext: no prefix')
  if (Number(digits) < engine.minDecryption)
    return vaultError(400, 'ciphertext or signature version is disallowed by policy (too old)')
  const blob = Buffer.from(encoded, 'base64')
  try {
    const key = keyOf(engine, Number(digits), context)
    const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12), { authTagLength: 16 }).setAuthTag(
      blob.subarray(-16),
    )
    return Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()]).toString('base64')
  } catch {
    return vaultError(400, 'cipher: message authentication failed')
  }
}
