import { readFile } from 'node:fs/promises'

/** A file that the operator names. Throws Error in one line. */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new Error(`cannot read "${path}"; give a file that is there`)
  })
}

/** Undefined where it is no JSON. */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path)
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
