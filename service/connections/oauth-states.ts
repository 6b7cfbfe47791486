import type { Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

export interface NewOAuthState {
  readonly userId: string
  readonly platform: string
  readonly issuer: string
  readonly redirectUri: string
  readonly returnTo: string
  readonly stateHash: Buffer
  readonly verifierSealed: Buffer
}

/** Answers when the attempt lapses. */
export async function insertOAuthState(db: Db, state: NewOAuthState): Promise<Date> {
  const { rows } = await db.query<{ expires_at: Date }>(sql`
    insert into vault.oauth_states (user_id, platform, issuer, redirect_uri, return_to, state_hash, verifier_sealed, expires_at)
    values (${state.userId}::uuid, ${state.platform}, ${state.issuer}, ${state.redirectUri}, ${state.returnTo},
      ${state.stateHash}, ${state.verifierSealed}, now() + interval '10 minutes')
    returning expires_at`)
  if (rows[0] === undefined) throw new Error('an inserted row was not returned')
  return rows[0].expires_at
}

export interface Callback {
  readonly platform: string
  readonly stateHash: Buffer
  readonly codeSealed: Buffer
  readonly callbackScopes: string | null
  readonly handleHash: Buffer
}

/** Finds and uses up the state in one statement: of two callbacks at once, one gets the return address. */
export async function acceptOAuthState(db: Db, callback: Callback): Promise<string | undefined> {
  const { rows } = await db.query<{ return_to: string }>(sql`
    update vault.oauth_states
    set code_sealed = ${callback.codeSealed}, callback_scopes = ${callback.callbackScopes},
      handle_hash = ${callback.handleHash}, expires_at = now() + interval '60 seconds'
    where state_hash = ${callback.stateHash} and platform = ${callback.platform}
      and handle_hash is null and expires_at > now()
    returning return_to`)
  return rows[0]?.return_to
}

export async function deleteRefusedState(
  db: Db,
  { platform, stateHash }: { platform: string; stateHash: Buffer },
): Promise<{ returnTo: string; userId: string } | undefined> {
  const { rows } = await db.query<{ returnTo: string; userId: string }>(sql`
    delete from vault.oauth_states
    where state_hash = ${stateHash} and platform = ${platform} and handle_hash is null and expires_at > now()
    returning return_to as "returnTo", user_id as "userId"`)
  return rows[0]
}

/** An attempt that was just used up. */
export interface BurntState {
  /** Who began it. */
  readonly userId: string
  readonly belongsToCaller: boolean
  readonly platform: string
  readonly issuer: string
  readonly redirectUri: string
  readonly stateHash: Buffer
  readonly verifierSealed: Buffer
  /** Null when a native app brings the code itself. */
  readonly codeSealed: Buffer | null
  readonly callbackScopes: string | null
}

/** Burns the handle whoever brings it. */
export async function burnHandle(
  db: Db,
  { handleHash, callerId }: { handleHash: Buffer; callerId: string },
): Promise<BurntState | undefined> {
  const { rows } = await db.query<BurntState>(sql`
    delete from vault.oauth_states
    where handle_hash = ${handleHash} and expires_at > now()
    returning user_id as "userId", user_id = ${callerId}::uuid as "belongsToCaller", platform, issuer, redirect_uri as "redirectUri",
      state_hash as "stateHash", verifier_sealed as "verifierSealed", code_sealed as "codeSealed",
      callback_scopes as "callbackScopes"`)
  return rows[0]
}

/** Burns the state whoever brings it; one that came through the callback is no longer there to be found. */
export async function burnState(
  db: Db,
  { platform, stateHash, callerId }: { platform: string; stateHash: Buffer; callerId: string },
): Promise<BurntState | undefined> {
  const { rows } = await db.query<BurntState>(sql`
    delete from vault.oauth_states
    where state_hash = ${stateHash} and platform = ${platform} and handle_hash is null and expires_at > now()
    returning user_id as "userId", user_id = ${callerId}::uuid as "belongsToCaller", platform, issuer, redirect_uri as "redirectUri",
      state_hash as "stateHash", verifier_sealed as "verifierSealed", code_sealed as "codeSealed",
      callback_scopes as "callbackScopes"`)
  return rows[0]
}

export async function deleteLapsedStates(db: Db): Promise<number> {
  const { rowCount } = await db.query(sql`delete from vault.oauth_states where expires_at <= now()`)
  return rowCount
}
