import type { Db, Tx } from '../../runtime/db.ts'
import { sql } from '../../runtime/sql.ts'

export interface TextKey {
  readonly platform: string
  readonly purpose: string
}

export interface PublishedText extends TextKey {
  readonly version: number
  readonly locale: string
  readonly sha256: string
}

/** One publication of a platform's texts at a time. */
export async function lockTexts(tx: Tx, { platform, purpose }: TextKey): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`consent text:${platform}:${purpose}`}::text, 0))`)
}

export async function findCurrentTexts(
  db: Db,
  { platform, purpose }: TextKey,
): Promise<readonly (PublishedText & { readonly body: string })[]> {
  const { rows } = await db.query<PublishedText & { body: string }>(sql`
    select platform, purpose, version, locale, sha256, body from public.current_consent_texts
    where platform = ${platform} and purpose = ${purpose} order by locale`)
  return rows
}

export async function hasPlatform(db: Db, platform: string): Promise<boolean> {
  return (await db.query(sql`select 1 from public.platforms where id = ${platform}`)).rowCount > 0
}

/** A purpose that nobody has heard of is one of the operator's own: nothing here depends on it. */
export async function insertText(tx: Tx, text: Omit<PublishedText, 'sha256'> & { body: string }): Promise<string> {
  await tx.query(sql`
    insert into public.consent_purposes (id, description) values (${text.purpose}, 'A purpose of the operator''s own')
    on conflict (id) do nothing`)
  const { rows } = await tx.query<{ sha256: string }>(sql`
    insert into public.consent_texts (platform, purpose, version, locale, body, sha256)
    values (${text.platform}, ${text.purpose}, ${text.version}::integer, ${text.locale}, ${text.body}::text,
      encode(sha256(convert_to(${text.body}::text, 'UTF8')), 'hex'))
    returning sha256`)
  if (rows[0] === undefined) throw new Error('an inserted row was not returned')
  return rows[0].sha256
}

/** Makes the person known and waits for everybody who writes their data: what comes after sees the decision. */
export async function lockPersonForDecision(tx: Tx, userId: string): Promise<void> {
  await tx.query(sql`insert into public.app_users (user_id) values (${userId}::uuid) on conflict (user_id) do nothing`)
  await tx.query(sql`select 1 from public.app_users where user_id = ${userId}::uuid for update`)
}

export interface LatestDecision {
  readonly decision: 'given' | 'withdrawn'
  readonly version: number
  readonly locale: string
  readonly sha256: string
}

export async function findLatestDecision(
  tx: Tx,
  { userId, platform, purpose }: TextKey & { userId: string },
): Promise<LatestDecision | undefined> {
  const { rows } = await tx.query<LatestDecision>(sql`
    select decision, text_version as version, text_locale as locale, text_sha256 as sha256 from public.consents
    where user_id = ${userId}::uuid and platform = ${platform} and purpose = ${purpose}
    order by position desc limit 1`)
  return rows[0]
}

export interface NewDecision extends TextKey, LatestDecision {
  readonly userId: string
  readonly channel: 'app' | 'email' | 'letter' | 'other'
  readonly evidence: string | null
  /** Null: now. */
  readonly decidedAt: Date | null
}

export async function insertDecision(tx: Tx, decision: NewDecision): Promise<void> {
  await tx.query(sql`
    insert into public.consents
      (user_id, platform, purpose, decision, text_version, text_locale, text_sha256, channel, evidence, decided_at)
    values (${decision.userId}::uuid, ${decision.platform}, ${decision.purpose}, ${decision.decision},
      ${decision.version}::integer, ${decision.locale}, ${decision.sha256}, ${decision.channel}, ${decision.evidence},
      coalesce(${decision.decidedAt}::timestamptz, now()))`)
}

export async function hasConsent(db: Db, { userId, platform }: { userId: string; platform: string }): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>(sql`select ops.has_consent(${userId}::uuid, ${platform}) as has`)
  return rows[0]?.has ?? false
}

export interface ConsentState extends TextKey {
  readonly status: 'given' | 'withdrawn' | 'outdated'
  readonly version: number
}

export async function listConsentStates(db: Db, userId: string): Promise<readonly ConsentState[]> {
  const { rows } = await db.query<ConsentState>(sql`
    select platform, purpose, status, text_version as version from public.consent_states
    where user_id = ${userId}::uuid order by platform, purpose`)
  return rows
}
