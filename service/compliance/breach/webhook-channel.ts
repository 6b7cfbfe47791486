import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import { sendRequest } from '../../runtime/http-client.ts'
import type { Secret } from '../../runtime/secret.ts'
import type { Channel } from './services.ts'

export interface SignedEndpoint {
  readonly url: string
  /** At least 32 characters; `webhook-signature` is made with it. */
  readonly secret: Secret
}

const LIMITS = { timeoutMs: 15_000, maxBytes: 64 * 1024 }

/**
 * Posts JSON to an address of the operator's, signed as Standard Webhooks has it: `v1,` and HMAC-SHA-256 in base64 over id, time and body.
 * Throws breach/channel_failed for everything but a 2xx.
 */
export async function postSigned(
  { url, secret }: SignedEndpoint,
  id: string,
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const text = JSON.stringify(body)
  const timestamp = String(Math.floor(Date.now() / 1000))
  const mac = createHmac('sha256', secret.reveal()).update(`${id}.${timestamp}.${text}`, 'utf8').digest('base64')
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${mac}`,
  }
  const answer = await sendRequest({ method: 'POST', url, headers, json: body }, LIMITS).catch((cause: unknown) => {
    throw new AppError('breach/channel_failed', {}, { cause })
  })
  if (answer.status < 200 || answer.status > 299) throw new AppError('breach/channel_failed', { status: answer.status })
  return parse(answer.text)
}

function parse(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return {}
  }
}

const Receipt = z.object({ receipt: z.string().min(1).max(500) })

/** Whoever runs the app reaches the person; its answer may hold a `receipt`. */
export function createWebhookChannel(endpoint: SignedEndpoint): Channel {
  return {
    name: 'webhook',
    async send({ id, breachId, userId, subject, text }) {
      const answer = Receipt.safeParse(
        await postSigned(endpoint, id, { type: 'breach.notice', id, breachId, userId, subject, text }),
      )
      return answer.success ? answer.data.receipt : `accepted ${id}`
    },
  }
}
