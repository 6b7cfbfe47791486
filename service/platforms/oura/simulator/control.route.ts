import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import { type Simulation, userIdOf } from './state.ts'

const Target = z.object({ person: z.coerce.number().int().positive(), list: z.string(), id: z.string() })
const Faults = z.object({ statuses: z.array(z.number().int().min(400).max(599)) })
const Range = z.object({ from: z.iso.date(), to: z.iso.date() })

/** The simulator's own doors: what a person does in Oura's app, and what their data adds up to. */
export const controlRoute: FastifyPluginAsync<{ simulation: Simulation }> = async (app, { simulation }) => {
  const tell = (event_type: string, { person, list, id }: z.infer<typeof Target>) =>
    simulation.notices.send({ event_type, data_type: list, object_id: id, user_id: userIdOf(person) }, simulation.now())

  /** The body's fields take the place of the document's. */
  app.patch('/people/:person/:list/:id', async ({ params, body }, reply) => {
    const target = Target.parse(params)
    const document = simulation.find(target, target.list, target.id)
    if (document === undefined) return reply.code(404).send({})
    simulation.edit(target.list, target.id, { ...document, ...(body as object) })
    tell('update', target)
    return {}
  })

  app.delete('/people/:person/:list/:id', async ({ params }) => {
    const target = Target.parse(params)
    simulation.edit(target.list, target.id, null)
    tell('delete', target)
    return {}
  })

  /** Without a change: a notice that is late, or sent twice. */
  app.post('/people/:person/:list/:id', async ({ params }) => {
    tell('update', Target.parse(params))
    return {}
  })

  app.get('/people/:person/:list', async ({ params, query }) => {
    const { person, list } = Target.omit({ id: true }).parse(params)
    const { from, to } = Range.parse(query)
    return simulation.list({ person }, list, { from: Date.parse(from), to: Date.parse(to) })
  })

  app.post('/faults', async ({ body }) => {
    simulation.faults.splice(0, Infinity, ...Faults.parse(body).statuses)
    return {}
  })

  /** Answers when everything that was sent has arrived. */
  app.post('/settle', async () => {
    await simulation.notices.settle()
    return { delivered: simulation.notices.sent }
  })
}
