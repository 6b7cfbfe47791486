import formbody from '@fastify/formbody'
import type { FastifyPluginAsync } from 'fastify'
import { apiRoute } from './simulator/api.route.ts'
import { authorizeRoute } from './simulator/authorize.route.ts'
import { controlRoute } from './simulator/control.route.ts'
import { parseExactly } from './simulator/json.ts'
import type { StravaSimulatorOptions } from './simulator/options.ts'
import { pushSubscriptionsRoute } from './simulator/push-subscriptions.route.ts'
import { answerWith, noSuchPath, Refusal } from './simulator/refusals.ts'
import { openSimulation } from './simulator/simulation.ts'
import { tokenRoute } from './simulator/token.route.ts'

export { readOptions, type StravaSimulatorOptions } from './simulator/options.ts'

/**
 * Strava as a local server: its documented behaviour, faults included, written from the documentation alone. It shares nothing
 * with the code it tests. Registering throws an Error of one line when a file named in the options cannot be used.
 */
export const simulator: FastifyPluginAsync<StravaSimulatorOptions> = async (app, options) => {
  const simulation = openSimulation(options)
  const requestCounts = new Map<string, number>()
  const ownDoors = `${app.prefix}/simulate/`

  await app.register(formbody)
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: unknown, body: string | Buffer) => {
      try {
        return body.length === 0 ? undefined : parseExactly(String(body))
      } catch {
        throw new Refusal(400, { message: 'Bad Request', errors: [] })
      }
    },
  )
  app.setErrorHandler((error, _request, reply) => answerWith(error, reply))
  app.setNotFoundHandler(() => {
    throw noSuchPath()
  })
  app.addHook('onRequest', async (request) => {
    if (request.url.startsWith(ownDoors)) return
    const route = request.routeOptions.url?.slice(app.prefix.length) ?? 'no such path'
    requestCounts.set(`${request.method} ${route}`, (requestCounts.get(`${request.method} ${route}`) ?? 0) + 1)
    await simulation.faults.strike(request.url.slice(app.prefix.length))
  })
  app.addHook('onClose', () => simulation.webhooks.close())

  await app.register(authorizeRoute, { simulation })
  await app.register(tokenRoute, { simulation })
  await app.register(pushSubscriptionsRoute, { simulation, prefix: '/api/v3' })
  await app.register(apiRoute, { simulation, prefix: '/api/v3' })
  await app.register(controlRoute, { simulation, requestCounts, prefix: '/simulate' })
}
