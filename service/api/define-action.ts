import type { z } from 'zod'
import type { CheckPlatform } from '../access/allowed-platforms.ts'
import type { Mutation } from './generated/actions.ts'

/** The actions of hasura/metadata/actions.graphql, by name. */
export type ActionName = Exclude<keyof Mutation, 'unused'>

/** Who called, out of the session that Hasura verified; never out of an argument. */
export interface ActionCaller {
  readonly userId: string
  readonly role: string
  /** Done already for the argument `platform`; for an action that learns later which platform it is about. */
  readonly checkPlatform?: CheckPlatform
  /** As in the logs. */
  readonly requestId?: string
}

export interface ActionDefinition<Name extends ActionName, Input, Services> {
  /** Also the last part of its path. */
  readonly name: Name
  /** Who may call it, checked here again beside Hasura (OWASP API5:2023); absent: `user` alone. */
  readonly roles?: readonly string[]
  /** Open to a role that is kept from the platform: whoever gave consent can take it back. */
  readonly endsConsent?: boolean
  /** Open to a person who was erased. */
  readonly openToErased?: boolean
  readonly input: z.ZodType<Input>
  /** Answers what the action's output type promises. */
  run(input: Input, caller: ActionCaller, services: Services): Promise<Mutation[Name]>
}

export function defineAction<Name extends ActionName, Input, Services>(
  action: ActionDefinition<Name, Input, Services>,
): ActionDefinition<Name, Input, Services> {
  return action
}
