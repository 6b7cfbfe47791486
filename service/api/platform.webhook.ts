import type { FastifyPluginAsync } from 'fastify'
import { receiveDelivery } from '../ingestion/receive-delivery.ts'
import type { Platforms, PlatformWebhook } from '../platforms/contract.ts'
import { equalInConstantTime } from '../runtime/constant-time.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'

export interface WebhookServices {
  readonly db: Database
  readonly platforms: Platforms
  readonly sealInbox: (platform: string, body: Buffer) => Promise<Buffer>
}

interface WebhookRoute {
  Params: { platform: string; secret: string }
  Querystring: Record<string, unknown>
  Body?: Buffer
}

/** `/webhooks/<platform>/<secret>`: POST for deliveries, GET for the handshake when a subscription is made. */
export const platformWebhook: FastifyPluginAsync<WebhookServices> = async (app, services) => {
  app.removeAllContentTypeParsers() // digests and signatures cover the bytes as sent, so nothing may parse them first
  const bodyLimit = Math.max(1, ...[...services.platforms.values()].map(({ webhook }) => webhook?.bodyLimitBytes ?? 1))
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body))

  app.post<WebhookRoute>('/webhooks/:platform/:secret', { bodyLimit }, async (request, reply) => {
    const { platform } = request.params
    const webhook = webhookAt(services.platforms, request.params)
    const rawBody = request.body ?? Buffer.alloc(0)
    if (rawBody.byteLength > webhook.bodyLimitBytes) throw new AppError('request/too_large')
    await receiveDelivery(services, { platform, webhook, rawBody }).catch((cause: unknown) => {
      throw cause instanceof AppError ? cause : new AppError('webhook/not_stored', { platform }, { cause })
    })
    return reply.code(200).send() // exactly 200: to Strava and Garmin a 202 is a failure
  })

  app.get<WebhookRoute>('/webhooks/:platform/:secret', async (request) =>
    webhookAt(services.platforms, request.params).handshake(request.query),
  )
}

/** A wrong secret is answered like an address that does not exist. */
function webhookAt(platforms: Platforms, { platform, secret }: WebhookRoute['Params']): PlatformWebhook {
  const webhook = platforms.get(platform)?.webhook
  const matches = equalInConstantTime(secret, webhook?.pathSecret.reveal() ?? '')
  if (webhook === undefined || !matches) throw new AppError('request/not_found')
  return webhook
}
