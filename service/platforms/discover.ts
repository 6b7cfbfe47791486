import { readdir } from 'node:fs/promises'
import type { Platform } from './contract.ts'

/** One folder, one platform, by id. Adding a folder is the whole registration. */
export async function discoverPlatforms(): Promise<ReadonlyMap<string, Platform>> {
  const entries = await readdir(import.meta.dirname, { withFileTypes: true })
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  return new Map((await Promise.all(folders.map(loadPlatform))).map((platform) => [platform.id, platform]))
}

async function loadPlatform(folder: string): Promise<Platform> {
  const { default: platform }: { default: Platform } = await import(`./${folder}/platform.ts`)
  if (platform.id !== folder) throw new Error(`platforms/${folder} calls itself "${platform.id}"`)
  return platform
}
