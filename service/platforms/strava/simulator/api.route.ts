import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Entry } from './activities.ts'
import { zonesOfActivity } from './activity-zones.ts'
import { detailedAthlete, statsOf, summaryAthlete, zonesOf } from './athletes.ts'
import { PageRequest, pageOf } from './paging.ts'
import {
  badRequest,
  missingScope,
  noActivity,
  noStreams,
  noSuchPath,
  rateLimitExceeded,
  wrongAccessToken,
} from './refusals.ts'
import type { Simulation } from './simulation.ts'
import type { Grant } from './state.ts'
import { streamsOf } from './streams.ts'
import { bearerToken } from './token.route.ts'

const ActivityPath = z.object({ id: z.string() })
const StreamsQuery = z.object({ keys: z.string().catch(''), key_by_type: z.string().optional() })

/** The data calls, below `/api/v3`. The bearer token is accepted in the header only. */
export const apiRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  app.addHook('onRequest', async (request, reply) => {
    // Without a known token Strava cannot tell the application, so nothing is counted and no limit is shown.
    grantOf(simulation, request)
    const { refused, headers } = simulation.limiter.count('read')
    reply.headers(headers)
    if (refused) throw rateLimitExceeded()
  })
  app.setNotFoundHandler(() => {
    throw noSuchPath()
  })
  serveAthlete(app, simulation)
  serveActivities(app, simulation)
}

function serveAthlete(app: FastifyInstance, simulation: Simulation): void {
  app.get('/athlete', async (request) => {
    const { athleteId, scopes } = grantOf(simulation, request)
    return scopes.includes('profile:read_all') ? detailedAthlete(athleteId) : summaryAthlete(athleteId)
  })

  app.get('/athlete/zones', async (request) => {
    const { athleteId, scopes } = grantOf(simulation, request)
    if (!scopes.includes('profile:read_all')) throw missingScope('profile:read_permission')
    return zonesOf(athleteId)
  })

  app.get('/athletes/:id/stats', async (request) => {
    const { athleteId } = grantOf(simulation, request)
    if (ActivityPath.parse(request.params).id !== String(athleteId)) throw noSuchPath()
    return statsOf(simulation.activities.list(athleteId), simulation.now())
  })
}

function serveActivities(app: FastifyInstance, simulation: Simulation): void {
  app.get('/athlete/activities', async (request) => {
    const { shortPages, pageSize } = simulation.options
    const asked = PageRequest.parse(request.query)
    const page = { ...asked, per_page: Math.min(asked.per_page, pageSize) }
    return pageOf(visibleEntries(simulation, request), page, shortPages).map((entry) => entry.summary())
  })

  app.get('/activities/:id', async (request) => findVisible(simulation, request).detail())

  app.get('/activities/:id/laps', async (request) => findVisible(simulation, request).detail()['laps'] ?? [])

  app.get('/activities/:id/zones', async (request) => zonesOfActivity(findVisible(simulation, request).detail()))

  app.get('/activities/:id/streams', async (request) => {
    const { keys, key_by_type: byType } = StreamsQuery.parse(request.query)
    const streams = streamsOf(findVisible(simulation, request).summary())
    if (keys === '') throw badRequest('Stream', 'keys', 'missing')
    if (streams.size === 0) throw noStreams()
    const wanted = [...streams].filter(([key]) => keys.split(',').includes(key))
    const described = wanted.map(([type, data]) => ({
      type,
      data,
      series_type: 'distance',
      original_size: data.length,
      resolution: 'high',
    }))
    return byType === 'true' ? Object.fromEntries(described.map(({ type, ...stream }) => [type, stream])) : described
  })
}

function grantOf({ grants }: Simulation, request: FastifyRequest): Grant {
  const grant = grants.findByAccessToken(bearerToken(request) ?? '')
  if (grant === undefined) throw wrongAccessToken()
  return grant
}

function visibleEntries(simulation: Simulation, request: FastifyRequest): readonly Entry[] {
  const { athleteId, seesAll } = readerOf(simulation, request)
  const entries = simulation.activities.list(athleteId)
  return seesAll ? entries : entries.filter(({ onlyMe }) => !onlyMe)
}

function findVisible(simulation: Simulation, request: FastifyRequest): Entry {
  const { athleteId, seesAll } = readerOf(simulation, request)
  const entry = simulation.activities.find(athleteId, ActivityPath.parse(request.params).id)
  if (entry === undefined || (entry.onlyMe && !seesAll)) throw noActivity()
  return entry
}

function readerOf(simulation: Simulation, request: FastifyRequest): { athleteId: number; seesAll: boolean } {
  const { athleteId, scopes } = grantOf(simulation, request)
  const seesAll = scopes.includes('activity:read_all')
  if (!seesAll && !scopes.includes('activity:read')) throw missingScope('activity:read_permission')
  return { athleteId, seesAll }
}
