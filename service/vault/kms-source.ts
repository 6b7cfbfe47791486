import type * as Sdk from '@aws-sdk/client-kms'
import { AppError } from '../runtime/errors.ts'
import { type KeySource, unavailable, type WrapContext } from './key-source.ts'

export interface KmsOptions {
  /** ARN or id of a symmetric key; an alias may point elsewhere tomorrow. */
  readonly keyId: string
  readonly region: string
  /** Another address than AWS's own, for a VPC endpoint or a test. */
  readonly endpoint?: string | undefined
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 3_000

/**
 * AWS KMS (API reference: Encrypt, Decrypt, ReEncrypt). The key never leaves it: keys are sent there to be wrapped and unwrapped, and
 * wrapped anew inside it. Credentials are the AWS SDK's own business. Requests are made three times before they count as failed.
 */
export function createKmsSource({ keyId, region, endpoint, timeoutMs = TIMEOUT_MS }: KmsOptions): KeySource {
  let client: Promise<Kms> | undefined
  const ask = async <Answer>(work: (kms: Kms, abortSignal: AbortSignal) => Promise<Answer>): Promise<Answer> => {
    client ??= connect({ region, ...(endpoint === undefined ? {} : { endpoint }) })
    return await work(await client, AbortSignal.timeout(timeoutMs)).catch((error: unknown) => {
      throw translate(error)
    })
  }
  return {
    source: 'aws_kms',
    reference: keyId,
    concurrency: 16,
    // KMS makes new key material by itself, on its own schedule, and keeps the old; each version here uses the newest.
    newVersion: async () => ({}),
    wrap: ({ reference }, context, secret) =>
      ask(async ({ sdk, client: kms }, abortSignal) => {
        const input = { KeyId: reference, Plaintext: secret, EncryptionContext: contextOf(context) }
        return bytesOf((await kms.send(new sdk.EncryptCommand(input), { abortSignal })).CiphertextBlob)
      }),
    unwrap: ({ reference }, context, wrapped) =>
      ask(async ({ sdk, client: kms }, abortSignal) => {
        const input = { KeyId: reference, CiphertextBlob: wrapped, EncryptionContext: contextOf(context) }
        return bytesOf((await kms.send(new sdk.DecryptCommand(input), { abortSignal })).Plaintext)
      }),
    rewrap: (context, wrapped) =>
      ask(async ({ sdk, client: kms }, abortSignal) => {
        const same = contextOf(context)
        const input = {
          SourceKeyId: keyId,
          DestinationKeyId: keyId,
          CiphertextBlob: wrapped,
          SourceEncryptionContext: same,
          DestinationEncryptionContext: same,
        }
        return bytesOf((await kms.send(new sdk.ReEncryptCommand(input), { abortSignal })).CiphertextBlob)
      }),
  }
}

interface Kms {
  readonly sdk: typeof Sdk
  readonly client: Sdk.KMSClient
}

/** Imported when first needed: who keeps keys elsewhere does not pay for it. */
async function connect(options: { region: string; endpoint?: string }): Promise<Kms> {
  const sdk = await import('@aws-sdk/client-kms')
  return { sdk, client: new sdk.KMSClient({ ...options, maxAttempts: 3 }) }
}

/** Authenticated by KMS and written to CloudTrail: ids of keys, nobody's name. */
function contextOf({ environment, purpose, keyId }: WrapContext): Record<string, string> {
  return { 'tributary:environment': environment, 'tributary:purpose': purpose, 'tributary:key': keyId }
}

function bytesOf(answer: Uint8Array | undefined): Buffer {
  if (answer === undefined) throw unavailable('aws_kms', 'empty_answer')
  return Buffer.from(answer)
}

/** Only what can never succeed is final: a key that is disabled or a right that is missing can be given back. */
function translate(error: unknown): AppError {
  if (error instanceof AppError) return error
  const name = error instanceof Error ? error.name : 'unknown'
  // Another context, another key, or bytes that are not KMS's.
  if (name === 'InvalidCiphertextException' || name === 'IncorrectKeyException') return new AppError('vault/unreadable')
  return unavailable('aws_kms', name)
}
