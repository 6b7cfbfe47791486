import { createHash } from 'node:crypto'
import type { FastifyPluginAsync } from 'fastify'
import { z } from 'zod'
import {
  type CheckPlatform,
  checkClaim,
  type FindRestriction,
  type PlatformRules,
  platformCheck,
} from '../access/allowed-platforms.ts'
import { checkForwardedToken } from '../access/identity.ts'
import type { Taken, TakeRequest } from '../access/rate-limit.ts'
import type { VerifyToken } from '../access/verify-token.ts'
import { AppError } from '../runtime/errors.ts'
import type { Secret } from '../runtime/secret.ts'
import { actorOf } from './actor-of.ts'
import { checkSecret } from './check-secret.ts'
import type { ActionCaller } from './define-action.ts'
import { applyLimits } from './limit-requests.ts'

/** What Hasura sends to an action's handler. */
const ActionCall = z.object({
  action: z.object({ name: z.string() }),
  input: z.unknown(),
  session_variables: z.record(z.string(), z.string()),
})

/** An action with its services bound. */
export interface BoundAction {
  readonly name: string
  readonly roles: readonly string[]
  readonly endsConsent?: boolean | undefined
  readonly openToErased?: boolean | undefined
  call(input: unknown, caller: ActionCaller): Promise<unknown>
}

export interface ActionsOptions {
  readonly actionSecret: Secret
  /** The one before, while a rotation goes on. */
  readonly previousActionSecret?: Secret | undefined
  readonly actions: readonly BoundAction[]
  /** Undefined: a call that brings a JWT is refused, for it cannot be checked. */
  readonly verifyToken: VerifyToken | undefined
  readonly takeRequest: TakeRequest
  readonly findRestriction: FindRestriction
  /** Whether this person was erased; counts it. */
  readonly isErased: (userId: string) => Promise<boolean>
}

/** `POST /actions/<name>` for Hasura alone: the shared secret first, then the identity that Hasura verified. */
export const actionRoutes: FastifyPluginAsync<ActionsOptions> = async (
  app,
  { actionSecret, previousActionSecret, actions, verifyToken, takeRequest, findRestriction, isErased },
) => {
  for (const action of actions) {
    app.post(`/actions/${action.name}`, async (request, reply) => {
      checkSecret(request.headers['x-action-secret'], [actionSecret, previousActionSecret])
      const call = ActionCall.safeParse(request.body)
      if (!call.success) throw new AppError('request/malformed', { problem: 'not the body of a Hasura action' })
      if (call.data.action.name !== action.name)
        throw new AppError('request/malformed', { problem: 'the action has another name' })
      const variables = call.data.session_variables
      const caller = callerOf(variables)
      request.actor = actorOf(caller)
      await checkForwardedToken(verifyToken, request.headers, caller)
      if (!action.roles.includes(caller.role)) throw new AppError('request/role_not_allowed', { action: action.name })
      // Before anything is written about who calls.
      if (action.openToErased !== true && (await isErased(caller.userId))) throw new AppError('erasure/person_erased')
      const platform = platformIn(call.data.input)
      applyLimits(reply, await countCall(takeRequest, nameFor(action, caller.userId), platform))
      const checkPlatform = checkFor(action, { variables, role: caller.role }, findRestriction)
      if (platform !== undefined) await checkPlatform(platform)
      return action.call(call.data.input, { ...caller, checkPlatform, requestId: request.id })
    })
  }
}

/** Consent can always be withdrawn (GDPR, article 7(3)): only the sign-in itself may not reach so far. */
function checkFor(action: BoundAction, rules: PlatformRules, findRestriction: FindRestriction): CheckPlatform {
  if (action.endsConsent !== true) return platformCheck(rules, findRestriction)
  return async (platform) => checkClaim(rules.variables, platform)
}

/** What every action calls its platform; a name of another shape is left to the action to refuse. */
function platformIn(input: unknown): string | undefined {
  return z.object({ platform: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/) }).safeParse(input).data?.platform
}

/** What the count is kept under. Who was erased may still ask for their report, and must not be named for it. */
function nameFor({ openToErased }: BoundAction, userId: string): string {
  return openToErased === true ? createHash('sha256').update(userId.toLowerCase()).digest('hex') : userId
}

/** Against the person's own limit, and against the narrower one of the platform that the call names. */
async function countCall(
  takeRequest: TakeRequest,
  userId: string,
  platform: string | undefined,
): Promise<readonly Taken[]> {
  const counts = [takeRequest('user', userId)]
  if (platform !== undefined) counts.push(takeRequest('user-platform', `${userId}:${platform}`))
  return Promise.all(counts)
}

function callerOf(session: Readonly<Record<string, string>>): Pick<ActionCaller, 'userId' | 'role'> {
  const userId = z.uuid().safeParse(session['x-hasura-user-id'])
  const role = session['x-hasura-role']
  if (!userId.success || role === undefined) throw new AppError('request/no_user')
  return { userId: userId.data, role }
}
