import { z } from 'zod'
import { AppError } from '../runtime/errors.ts'
import type { Secret } from '../runtime/secret.ts'
import { contextBytes, type KeySource, unavailable, type WrapContext } from './key-source.ts'

export interface TransitOptions {
  /** Of the server, without `/v1`. */
  readonly address: string
  /** Asked for with every request: an agent may have renewed it. */
  readonly readToken: () => Promise<Secret>
  /** Where the secrets engine is mounted. */
  readonly mount: string
  /** A key of type aes256-gcm96 with `derived=true`. */
  readonly key: string
  readonly namespace?: string | undefined
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 3_000
const MAX_ANSWER_BYTES = 64 * 1024
const KeyAnswer = z.object({
  data: z.object({ derived: z.boolean(), supports_encryption: z.boolean(), latest_version: z.number() }),
})
const Ciphertext = z.object({ data: z.object({ ciphertext: z.string().startsWith('vault:v') }) })
const Plaintext = z.object({ data: z.object({ plaintext: z.base64() }) })

/**
 * HashiCorp Vault's transit secrets engine (HTTP API: read key, encrypt, decrypt, rewrap, rotate). The context goes into the derivation of
 * the key that wraps, so it has to be a derived key: with any other, Vault ignores the context, and that is refused here.
 */
export function createTransitSource(options: TransitOptions): KeySource {
  const { mount, key } = options
  const call = <Answer>(path: string, schema: z.ZodType<Answer>, body?: Readonly<Record<string, string>>) =>
    request(options, { path: `${mount}/${path}`, body, schema })
  const assertDerived = async () => {
    const { data } = await call(`keys/${key}`, KeyAnswer)
    if (!data.derived || !data.supports_encryption) throw unavailable('vault_transit', 'key_not_derived')
    return data.latest_version
  }
  const contextOf = (context: WrapContext) => contextBytes(context).toString('base64')
  return {
    source: 'vault_transit',
    reference: `${mount}/${key}`,
    concurrency: 16,
    async newVersion(isFirst) {
      if (!isFirst) await call(`keys/${key}/rotate`, z.unknown(), {})
      return { transitVersion: await assertDerived() }
    },
    async wrap(_version, context, secret) {
      const body = { plaintext: secret.toString('base64'), context: contextOf(context) }
      return Buffer.from((await call(`encrypt/${key}`, Ciphertext, body)).data.ciphertext, 'ascii')
    },
    async unwrap(_version, context, wrapped) {
      const body = { ciphertext: wrapped.toString('ascii'), context: contextOf(context) }
      return Buffer.from((await call(`decrypt/${key}`, Plaintext, body)).data.plaintext, 'base64')
    },
    async rewrap(context, wrapped) {
      const body = { ciphertext: wrapped.toString('ascii'), context: contextOf(context) }
      return Buffer.from((await call(`rewrap/${key}`, Ciphertext, body)).data.ciphertext, 'ascii')
    },
  }
}

interface Call<Answer> {
  readonly path: string
  /** Absent: a GET. */
  readonly body: Readonly<Record<string, string>> | undefined
  readonly schema: z.ZodType<Answer>
}

async function request<Answer>(options: TransitOptions, { path, body, schema }: Call<Answer>): Promise<Answer> {
  const { status, text } = await send(options, { path, body })
  if (status >= 200 && status < 300) {
    const answer = schema.safeParse(text === '' ? undefined : parse(text))
    if (answer.success) return answer.data
    throw unavailable('vault_transit', 'unexpected_answer')
  }
  // What another key or context wrapped fails to authenticate; Vault says so with a 400 and these words.
  if (status === 400 && /message authentication failed|invalid ciphertext/i.test(text))
    throw new AppError('vault/unreadable')
  throw unavailable('vault_transit', `http_${status}`)
}

async function send(
  { address, readToken, namespace, timeoutMs = TIMEOUT_MS }: TransitOptions,
  { path, body }: { path: string; body: Readonly<Record<string, string>> | undefined },
): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(`${address}/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        'x-vault-request': 'true',
        'x-vault-token': (await readToken()).reveal(),
        ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (text.length > MAX_ANSWER_BYTES) throw new RangeError('the answer is too large')
    return { status: response.status, text }
  } catch (error) {
    throw unavailable('vault_transit', error instanceof Error ? error.name : 'unknown')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
