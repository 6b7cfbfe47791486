import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { idOf } from './person.ts'
import type { Simulation } from './state.ts'

const LIFE_MS = 90 * 86_400_000
const Body = z.object({
  callback_url: z.url(),
  verification_token: z.string().min(1),
  event_type: z.enum(['create', 'update', 'delete']),
  data_type: z.string().min(1),
})
interface Route {
  Params: { id: string }
}

/** With the application's own credentials; one for each kind of document and event. */
export const subscriptionRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { notices, options } = simulation
  const expiry = () => new Date(simulation.now().getTime() + LIFE_MS).toISOString()
  app.addHook('onRequest', async ({ headers }, reply) => {
    const known = headers['x-client-id'] === options.clientId && headers['x-client-secret'] === options.clientSecret
    return known ? undefined : reply.code(401).send({ detail: 'bad credentials' })
  })

  app.get('/', async () => [...notices.subscriptions.values()].map(({ verification_token: _, ...shown }) => shown))

  app.post('/', async ({ body }, reply) => {
    const { data } = Body.safeParse(body)
    if (data === undefined) return reply.code(422).send({ detail: [] })
    const taken = [...notices.subscriptions.values()].some(
      (other) => other.data_type === data.data_type && other.event_type === data.event_type,
    )
    const confirmed = !taken && (await notices.isConfirmed(data.callback_url, data.verification_token))
    if (!confirmed) return reply.code(400).send({ detail: taken ? 'exists' : 'not confirmed' })
    const id = idOf(data.data_type, data.event_type, data.callback_url)
    const subscription = { id, ...data, expiration_time: expiry() }
    notices.subscriptions.set(id, subscription)
    return reply.code(201).send({ ...subscription, verification_token: undefined })
  })

  app.put<Route>('/renew/:id', async ({ params }, reply) => {
    const subscription = notices.subscriptions.get(params.id)
    if (subscription === undefined) return reply.code(404).send({ detail: 'Not Found' })
    if (!(await notices.isConfirmed(subscription.callback_url, subscription.verification_token)))
      return reply.code(400).send({ detail: 'not confirmed' })
    subscription.expiration_time = expiry()
    return { id: subscription.id, expiration_time: subscription.expiration_time }
  })

  app.delete<Route>('/:id', async ({ params }, reply) =>
    reply.code(notices.subscriptions.delete(params.id) ? 204 : 404).send(),
  )
}
