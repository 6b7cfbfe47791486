import type { AuditActor, RecordAudit } from '../runtime/audit-event.ts'
import type { Database, Db } from '../runtime/db.ts'
import { sql } from '../runtime/sql.ts'

/** Roles that can be kept from a platform. */
export const RESTRICTABLE_ROLES = ['user', 'operator', 'auditor'] as const

export interface RolePlatform {
  readonly role: string
  readonly platform: string
}

export interface Restriction extends RolePlatform {
  readonly reason: string | null
  readonly createdAt: Date
}

interface RestrictionServices {
  readonly db: Database
  readonly audit: RecordAudit
}

export async function isRestricted(db: Db, { role, platform }: RolePlatform): Promise<boolean> {
  const { rows } = await db.query(sql`
    select from public.role_platform_restrictions where role = ${role} and platform = ${platform}`)
  return rows.length > 0
}

/** From the next request on, in Hasura as well. Answers whether anything changed; safe to call again, the first reason stays. */
export async function restrictRole(
  { db, audit }: RestrictionServices,
  actor: AuditActor,
  { role, platform, reason }: RolePlatform & { reason: string | undefined },
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query(sql`
      insert into public.role_platform_restrictions (role, platform, reason)
      values (${role}, ${platform}, ${reason ?? null}) on conflict do nothing returning role`)
    if (rows.length === 0) return false
    const why = reason === undefined ? {} : { reason }
    await audit(tx, { ...eventOf(actor, { role, platform }), ...why, action: 'role.restricted' })
    return true
  })
}

/** Answers whether anything changed; safe to call again. */
export async function allowRole(
  { db, audit }: RestrictionServices,
  actor: AuditActor,
  { role, platform }: RolePlatform,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query(sql`
      delete from public.role_platform_restrictions where role = ${role} and platform = ${platform} returning role`)
    if (rows.length === 0) return false
    await audit(tx, { ...eventOf(actor, { role, platform }), action: 'role.allowed' })
    return true
  })
}

export async function listRestrictions(db: Db): Promise<readonly Restriction[]> {
  const { rows } = await db.query<Restriction>(sql`
    select role, platform, reason, created_at as "createdAt" from public.role_platform_restrictions order by role, platform`)
  return rows
}

function eventOf(actor: AuditActor, { role, platform }: RolePlatform) {
  return { actor, subjectUserId: null, outcome: 'success', platform, details: { role } } as const
}
