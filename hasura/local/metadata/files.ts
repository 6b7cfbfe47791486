import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { parse } from 'yaml'

const INCLUDE = '!include '

/** The CLI writes includes as plain strings; the tag form is accepted too and turned into the same string. */
const includeTag = { tag: '!include', resolve: (file: string) => INCLUDE + file }

/** Reads YAML files of one directory with their includes, and remembers which part of the result came from which file. */
export class MetadataFiles {
  readonly #directory: string
  readonly #fileByPath = new Map<string, string>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** The YAML files at the top of the directory, by name without `.yaml`. */
  async topLevelNames(): Promise<string[]> {
    const entries = await readdir(this.#directory)
    return entries.filter((entry) => entry.endsWith('.yaml')).map((entry) => entry.slice(0, -'.yaml'.length))
  }

  /** The file's text; undefined when there is no such file, which means an empty object in the format. */
  async readText(file: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#directory, file), 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }

  /** The value of a file, its includes in place. `at` is where the value will stand in the whole metadata. */
  async read(file: string, at: readonly PropertyKey[]): Promise<unknown> {
    const text = await this.readText(file)
    if (text === undefined) return undefined
    this.#fileByPath.set(key(at), file)
    return this.#include(parseYaml(text, this.#shown(file)), { file, at })
  }

  /** The file nearest to a place in the whole metadata. */
  fileOf(path: readonly PropertyKey[]): string {
    for (let length = path.length; length >= 0; length--) {
      const file = this.#fileByPath.get(key(path.slice(0, length)))
      if (file !== undefined) return this.#shown(file)
    }
    return this.#directory
  }

  async #include(value: unknown, place: { file: string; at: readonly PropertyKey[] }): Promise<unknown> {
    if (typeof value === 'string' && value.startsWith(INCLUDE)) return this.#readIncluded(value, place)
    if (Array.isArray(value)) {
      return Promise.all(value.map((item, index) => this.#include(item, { ...place, at: [...place.at, index] })))
    }
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(async ([name, item]) => {
      return [name, await this.#include(item, { ...place, at: [...place.at, name] })] as const
    })
    return Object.fromEntries(await Promise.all(entries))
  }

  async #readIncluded(reference: string, { file, at }: { file: string; at: readonly PropertyKey[] }): Promise<unknown> {
    const included = join(dirname(file), reference.slice(INCLUDE.length).trim())
    const value = await this.read(included, at)
    if (value === undefined) throw new Error(`Bad metadata:\n  ${this.#shown(file)}: ${reference} does not exist`)
    return value
  }

  #shown(file: string): string {
    return relative(process.cwd(), join(this.#directory, file))
  }
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text, { customTags: [includeTag] }) ?? []
  } catch (cause) {
    throw new Error(`Bad metadata:\n  ${file}: not YAML: ${String(cause)}`, { cause })
  }
}

function key(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String))
}
