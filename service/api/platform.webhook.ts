import { Readable } from 'node:stream'
import type { FastifyPluginAsync } from 'fastify'
import { authenticateApiKey } from '../access/authenticate-api-key.ts'
import type { TakeRequest } from '../access/rate-limit.ts'
import { createIntake, type Intake } from '../ingestion/intake.ts'
import { receiveBatch } from '../ingestion/receive-batch.ts'
import { receiveDelivery } from '../ingestion/receive-delivery.ts'
import type { IngestionServices } from '../ingestion/services.ts'
import type { Platforms } from '../platforms/contract.ts'
import type { PlatformWebhook, RequestHeaders } from '../platforms/webhook-contract.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { refuseDeepJson } from './json-body.ts'
import { webhookGate } from './webhook-gate.ts'

export interface WebhookServices {
  readonly db: Database
  readonly platforms: Platforms
  readonly sealInbox: IngestionServices['sealInbox']
  readonly sealDeliveries: IngestionServices['sealDeliveries']
  readonly takeRequest: TakeRequest
}

interface ReceivingServices extends WebhookServices {
  readonly intake: Intake
}

interface WebhookRoute {
  Params: { platform: string; secret: string }
  Querystring: Record<string, unknown>
  Body?: Readable
}

/** `/webhooks/<platform>/<secret>`: POST for deliveries, GET for the handshake when a subscription is made. */
export const platformWebhook: FastifyPluginAsync<WebhookServices> = async (app, given) => {
  const services: ReceivingServices = { ...given, intake: createIntake(given) }
  // Digests and signatures cover the bytes as sent, and a large body must not be held: the body stays a stream.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, stream, done) => done(null, stream))

  app.addHook('onRequest', webhookGate(given))

  app.post<WebhookRoute>(
    '/webhooks/:platform/:secret',
    { bodyLimit: Number.MAX_SAFE_INTEGER },
    async (request, reply) => {
      const { platform } = request.params
      const webhook = webhookOf(services, platform)
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
    const webhook = webhookOf(services, platform)
    await store(services, { platform, webhook, headers, body })
    return reply.code(200).send()
  })

  app.get<WebhookRoute>('/webhooks/:platform/:secret', async (request) => {
    const webhook = webhookOf(services, request.params.platform)
    if (webhook.handshake === undefined) throw new AppError('request/not_found')
    return webhook.handshake(request.query)
  })
}

const NO_BODY = Readable.from([])

interface Incoming {
  readonly platform: string
  readonly webhook: PlatformWebhook
  readonly headers: RequestHeaders
  readonly body: Readable
}

async function store(services: ReceivingServices, incoming: Incoming): Promise<void> {
  try {
    await receive(services, incoming)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('webhook/not_stored', { platform: incoming.platform }, { cause })
  }
}

async function receive(services: ReceivingServices, { webhook, body, platform, headers }: Incoming): Promise<unknown> {
  if (Number(headers['content-length'] ?? 0) > webhook.bodyLimitBytes) throw new AppError('request/too_large')
  // Nothing may unpack to more than it looks; no platform compresses.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new AppError('webhook/malformed', { field: 'content-encoding', problem: 'compressed' })
  if ('readItem' in webhook) return receiveBatch(services, { platform, headers, webhook, body })
  const rawBody = await readWhole(body, webhook.bodyLimitBytes)
  refuseDeepJson(rawBody.toString('utf8'))
  return receiveDelivery(services.intake, { platform, headers, webhook, rawBody })
}

/** By events: iterating over a request of one piece costs as much as all the checks of a delivery. */
function readWhole(body: Readable, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= limitBytes) return void chunks.push(chunk)
      reject(new AppError('request/too_large'))
      body.destroy()
    })
    body.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
    body.on('error', reject)
    body.on('close', () => {
      if (!body.readableEnded) reject(new AppError('request/malformed', { problem: 'broken_off' }))
    })
  })
}

/** Who comes here has passed the gate, or shown a key. */
function webhookOf({ platforms }: WebhookServices, platform: string): PlatformWebhook {
  const webhook = platforms.get(platform)?.webhook
  if (webhook === undefined) throw new AppError('request/not_found')
  return webhook
}
