import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import pg from 'pg'
import { lineOf, type Statement, splitStatements } from './statements.ts'

export interface SqlFile {
  readonly path: string
  readonly source: string
}

export function readSqlFile(path: string): SqlFile {
  return { path, source: readFileSync(path, 'utf8') }
}

/**
 * Runs a file and `bookkeeping` in one transaction. A file whose first line is `-- hasura:no-transaction` runs statement
 * by statement: what it did stays when a later statement fails, so it has to bear being run again.
 * Throws `<file>:<line>: <what PostgreSQL said>`.
 */
export async function runFile(
  client: pg.ClientBase,
  file: SqlFile,
  bookkeeping: () => Promise<unknown>,
): Promise<void> {
  const withoutTransaction = /^--\s*hasura:no-transaction\s*$/.test(file.source.split('\n', 1)[0] ?? '')
  if (withoutTransaction) {
    await runStatements(client, file)
    await bookkeeping()
    return
  }
  await inTransaction(client, async () => {
    await runStatements(client, file)
    await bookkeeping()
  })
}

export async function inTransaction(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

async function runStatements(client: pg.ClientBase, file: SqlFile): Promise<void> {
  for (const statement of splitStatements(file.source)) {
    try {
      await client.query(statement.text)
    } catch (error) {
      throw error instanceof pg.DatabaseError ? placeError(error, file.path, statement) : error
    }
  }
}

function placeError(error: pg.DatabaseError, path: string, statement: Statement): Error {
  const offset = error.position === undefined ? 0 : Number(error.position) - 1
  const line = statement.line + lineOf(statement.text, offset) - 1
  const hints = [error.detail, error.hint].filter((text) => text !== undefined)
  return new Error([`${relative(process.cwd(), path)}:${line}: ${error.message}`, ...hints].join('\n  '), {
    cause: error,
  })
}
