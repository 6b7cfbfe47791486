import { AppError } from '../runtime/errors.ts'
import type { BoundAction } from './actions.ts'
import type { ActionDefinition, ActionName } from './define-action.ts'

/** Joins an action with its services. Throws request/malformed naming the argument. */
export function bindAction<Name extends ActionName, Input, Services>(
  action: ActionDefinition<Name, Input, Services>,
  services: Services,
): BoundAction {
  return {
    name: action.name,
    roles: action.roles ?? ['user'],
    endsConsent: action.endsConsent,
    openToErased: action.openToErased,
    async call(input, caller) {
      const parsed = action.input.safeParse(input)
      if (parsed.success) return action.run(parsed.data, caller, services)
      const issue = parsed.error.issues[0]
      throw new AppError('request/malformed', {
        problem: `${issue?.path.join('.') ?? 'input'}: ${issue?.message ?? 'not valid'}`,
      })
    },
  }
}
