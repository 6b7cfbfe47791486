import { z } from 'zod'
import { recordReview, reviewTrail } from '../compliance/audit/review-trail.ts'
import { showTrail } from '../compliance/audit/show-trail.ts'
import { exportPublicKey } from '../compliance/audit/tree-head.ts'
import { verifyTrail } from '../compliance/audit/verify-trail.ts'
import { loadConfig } from '../config.ts'
import { wireAuditSealing } from '../wire-audit.ts'
import { wire } from '../wiring.ts'
import { type Command, optional, required } from './command.ts'

export const auditCommand: Command = {
  name: 'audit',
  usage: [
    [
      'audit verify',
      'hold the audit trail to the signed heads outside the database; exit code 1 when anything is wrong',
    ],
    [
      'audit review [--days 7] [--conclude <text>]',
      'print what happened and what calls for a look, as JSON; with a conclusion, note that it was reviewed',
    ],
    ['audit show --user <uuid> [--limit 100]', "print what was done with a person's data, newest first, as JSON lines"],
  ],
  options: {
    user: { type: 'string' },
    limit: { type: 'string' },
    days: { type: 'string' },
    conclude: { type: 'string' },
  },
  async run(input) {
    const [what] = input.positionals
    if (what === 'verify') return verify()
    if (what === 'review') return review(optional(input, 'days') ?? '7', optional(input, 'conclude'))
    if (what !== 'show') throw new Error('give audit verify, audit review or audit show --user <uuid>')
    const userId = z.uuid().safeParse(required(input, 'user'))
    if (!userId.success) throw new Error('--user must be a UUID')
    const limit = z.coerce
      .number()
      .int()
      .positive()
      .safeParse(optional(input, 'limit') ?? '100')
    if (!limit.success) throw new Error('--limit must be a positive whole number')
    return show(userId.data, limit.data)
  },
}

async function show(userId: string, limit: number): Promise<string> {
  const { db } = wire(await loadConfig(), 'cli')
  try {
    return await showTrail(db, userId, limit)
  } finally {
    await db.close()
  }
}

async function review(daysText: string, conclusion: string | undefined): Promise<string> {
  const days = z.coerce.number().int().min(1).max(3660).safeParse(daysText)
  if (!days.success) throw new Error('--days must be a whole number from 1 to 3660')
  if (conclusion !== undefined && conclusion.trim().length < 10)
    throw new Error('--conclude must say in ten characters at least what the review came to')
  const { db, audit } = wire(await loadConfig(), 'cli')
  try {
    const found = await reviewTrail(db, days.data)
    if (conclusion !== undefined)
      await recordReview({ db, audit }, { days: days.data, findings: found.findings.length, conclusion })
    return `${JSON.stringify(found, null, 2)}\n`
  } finally {
    await db.close()
  }
}

async function verify(): Promise<string> {
  const config = await loadConfig()
  const audit = wireAuditSealing(config)
  if (audit === undefined)
    throw new Error('AUDIT_SIGNING_KEY and AUDIT_HEADS_STORE are not set; see docs/operations/audit.md')
  const { db } = wire(config, 'cli')
  try {
    const { findings, events, heads, lastHeadAt } = await verifyTrail({ db, ...audit })
    const summary = `${events} events, ${heads} signed heads, the last of ${lastHeadAt ?? 'never'}`
    if (findings.length === 0)
      return `the audit trail is whole: ${summary}\npublic key: ${exportPublicKey(audit.signer.publicKey)}\n`
    process.stdout.write(`the audit trail is NOT whole: ${summary}\n${findings.map((line) => `  ${line}\n`).join('')}`)
    throw new Error(`${findings.length} findings in the audit trail`)
  } finally {
    await db.close()
  }
}
