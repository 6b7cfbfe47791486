import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import type { Simulation } from './simulation.ts'

const Person = z.object({ person: z.coerce.number().int().positive() })
const Permissions = z.object({ permissions: z.array(z.string()) })
const Endpoint = z.object({ url: z.url() })
const Faults = z.object({ statuses: z.array(z.number().int().min(400).max(599)) })

/** The simulator's own doors: what a person does at Garmin, and what their data adds up to. */
export const controlRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants, deliveries } = simulation

  app.post('/people/:person/permissions', async ({ params, body }, reply) => {
    const grant = grants.findByPerson(Person.parse(params).person)
    if (grant === undefined) return reply.code(404).send({})
    const { permissions } = Permissions.parse(body)
    grant.permissions = permissions
    const changeTimeInSeconds = Math.floor(simulation.now().getTime() / 1000)
    deliveries.send({
      userPermissionsChange: [{ userId: grant.userId, summaryId: 'p', permissions, changeTimeInSeconds }],
    })
    return {}
  })

  app.post('/people/:person/deregister', async ({ params }, reply) => {
    const grant = grants.findByPerson(Person.parse(params).person)
    if (grant === undefined) return reply.code(404).send({})
    grants.end(grant)
    deliveries.send({ deregistrations: [{ userId: grant.userId }] })
    return {}
  })

  /** Garmin's form of endpoints. */
  app.post('/endpoints', async ({ body }) => {
    deliveries.webhookUrl = Endpoint.parse(body).url
    return {}
  })

  /** The next requests are answered with these. */
  app.post('/faults', async ({ body }) => {
    simulation.faults.splice(0, Infinity, ...Faults.parse(body).statuses)
    return {}
  })

  /** Answers when everything that was sent has arrived. */
  app.post('/settle', async () => {
    await deliveries.settle()
    return { delivered: deliveries.sent }
  })
}
