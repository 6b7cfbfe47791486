import type { FastifyPluginAsync } from 'fastify'
import { authenticateApiKey } from '../access/authenticate-api-key.ts'
import { createIntake, type Intake } from '../ingestion/intake.ts'
import { receiveBatch } from '../ingestion/receive-batch.ts'
import { receiveDelivery } from '../ingestion/receive-delivery.ts'
import type { Platforms } from '../platforms/contract.ts'
import type { PlatformWebhook, RequestHeaders } from '../platforms/webhook-contract.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { refuseDeepJson } from './json-body.ts'
import { opensWith } from './webhook-gate.ts'

export interface WebhookServices {
  readonly db: Database
  readonly platforms: Platforms
  readonly sealInbox: (platform: string, body: Buffer) => Promise<Buffer>
}

interface ReceivingServices extends WebhookServices {
  readonly intake: Intake
}

interface WebhookRoute {
  Params: { platform: string; secret: string }
  Querystring: Record<string, unknown>
  Body?: AsyncIterable<Uint8Array>
}

/** `/webhooks/<platform>/<secret>`: POST for deliveries, GET for the handshake when a subscription is made. */
export const platformWebhook: FastifyPluginAsync<WebhookServices> = async (app, given) => {
  const services: ReceivingServices = { ...given, intake: createIntake(given.db) }
  // Digests and signatures cover the bytes as sent, and a large body must not be held: the body stays a stream.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, stream, done) => done(null, stream))

  app.post<WebhookRoute>(
    '/webhooks/:platform/:secret',
    { bodyLimit: Number.MAX_SAFE_INTEGER },
    async (request, reply) => {
      const { platform } = request.params
      const webhook = webhookAt(services.platforms, request.params)
      const { headers, body = NO_BODY } = request
      await store(services, { platform, webhook, headers, body })
      return reply.code(200).send() // exactly 200: to Strava and Garmin a 202 is a failure
    },
  )

  // For a machine of ours that relays a platform's deliveries: a key in a header takes the place of the secret in the path.
  app.post<WebhookRoute>('/webhooks/:platform', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
    const { params, headers, body = NO_BODY } = request
    const { platform } = params
    await authenticateApiKey(services.db, { headers, scope: `webhook:${platform}` })
    const webhook = services.platforms.get(platform)?.webhook
    if (webhook === undefined) throw new AppError('request/not_found')
    await store(services, { platform, webhook, headers, body })
    return reply.code(200).send()
  })

  app.get<WebhookRoute>('/webhooks/:platform/:secret', async (request) => {
    const webhook = webhookAt(services.platforms, request.params)
    if (webhook.handshake === undefined) throw new AppError('request/not_found')
    return webhook.handshake(request.query)
  })
}

const NO_BODY: AsyncIterable<Uint8Array> = {
  async *[Symbol.asyncIterator]() {
    // nothing
  },
}

interface Incoming {
  readonly platform: string
  readonly webhook: PlatformWebhook
  readonly headers: RequestHeaders
  readonly body: AsyncIterable<Uint8Array>
}

async function store(services: ReceivingServices, incoming: Incoming): Promise<void> {
  await receive(services, incoming).catch((cause: unknown) => {
    throw cause instanceof AppError
      ? cause
      : new AppError('webhook/not_stored', { platform: incoming.platform }, { cause })
  })
}

async function receive(services: ReceivingServices, { webhook, body, ...rest }: Incoming): Promise<void> {
  const { headers } = rest
  if (Number(headers['content-length'] ?? 0) > webhook.bodyLimitBytes) throw new AppError('request/too_large')
  // Nothing may unpack to more than it looks; no platform compresses.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new AppError('webhook/malformed', { field: 'content-encoding', problem: 'compressed' })
  if ('readItem' in webhook) await receiveBatch(services, { ...rest, webhook, body })
  else {
    const rawBody = await readWhole(body, webhook.bodyLimitBytes)
    refuseDeepJson(rawBody.toString('utf8'))
    await receiveDelivery(services, { ...rest, webhook, rawBody })
  }
}

async function readWhole(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > limitBytes) throw new AppError('request/too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A wrong secret is answered like an address that does not exist. */
function webhookAt(platforms: Platforms, { platform, secret }: WebhookRoute['Params']): PlatformWebhook {
  const webhook = platforms.get(platform)?.webhook
  if (webhook === undefined || !opensWith(webhook, secret)) throw new AppError('request/not_found')
  return webhook
}
