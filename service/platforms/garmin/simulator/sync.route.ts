import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { announce } from './data.route.ts'
import { activities, daily, livedDays, sleep, totals } from './days.ts'
import { bookOf, deliveriesOf } from './lived-days.ts'
import type { Simulation } from './simulation.ts'

const Person = z.object({ person: z.coerce.number().int().positive() })
const Window = z.object({ from: z.coerce.number().int(), to: z.coerce.number().int() })

/** What a person's watch does, and what their data adds up to. */
export const syncRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const { grants } = simulation

  app.get('/people/:person/totals', async ({ params, query }) => {
    const { person } = Person.parse(params)
    const { from, to } = Window.parse(query)
    return totals(person, livedDays(person, from, to))
  })

  /** The person lives these days, all at once: everything is delivered in its order. Answers what they come to, by date. */
  app.post('/people/:person/live', async ({ params, body }, reply) => {
    const { person } = Person.parse(params)
    const { from: fromS, to: toS } = Window.parse(body)
    const grant = grants.findByPerson(person)
    if (grant === undefined) return reply.code(404).send({})
    for (const each of deliveriesOf(grant, { fromS, toS })) await simulation.deliveries.sendInTurn(each)
    return { book: bookOf(person, { fromS, toS }) }
  })

  /** The watch syncs: the last two days come, today's as far as it has got. */
  app.post('/people/:person/sync', async ({ params }, reply) => {
    const { person } = Person.parse(params)
    const grant = grants.findByPerson(person)
    if (grant === undefined) return reply.code(404).send({})
    const { userId } = grant
    const nowS = Math.floor(simulation.now().getTime() / 1000)
    const days = livedDays(person, nowS - 2 * 86_400, nowS)
    announce(simulation, {
      name: 'dailies',
      userId,
      items: days.map((day, index) => daily(grant, day, index === days.length - 1 ? 0.5 : 1)),
    })
    announce(simulation, {
      name: 'sleeps',
      userId,
      items: days.flatMap((day) => sleep(grant, day, 'ENHANCED_TENTATIVE') ?? []),
    })
    announce(simulation, {
      name: 'activities',
      userId,
      items: days.slice(0, -1).flatMap((day) => activities(grant, day)),
    })
    return { days: days.length }
  })
}
