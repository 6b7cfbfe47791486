import { randomBytes } from 'node:crypto'
import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { activities, daily, epochItems, type Item, livedDays, sleep } from './days.ts'
import type { Simulation } from './simulation.ts'
import type { Grant } from './state.ts'
import { BASE, refuse } from './user.route.ts'

const LONGEST_S = 90 * 86_400
const Window = z.object({
  summaryStartTimeInSeconds: z.coerce.number().int(),
  summaryEndTimeInSeconds: z.coerce.number().int(),
})

/** What can be asked for; kinds that this simulator does not invent are accepted and stay empty. */
const KINDS: Readonly<Record<string, string>> = {
  dailies: 'HEALTH_EXPORT',
  epochs: 'HEALTH_EXPORT',
  sleeps: 'HEALTH_EXPORT',
  bodyComps: 'HEALTH_EXPORT',
  stressDetails: 'HEALTH_EXPORT',
  userMetrics: 'HEALTH_EXPORT',
  pulseOx: 'HEALTH_EXPORT',
  respiration: 'HEALTH_EXPORT',
  hrv: 'HEALTH_EXPORT',
  healthSnapshot: 'HEALTH_EXPORT',
  bloodPressures: 'HEALTH_EXPORT',
  skinTemp: 'HEALTH_EXPORT',
  activities: 'ACTIVITY_EXPORT',
  activityDetails: 'ACTIVITY_EXPORT',
  moveiq: 'ACTIVITY_EXPORT',
}

export const dataRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { waiting } = simulation

  app.get<{ Params: { kind: string } }>(`${BASE}/backfill/:kind`, async (request, reply) => {
    const { kind } = request.params
    const grant = simulation.grantOf(request)
    if (grant === undefined) return refuse(reply)
    const window = Window.safeParse(request.query)
    const permission = KINDS[kind]
    if (permission === undefined) return reply.code(404).send({ errorMessage: 'no such summary' })
    if (!window.success) return reply.code(400).send({ errorMessage: 'no window' })
    const { summaryStartTimeInSeconds: from, summaryEndTimeInSeconds: to } = window.data
    if (!grant.permissions.includes('HISTORICAL_DATA_EXPORT') || !grant.permissions.includes(permission))
      return reply.code(403).send({ errorMessage: 'not permitted' })
    if (to <= from || to - from > LONGEST_S) return reply.code(400).send({ errorMessage: 'window too long' })
    if (from < simulation.now().getTime() / 1000 - simulation.historyDays * 86_400)
      return reply.code(400).send({ errorMessage: 'start time is before min start time' })
    const name = `${kind} ${from} ${to}`
    if (grant.asked.has(name)) return reply.code(409).send({ errorMessage: 'duplicate backfill' })
    grant.asked.add(name)
    const list = itemsOf(kind, grant, { from, to })
    if (list !== undefined) announce(simulation, list)
    return reply.code(202).send()
  })

  app.get<{ Params: { kind: string }; Querystring: { token?: string } }>(`${BASE}/:kind`, async (request, reply) => {
    if (simulation.grantOf(request) === undefined) return refuse(reply)
    const token = request.query.token ?? ''
    const answer = waiting.get(token)
    waiting.delete(token)
    return answer === undefined
      ? reply.code(410).send({ errorMessage: 'gone' })
      : reply.type(typeof answer === 'string' ? 'application/json' : 'application/octet-stream').send(answer)
  })
}

interface List {
  readonly name: string
  readonly userId: string
  readonly items: readonly Item[]
}

function itemsOf(kind: string, owner: Grant, { from, to }: { from: number; to: number }): List | undefined {
  const { person, userId } = owner
  const days = livedDays(person, from, to)
  switch (kind) {
    case 'dailies':
      return { name: 'dailies', userId, items: days.map((day) => daily(owner, day)) }
    case 'sleeps':
      return {
        name: 'sleeps',
        userId,
        items: days.flatMap((day) => sleep(owner, day, 'ENHANCED_FINAL') ?? []),
      }
    case 'epochs':
      return { name: 'epochs', userId, items: days.flatMap((day) => epochItems(userId, day)) }
    case 'activities':
      return { name: 'activities', userId, items: days.flatMap((day) => activities(owner, day)) }
    default:
      return undefined
  }
}

/** Pushed in portions, or announced by an address that answers once. */
export function announce(simulation: Simulation, { name, userId, items }: List): void {
  const size = 500
  for (let at = 0; at < items.length; at += size) {
    const portion = items.slice(at, at + size)
    if (simulation.mode === 'push') simulation.deliveries.send({ [name]: portion })
    else {
      const callbackURL = keep(simulation, name, JSON.stringify(portion.map(({ userId: _, ...item }) => item)))
      simulation.deliveries.send({ [name]: [{ userId, callbackURL }] })
    }
  }
}

/** Answers the address at which it waits; with the token in it the address is good once. */
export function keep({ publicUrl, waiting }: Simulation, path: string, answer: string | Buffer): string {
  const token = randomBytes(12).toString('hex')
  waiting.set(token, answer)
  return `${publicUrl}${BASE}/${path}?token=${token}`
}
