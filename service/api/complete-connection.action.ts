import { z } from 'zod'
import { completeConnection } from '../connections/complete-connection.ts'
import type { ConnectionServices } from '../connections/services.ts'
import { AppError } from '../runtime/errors.ts'
import { defineAction } from './define-action.ts'

const oneTimeValue = z.string().min(1).max(4096).nullish()
const Input = z.object({
  handle: oneTimeValue,
  platform: z.string().nullish(),
  code: oneTimeValue,
  state: oneTimeValue,
  scope: z.string().max(4096).nullish(),
  iss: z.string().max(4096).nullish(),
})

export const completeConnectionAction = defineAction({
  name: 'completeConnection',
  input: Input,
  run: (input, { userId, checkPlatform }, services: ConnectionServices) =>
    completeConnection(services, {
      userId,
      ...eitherWay(input),
      ...(checkPlatform === undefined ? {} : { checkPlatform }),
    }),
})

type Way =
  | { handle: string }
  | { platform: string; code: string; state: string; scope: string | null; iss: string | null }

/** GraphQL cannot say "either or", so it is said here. Throws connection/handle_or_code. */
function eitherWay({ handle, platform, code, state, scope, iss }: z.infer<typeof Input>): Way {
  const given = (value: string | null | undefined): value is string => value !== null && value !== undefined
  if (given(handle) && !given(platform) && !given(code) && !given(state) && !given(scope) && !given(iss))
    return { handle }
  if (!given(handle) && given(platform) && given(code) && given(state))
    return { platform, code, state, scope: scope ?? null, iss: iss ?? null }
  throw new AppError('connection/handle_or_code')
}
