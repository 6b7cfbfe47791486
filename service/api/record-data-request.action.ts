import { z } from 'zod'
import { type AskedFor, openRequest, type RequestServices } from '../compliance/requests/requests.ts'
import type { Database } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { actorOf } from './actor-of.ts'
import { type ActionCaller, defineAction } from './define-action.ts'

export type RequestActionServices = RequestServices & { readonly db: Database }

const Input = z.object({
  kind: z.enum(['access', 'export', 'erasure', 'rectification', 'restriction', 'objection']),
  userId: z.uuid().nullish(),
  channel: z.enum(['email', 'letter', 'other']).nullish(),
  receivedAt: z.coerce.date().nullish(),
})

export const recordDataRequestAction = defineAction({
  name: 'recordDataRequest',
  roles: ['user', 'operator'],
  input: Input,
  async run(input, caller, services: RequestActionServices) {
    const asked = askedBy(caller, input)
    return { id: await services.db.transaction((tx) => openRequest(services, tx, asked)) }
  },
})

/** A person asks for themselves and now; an operator tells what came another way. */
function askedBy(caller: ActionCaller, { kind, userId, channel, receivedAt }: z.infer<typeof Input>): AskedFor {
  const actor = actorOf(caller)
  const isOther = userId != null || channel != null || receivedAt != null
  if (actor.kind === 'user') {
    if (isOther)
      throw new AppError('request/malformed', { problem: 'userId, channel and receivedAt are for operators' })
    return { userId: caller.userId, kind, channel: 'app', actor }
  }
  if (userId == null || channel == null)
    throw new AppError('request/malformed', { problem: 'userId and channel: say who asked, and how' })
  return { userId, kind, channel, ...(receivedAt == null ? {} : { receivedAt }), actor }
}
