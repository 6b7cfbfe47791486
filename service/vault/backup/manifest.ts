import { text as readText } from 'node:stream/consumers'
import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import type { ObjectStore } from '../../runtime/object-store.ts'
import type { BackupKey } from './backup-key.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const Manifest = z.strictObject({
  format: z.literal('tributary/vault-backup/v1'),
  id: z.string().regex(/^[0-9TZa-f-]+$/),
  createdAt: z.iso.datetime(),
  /** Of NODE_ENV: the keys in it open nowhere else. */
  environment: z.string(),
  backupKeyId: z.string(),
  archive: z.strictObject({ bytes: z.int(), sha256 }),
  tables: z.array(z.strictObject({ name: z.string(), columns: z.array(z.string()), rows: z.int(), sha256 })),
})
export type Manifest = Readonly<z.infer<typeof Manifest>>

const Stored = z.object({ document: z.string(), mac: z.base64() })
const PREFIX = 'backups/'
const SUFFIX = '.manifest.json'

export const archiveName = (id: string) => `${PREFIX}${id}.archive`
const manifestName = (id: string) => `${PREFIX}${id}${SUFFIX}`

/** Written last: what has no manifest is no backup. */
export async function writeManifest(store: ObjectStore, key: BackupKey, manifest: Manifest): Promise<void> {
  const document = JSON.stringify(manifest)
  const body = JSON.stringify({ document, mac: key.authenticate(document).toString('base64') })
  await store.put(manifestName(manifest.id), Buffer.from(body, 'utf8'))
}

/** Throws backup/not_found, backup/altered. */
export async function readManifest(store: ObjectStore, key: BackupKey, id: string): Promise<Manifest> {
  const body = /^[0-9TZa-f-]+$/.test(id) ? await store.get(manifestName(id)) : undefined
  if (body === undefined) throw new AppError('backup/not_found', { id })
  const stored = Stored.safeParse(parseJson(await readText(body)))
  if (!stored.success || !key.isAuthentic(stored.data.document, Buffer.from(stored.data.mac, 'base64')))
    throw new AppError('backup/altered', { where: 'the manifest, or BACKUP_KEY is another' })
  const manifest = Manifest.safeParse(parseJson(stored.data.document))
  if (!manifest.success || manifest.data.id !== id) throw new AppError('backup/altered', { where: 'the manifest' })
  return manifest.data
}

/** Ids, oldest first. */
export async function listBackups(store: ObjectStore): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const name of store.list(PREFIX))
    if (name.endsWith(SUFFIX)) ids.push(name.slice(PREFIX.length, -SUFFIX.length))
  return ids.sort()
}

/** The manifest first: a half that is left has none. */
export async function deleteBackup(store: ObjectStore, id: string): Promise<void> {
  await store.delete(manifestName(id))
  await store.delete(archiveName(id))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
