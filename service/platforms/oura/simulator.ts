import formbody from '@fastify/formbody'
import type { FastifyPluginAsync } from 'fastify'
import { controlRoute } from './simulator/control.route.ts'
import { dataRoute } from './simulator/data.route.ts'
import { oauthRoute } from './simulator/oauth.route.ts'
import type { OuraSimulatorOptions } from './simulator/options.ts'
import { Simulation } from './simulator/state.ts'
import { subscriptionRoute } from './simulator/subscription.route.ts'

export { readOptions, serviceEnvironment } from './simulator/options.ts'

/** Oura as a local server: consent, tokens, documents, subscriptions and signed notices. It shares nothing with the code it tests. */
export const simulator: FastifyPluginAsync<OuraSimulatorOptions> = async (app, options) => {
  const simulation = new Simulation(options)
  const ownDoors = `${app.prefix}/simulate/`
  await app.register(formbody)
  app.addHook('onRequest', async ({ url }, reply) => {
    if (url.startsWith(ownDoors)) return undefined
    const status = simulation.faults.shift() ?? (simulation.allow() ? undefined : 429)
    const headers = status === 429 ? { 'retry-after': '60' } : {}
    return status === undefined
      ? undefined
      : reply.code(status).headers(headers).send({ detail: 'a planned fault, or too many requests' })
  })
  app.addHook('onClose', () => simulation.notices.settle())
  await app.register(oauthRoute, { simulation })
  await app.register(dataRoute, { simulation })
  await app.register(subscriptionRoute, { simulation, prefix: '/v2/webhook/subscription' })
  await app.register(controlRoute, { simulation, prefix: '/simulate' })
}
