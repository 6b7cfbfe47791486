import { randomBytes } from 'node:crypto'
import { AppError } from '../runtime/errors.ts'
import { Secret } from '../runtime/secret.ts'
import { auditConnection, byPlatform } from './audit.ts'
import { acceptOAuthState, deleteRefusedState } from './oauth-states.ts'
import { getPlatformOAuth, hashOneTimeValue, isFromIssuer } from './platform-oauth.ts'
import type { ConnectionServices } from './services.ts'

export interface CallbackInput {
  readonly platform: string
  readonly state: string | undefined
  readonly code: string | undefined
  readonly error: string | undefined
  readonly scope: string | undefined
  readonly iss?: string | undefined
}

type CallbackServices = Pick<ConnectionServices, 'db' | 'vault' | 'platforms' | 'audit'>

/**
 * Takes what the platform sent back with the browser and answers where the browser goes: the app's address with a one-time handle, or
 * an error word, in the fragment. Nobody is signed in here, so the code is kept and not exchanged. The handle lives for a minute.
 * Throws connection/handle_invalid when the state is unknown, used, expired or another platform's, and when `iss` is not the platform's.
 */
export async function acceptCallback(services: CallbackServices, input: CallbackInput): Promise<{ location: string }> {
  const { platform, state, code, error, scope } = input
  const oauth = getPlatformOAuth(services.platforms, platform)
  if (state === undefined || state === '') throw new AppError('connection/handle_invalid')
  // An answer of another server, errors included, says nothing about this attempt: it stays as it was.
  if (!isFromIssuer(oauth, input.iss)) throw new AppError('connection/handle_invalid', { why: 'issuer' })
  const stateHash = hashOneTimeValue(state)
  if (error !== undefined) return await acceptRefusal(services, { platform, stateHash, error })
  if (code === undefined || code === '') throw new AppError('connection/handle_invalid')
  const handle = randomBytes(32).toString('base64url')
  const returnTo = await acceptOAuthState(services.db, {
    platform,
    stateHash,
    codeSealed: await services.vault.sealOAuthSecret({ platform, stateHash, kind: 'code' }, new Secret(code)),
    callbackScopes: scope ?? null,
    handleHash: hashOneTimeValue(handle),
  })
  return redirect(returnTo, { handle })
}

async function acceptRefusal(
  { db, audit }: CallbackServices,
  { platform, stateHash, error }: { platform: string; stateHash: Buffer; error: string },
): Promise<{ location: string }> {
  // Two words of our own: what the platform wrote is not passed on.
  const word = error === 'access_denied' ? 'access_denied' : 'authorization_failed'
  const refused = await db.transaction(async (tx) => {
    const attempt = await deleteRefusedState(tx, { platform, stateHash })
    if (attempt === undefined) return undefined
    const what = { action: 'connection.consent_refused', actor: byPlatform(platform), details: { error: word } }
    await auditConnection({ audit, tx }, { userId: attempt.userId, platform }, { ...what, outcome: 'refused' })
    return attempt
  })
  return redirect(refused?.returnTo, { error: word })
}

function redirect(returnTo: string | undefined, fragment: Record<string, string>): { location: string } {
  if (returnTo === undefined) throw new AppError('connection/handle_invalid')
  const location = new URL(returnTo)
  // A fragment is not sent to servers and not passed on as a referrer.
  location.hash = new URLSearchParams(fragment).toString()
  return { location: location.href }
}
