import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { withFields } from './activity-fields.ts'
import { Fault } from './faults.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { noActivity, Refusal } from './refusals.ts'
import type { Simulation } from './simulation.ts'
import { endGrant } from './token.route.ts'
import { eventOf } from './webhook-events.ts'

const IdPath = z.object({ id: z.string() })
const AthletePath = z.object({ id: z.coerce.number().int().positive() })
const ChosenAthlete = z.object({ athlete_id: z.coerce.number().int().min(1).max(99_999).optional() })
const Plan = z.object({ next: z.array(Fault) })

/** The simulator's own doors, which Strava does not have: what an athlete does in the app, faults, and counts. */
export const controlRoute: FastifyPluginAsync<{
  simulation: Simulation
  requestCounts: ReadonlyMap<string, number>
}> = async (app, { simulation, requestCounts }) => {
  const { activities, faults, grants, state } = simulation

  app.post('/activity', async ({ body }, reply) => {
    const { athlete_id: chosen, ...fields } = bodyOf(body)
    const athleteId = ChosenAthlete.parse({ athlete_id: chosen }).athlete_id ?? state.latestAthleteId ?? 1
    const activity = withFields(activities.newRun(athleteId), fields)
    activities.put(athleteId, activity)
    announce(simulation, athleteId, { after: activity })
    return reply.code(201).send(activity)
  })

  app.patch('/activity/:id', async ({ body, params, query }) => {
    const { athleteId, activity: before } = find(simulation, { ...IdPath.parse(params), ...ChosenAthlete.parse(query) })
    const { id: _, ...fields } = bodyOf(body)
    const after = withFields(before, fields)
    activities.put(athleteId, after)
    announce(simulation, athleteId, { before, after })
    return after
  })

  app.delete('/activity/:id', async ({ params, query }, reply) => {
    const { id } = IdPath.parse(params)
    const { athleteId, activity: before } = find(simulation, { id, ...ChosenAthlete.parse(query) })
    activities.remove(athleteId, id)
    announce(simulation, athleteId, { before })
    return reply.code(204).send()
  })

  app.get('/athletes/:id/activities', async ({ params }) =>
    activities.list(AthletePath.parse(params).id).map((entry) => entry.summary()),
  )

  app.post('/athletes/:id/deauthorize', async ({ params }, reply) => {
    const grant = grants.findByAthlete(AthletePath.parse(params).id)
    if (grant !== undefined) endGrant(simulation, grant)
    return reply.code(grant === undefined ? 404 : 204).send()
  })

  app.post('/faults', async ({ body }, reply) => {
    const plan = Plan.safeParse(body)
    if (!plan.success) throw new Refusal(400, { message: z.prettifyError(plan.error) })
    faults.plan(plan.data.next)
    return reply.code(204).send()
  })

  app.get('/requests', async () => Object.fromEntries(requestCounts))
}

function bodyOf(body: unknown): JsonObject {
  const json = (body ?? {}) as Json
  if (!isObject(json)) throw new Refusal(400, { message: 'must be a JSON object of activity fields' })
  return json
}

/** Without a chosen athlete: whoever has it, the one that authorized last before the others. */
function find(
  { activities, state }: Simulation,
  wanted: { id: string; athlete_id?: number | undefined },
): { athleteId: number; activity: JsonObject } {
  const known = [state.latestAthleteId ?? 1, ...state.grants.keys(), ...state.changes.keys()]
  for (const athleteId of new Set(wanted.athlete_id === undefined ? known : [wanted.athlete_id])) {
    const entry = activities.find(athleteId, wanted.id)
    if (entry !== undefined) return { athleteId, activity: entry.summary() }
  }
  throw noActivity()
}

function announce(
  { grants, webhooks }: Simulation,
  athleteId: number,
  change: { before?: JsonObject; after?: JsonObject },
): void {
  const event = eventOf(grants.findByAthlete(athleteId)?.scopes ?? [], change)
  const id = (change.after ?? change.before)?.['id'] ?? null
  if (event !== undefined) webhooks.send({ event, object: { type: 'activity', id }, athleteId })
}
