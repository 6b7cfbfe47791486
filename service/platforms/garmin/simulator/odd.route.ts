import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { keep } from './data.route.ts'
import { runFile } from './run-file.ts'
import type { Simulation } from './simulation.ts'

const Person = z.object({ person: z.coerce.number().int().positive() })
const Mode = z.object({
  publicUrl: z.url().optional(),
  mode: z.enum(['push', 'ping']).optional(),
  historyDays: z.number().positive().optional(),
})

/** What happens seldom: tokens that end early, files, and how data comes. */
export const oddRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants } = simulation

  /** The access token ends before its time; the refresh token stays good. */
  app.post('/people/:person/expire', async ({ params }, reply) => {
    const grant = grants.findByPerson(Person.parse(params).person)
    if (grant === undefined) return reply.code(404).send({})
    grant.accessToken = 'expired'
    return {}
  })

  /** Whether data is pushed or announced, and how far back history goes. */
  app.post('/settings', async ({ body }) => {
    Object.assign(simulation, Mode.parse(body))
    return {}
  })

  /** The watch recorded a run of a minute: its file is announced, and where it waits is answered. */
  app.post('/people/:person/file', async ({ params }, reply) => {
    const { person } = Person.parse(params)
    const grant = grants.findByPerson(person)
    if (grant === undefined) return reply.code(404).send({})
    const startS = Math.floor(simulation.now().getTime() / 1000) - 3600
    const callbackURL = keep(simulation, 'activityFile', runFile(startS))
    const activityId = person * 1_000_000 + (startS % 1_000_000)
    const facts = { summaryId: String(activityId), activityId, startTimeInSeconds: startS, deviceName: 'Simulated 965' }
    const item = { userId: grant.userId, ...facts, fileType: 'FIT', activityType: 'RUNNING', callbackURL }
    await simulation.deliveries.sendInTurn({ activityFiles: [item] })
    return { activityId, startS, callbackURL }
  })
}
