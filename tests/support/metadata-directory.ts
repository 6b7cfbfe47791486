import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface MetadataDirectory {
  readonly path: string
  /** Writes or replaces files, by their path in the directory. */
  write(files: Readonly<Record<string, string>>): Promise<void>
  remove(): Promise<void>
}

/** A metadata directory of a test's own, for one source whose address is in `PG_DATABASE_URL`. */
export async function createMetadataDirectory(files: Readonly<Record<string, string>>): Promise<MetadataDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'metadata-'))
  const write = async (more: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(more)) {
      await mkdir(dirname(join(path, name)), { recursive: true })
      await writeFile(join(path, name), text)
    }
  }
  await write({
    'version.yaml': 'version: 3\n',
    'databases/databases.yaml': `
- name: default
  kind: postgres
  configuration:
    connection_info:
      database_url: {from_env: PG_DATABASE_URL}
      pool_settings: {max_connections: 5}
  tables: "!include default/tables/tables.yaml"
`,
    ...files,
  })
  return { path, write, remove: () => rm(path, { recursive: true }) }
}
