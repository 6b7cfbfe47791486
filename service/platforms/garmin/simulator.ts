import formbody from '@fastify/formbody'
import type { FastifyPluginAsync } from 'fastify'
import { controlRoute } from './simulator/control.route.ts'
import { dataRoute } from './simulator/data.route.ts'
import { exchangeRoute } from './simulator/exchange.route.ts'
import { oauthRoute } from './simulator/oauth.route.ts'
import { oddRoute } from './simulator/odd.route.ts'
import type { GarminSimulatorOptions } from './simulator/options.ts'
import { openSimulation } from './simulator/simulation.ts'
import { syncRoute } from './simulator/sync.route.ts'
import { tokenRoute } from './simulator/token.route.ts'
import { userRoute } from './simulator/user.route.ts'

export { type GarminSimulatorOptions, readOptions } from './simulator/options.ts'

/**
 * Garmin Connect as a local server: consent page, tokens, permissions, backfill, push and ping, as partners describe them. It shares
 * nothing with the code it tests.
 */
export const simulator: FastifyPluginAsync<GarminSimulatorOptions> = async (app, options) => {
  const simulation = openSimulation(options)
  const ownDoors = `${app.prefix}/simulate/`
  await app.register(formbody)
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith(ownDoors)) return undefined
    const status = simulation.faults.shift() ?? (simulation.allow() ? undefined : 429)
    return status === undefined
      ? undefined
      : reply.code(status).send({ errorMessage: 'a planned fault, or too many requests' })
  })
  app.addHook('onClose', () => simulation.deliveries.close())
  await app.register(oauthRoute, { simulation })
  await app.register(tokenRoute, { simulation })
  await app.register(userRoute, { simulation })
  await app.register(exchangeRoute, { simulation })
  await app.register(dataRoute, { simulation })
  await app.register(syncRoute, { simulation, prefix: '/simulate' })
  await app.register(oddRoute, { simulation, prefix: '/simulate' })
  await app.register(controlRoute, { simulation, prefix: '/simulate' })
}
