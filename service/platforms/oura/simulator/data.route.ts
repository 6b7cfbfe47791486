import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { type Document, heartRatesOf } from './person.ts'
import type { Grant, Simulation } from './state.ts'

const BASE = '/v2/usercollection'
const PAGE = 40
const HEART_PAGE = 2000
const DAY_MS = 86_400_000

/** Path and scope of each list. */
const SCOPE_OF: Readonly<Record<string, string>> = {
  sleep: 'daily',
  workout: 'workout',
  session: 'session',
  daily_activity: 'daily',
  daily_readiness: 'daily',
  daily_sleep: 'daily',
  daily_spo2: 'spo2',
  daily_stress: 'stress',
  daily_resilience: 'stress',
  daily_cardiovascular_age: 'heart_health',
  vO2_max: 'heart_health',
  heartrate: 'heartrate',
}

type Query = Readonly<Record<string, string | undefined>>
interface Route {
  Params: { list: string; id: string }
  Querystring: Query
}

export const dataRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const permitted = (request: FastifyRequest, reply: FastifyReply, scope: string): Grant | undefined => {
    const grant = simulation.grantOf(request)
    if (grant === undefined) reply.code(401).send({ detail: 'Unauthorized: the access token is expired or revoked' })
    else if (grant.scopes.includes(scope)) return grant
    else reply.code(401).send({ detail: 'Token not authorized' })
    return undefined
  }

  app.get(`${BASE}/personal_info`, async (request, reply) => {
    const grant = permitted(request, reply, 'personal')
    return grant === undefined
      ? reply
      : { id: grant.userId, age: 38, weight: 71.5, height: 1.78, biological_sex: 'female', email: null }
  })

  app.get<Route>(`${BASE}/:list`, async (request, reply) => {
    const { list } = request.params
    const scope = SCOPE_OF[list]
    if (scope === undefined) return reply.code(404).send({ detail: 'Not Found' })
    const grant = permitted(request, reply, scope)
    if (grant === undefined) return reply
    const documents = list === 'heartrate' ? heartRates(grant, request.query) : days(grant, list, request.query)
    return documents === undefined
      ? reply.code(400).send({ detail: 'bad range' })
      : pageOf(documents, request.query, list)
  })

  app.get<Route>(`${BASE}/:list/:id`, async (request, reply) => {
    const { list, id } = request.params
    const grant = permitted(request, reply, SCOPE_OF[list] ?? 'none')
    if (grant === undefined) return reply
    return simulation.find(grant, list.toLowerCase(), id) ?? reply.code(404).send({ detail: 'Not Found' })
  })

  function days(grant: Grant, list: string, { start_date, end_date }: Query): Document[] | undefined {
    const [from, to] = [Date.parse(start_date ?? ''), Date.parse(end_date ?? '')]
    return to >= from && to - from <= 40 * DAY_MS ? simulation.list(grant, list.toLowerCase(), { from, to }) : undefined
  }

  function heartRates({ person }: Grant, { start_datetime, end_datetime }: Query): Document[] | undefined {
    const [from, to] = [Date.parse(start_datetime ?? ''), Date.parse(end_datetime ?? '')]
    if (!(to >= from && to - from <= 30 * DAY_MS)) return undefined
    const now = simulation.now().getTime()
    return heartRatesOf(person, Math.max(from, now - simulation.options.days * DAY_MS), Math.min(to, now))
  }
}

function pageOf(documents: readonly Document[], { next_token: token }: Query, list: string) {
  const size = list === 'heartrate' ? HEART_PAGE : PAGE
  const start = Number(token ?? 0)
  const end = start + size
  return { data: documents.slice(start, end), next_token: end < documents.length ? String(end) : null }
}
