import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { loadConfig } from '../config.ts'
import { importLegacyConnection } from '../connections/import-legacy.ts'
import { AppError } from '../runtime/errors.ts'
import { Secret } from '../runtime/secret.ts'
import { wire } from '../wiring.ts'
import type { Command } from './command.ts'

const Line = z.object({ user_id: z.uuid(), token: z.string().min(1), token_secret: z.string().min(1) })

/** For the operator who has users of OAuth 1.0a: one line of JSON each. The file holds secrets and is not needed afterwards. */
export const importOAuth1Command: Command = {
  name: 'import-oauth1',
  usage: [
    [
      'import-oauth1 <platform> <file>',
      'exchange OAuth 1.0a tokens for connections of today; NDJSON {user_id, token, token_secret}',
    ],
  ],
  options: {},
  async run({ positionals }) {
    const [platform, file] = positionals
    if (platform === undefined || file === undefined)
      throw new Error('give <platform> <file>; see npm run tributary -- help')
    const lines = await readLines(file)
    const { db, connections } = wire(await loadConfig(), 'cli')
    try {
      const printed: string[] = []
      for (const [index, line] of lines.entries()) {
        const parsed = Line.safeParse(line)
        const outcome = parsed.success ? await importOne(connections, platform, parsed.data) : 'unreadable line'
        printed.push(`${index + 1}: ${outcome}\n`)
      }
      return printed.join('')
    } finally {
      await db.close()
    }
  },
}

async function readLines(file: string): Promise<readonly unknown[]> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`cannot read "${file}"`)
  })
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return []
    try {
      return [JSON.parse(line) as unknown]
    } catch {
      return [undefined]
    }
  })
}

/** One that fails leaves the others alone; run again, it is tried again. */
async function importOne(
  connections: Parameters<typeof importLegacyConnection>[0],
  platform: string,
  line: z.infer<typeof Line>,
): Promise<string> {
  const legacy = {
    userId: line.user_id,
    platform,
    token: new Secret(line.token),
    tokenSecret: new Secret(line.token_secret),
  }
  try {
    return await importLegacyConnection(connections, legacy)
  } catch (error) {
    if (error instanceof AppError) return `failed: ${error.code}`
    throw error
  }
}
