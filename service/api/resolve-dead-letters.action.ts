import { z } from 'zod'
import { type DeadLetterServices, discardDeadLetters, retryDeadLetters } from '../failures/dead-letters.ts'
import type { LetterChoice } from '../failures/queries.ts'
import { AppError } from '../runtime/errors.ts'
import { actorOf } from './actor-of.ts'
import { type ActionCaller, defineAction } from './define-action.ts'

const text = z.string().min(1).max(200).nullish()
const instant = z.iso.datetime({ offset: true }).nullish()
const Choice = z.object({
  ids: z.array(z.uuid()).min(1).max(1_000).nullish(),
  filter: z
    .object({
      task: text,
      platform: text,
      cause: text,
      userId: z.uuid().nullish(),
      diedFrom: instant,
      diedBefore: instant,
    })
    .nullish(),
})

export const retryDeadLettersAction = defineAction({
  name: 'retryDeadLetters',
  roles: ['operator'],
  input: Choice,
  run: (input, caller, services: DeadLetterServices) =>
    retryDeadLetters(services, choiceOf(input), resolutionOf(caller)),
})

export const discardDeadLettersAction = defineAction({
  name: 'discardDeadLetters',
  roles: ['operator'],
  input: Choice,
  run: (input, caller, services: DeadLetterServices) =>
    discardDeadLetters(services, choiceOf(input), resolutionOf(caller)),
})

function resolutionOf(caller: ActionCaller) {
  return { actor: actorOf(caller), checkPlatform: caller.checkPlatform }
}

function choiceOf({ ids, filter }: z.infer<typeof Choice>): LetterChoice {
  if (!ids === !filter) throw new AppError('dead_letters/choice_missing')
  if (ids) return { ids }
  const { diedFrom, diedBefore, ...rest } = filter ?? {}
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null))
  return {
    filter: {
      ...given,
      ...(diedFrom && { diedFrom: new Date(diedFrom) }),
      ...(diedBefore && { diedBefore: new Date(diedBefore) }),
    },
  }
}
