import type { z } from 'zod'

/** Who called, out of the session that Hasura verified; never out of an argument. */
export interface ActionCaller {
  readonly userId: string
  readonly role: string
}

export interface ActionDefinition<Input, Output, Services> {
  /** The action's name in hasura/metadata/actions.graphql, and the last part of its path. */
  readonly name: string
  readonly input: z.ZodType<Input>
  run(input: Input, caller: ActionCaller, services: Services): Promise<Output>
}

export function defineAction<Input, Output, Services>(
  action: ActionDefinition<Input, Output, Services>,
): ActionDefinition<Input, Output, Services> {
  return action
}
