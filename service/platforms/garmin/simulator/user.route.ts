import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import type { Simulation } from './simulation.ts'

export const BASE = '/wellness-api/rest'

/** Who the token belongs to, what they granted, and the end of it. */
export const userRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants, deliveries } = simulation

  app.get(`${BASE}/user/id`, async (request, reply) => {
    const grant = simulation.grantOf(request)
    return grant === undefined ? refuse(reply) : { userId: grant.userId }
  })
  app.get(`${BASE}/user/permissions`, async (request, reply) => {
    const grant = simulation.grantOf(request)
    return grant === undefined ? refuse(reply) : grant.permissions
  })
  app.delete(`${BASE}/user/registration`, async (request, reply) => {
    const grant = simulation.grantOf(request)
    if (grant === undefined) return refuse(reply)
    grants.end(grant)
    deliveries.send({ deregistrations: [{ userId: grant.userId }] })
    return reply.code(204).send()
  })
}

export function refuse(reply: FastifyReply): FastifyReply {
  return reply.code(401).send({ errorMessage: 'Token is not active' })
}
