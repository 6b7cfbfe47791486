import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { badRequest, noSuchPath, wrongApplication } from './refusals.ts'
import type { Simulation } from './simulation.ts'
import type { Subscription } from './state.ts'

const text = z.union([z.string(), z.number().transform(String)]).catch('')
const Credentials = z.object({ client_id: text, client_secret: text })
const NewSubscription = Credentials.extend({ callback_url: text, verify_token: text })
const SubscriptionPath = z.object({ id: z.string() })

/** One subscription for the application; its calls count against no rate limit. */
export const pushSubscriptionsRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { options, webhooks } = simulation
  const checkApplication = (input: unknown) => {
    const credentials = Credentials.parse(input ?? {})
    if (credentials.client_id !== options.clientId || credentials.client_secret !== options.clientSecret)
      throw wrongApplication()
  }
  const shown = ({ id, callbackUrl, createdAt }: Subscription) => ({
    id,
    resource_state: 2,
    application_id: Number(options.clientId),
    callback_url: callbackUrl,
    created_at: createdAt,
    updated_at: createdAt,
  })

  app.post('/push_subscriptions', async ({ body }, reply) => {
    checkApplication(body)
    const { callback_url: callbackUrl, verify_token: verifyToken } = NewSubscription.parse(body)
    if (callbackUrl === '') throw badRequest('PushSubscription', 'callback url', 'missing')
    return reply.code(201).send(shown(await webhooks.subscribe({ callbackUrl, verifyToken })))
  })

  app.get('/push_subscriptions', async ({ query }) => {
    checkApplication(query)
    return webhooks.subscription === undefined ? [] : [shown(webhooks.subscription)]
  })

  app.delete('/push_subscriptions/:id', async ({ query, body, params }, reply) => {
    checkApplication({ ...(query as object), ...(body as object | null | undefined) })
    if (!webhooks.unsubscribe(SubscriptionPath.parse(params).id)) throw noSuchPath()
    return reply.code(204).send()
  })
}
