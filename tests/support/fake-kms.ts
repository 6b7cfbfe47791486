import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type Asked, type KeyService, type Reply, startKeyService } from './key-service.ts'

export const KMS_KEY = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
export const KMS_REGION = 'eu-central-1'

/** AWS KMS as its API reference has it, for one symmetric key: Encrypt, Decrypt and ReEncrypt over JSON 1.1, signed requests only. */
export interface FakeKms extends KeyService {
  /** What was done, in order. */
  readonly operations: () => string[]
}

export function kmsError(status: number, type: string): Reply {
  return { status, body: { __type: type, message: 'as the API reference has it' } }
}

export async function startFakeKms(): Promise<FakeKms> {
  const material = randomBytes(32)
  const service = await startKeyService((asked) => answer(asked, material))
  const operations = () =>
    service.asked.map(({ headers }) => String(headers['x-amz-target']).replace('TrentService.', ''))
  return { ...service, operations }
}

type Context = Readonly<Record<string, string>>

function answer({ headers, body }: Asked, material: Buffer): Reply {
  const signed = String(headers.authorization).startsWith('AWS4-HMAC-SHA256 Credential=')
  if (!signed) return kmsError(400, 'MissingAuthenticationTokenException')
  if ((body['KeyId'] ?? body['SourceKeyId']) !== KMS_KEY) return kmsError(400, 'NotFoundException')
  const sent = body['CiphertextBlob']
  const blob = Buffer.from(typeof sent === 'string' ? sent : '', 'base64')
  switch (String(headers['x-amz-target'])) {
    case 'TrentService.Encrypt': {
      const plaintext = Buffer.from(String(body['Plaintext']), 'base64')
      return ok({ CiphertextBlob: encrypt(material, plaintext, body['EncryptionContext'] as Context) })
    }
    case 'TrentService.Decrypt': {
      const plaintext = decrypt(material, blob, body['EncryptionContext'] as Context)
      return plaintext === undefined
        ? kmsError(400, 'InvalidCiphertextException')
        : ok({ Plaintext: plaintext.toString('base64') })
    }
    case 'TrentService.ReEncrypt': {
      const plaintext = decrypt(material, blob, body['SourceEncryptionContext'] as Context)
      if (plaintext === undefined) return kmsError(400, 'InvalidCiphertextException')
      return ok({ CiphertextBlob: encrypt(material, plaintext, body['DestinationEncryptionContext'] as Context) })
    }
    default:
      return kmsError(400, 'UnknownOperationException')
  }
}

function ok(body: object): Reply {
  return { status: 200, body: { KeyId: KMS_KEY, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT', ...body } }
}

function canonical(context: Context = {}): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).toSorted(([one], [other]) => (one < other ? -1 : 1))))
}

function encrypt(material: Buffer, plaintext: Buffer, context: Context): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', material, nonce, { authTagLength: 16 }).setAAD(canonical(context))
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString('base64')
}

function decrypt(material: Buffer, blob: Buffer, context: Context): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', material, blob.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(canonical(context)).setAuthTag(blob.subarray(-16))
    return Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()])
  } catch {
    return undefined
  }
}
