import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ObjectStore } from '../../service/runtime/object-store.ts'
import { isStoreAddress, openStore } from '../../service/runtime/open-store.ts'
import { FakeS3 } from '../support/fake-s3.ts'

let s3: FakeS3
let directory: string
beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' })
  s3 = await FakeS3.start()
  directory = await mkdtemp(join(tmpdir(), 'tributary-store-'))
})
afterAll(async () => {
  await s3.close()
  await rm(directory, { recursive: true })
})

const open = (address: string) => openStore({ address, s3: { endpoint: s3.url, region: 'us-east-1' } })
const STORES: readonly (readonly [string, () => ObjectStore])[] = [
  ['a directory', () => open(pathToFileURL(directory).href)],
  ['a bucket', () => open('s3://backups/some/prefix')],
]
const MEGABYTE = Buffer.alloc(1024 * 1024, 7)
async function* megabytes(count: number, thenFail = false): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < count; sent += 1) yield MEGABYTE
  if (thenFail) throw new Error('the source broke')
}
async function namesOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const names: string[] = []
  for await (const name of store.list(prefix)) names.push(name)
  return names
}

describe.for(STORES)('%s', ([, openIt]) => {
  test('has nothing of a stream that broke', async () => {
    const store = openIt()
    await expect(store.putStream('broken/a', megabytes(6, true))).rejects.toThrow('the source broke')
    expect(await namesOf(store, 'broken/')).toEqual([])
    expect(await store.get('broken/a')).toBeUndefined()
    expect(s3.openUploads).toBe(0)
  })

  test('gives back what it was given, lists it in order and forgets it', async () => {
    const store = openIt()
    for (const name of ['b/5', 'b/3', 'b/1', 'b/4', 'b/2', 'c/1']) await store.put(name, Buffer.from(name))
    await store.put('b/3', Buffer.from('anew'))
    expect(await namesOf(store, 'b/')).toEqual(['b/1', 'b/2', 'b/3', 'b/4', 'b/5'])
    expect((await buffer((await store.get('b/3'))!)).toString()).toBe('anew')
    await store.delete('b/3')
    await store.delete('b/3')
    expect(await store.get('b/3')).toBeUndefined()
  })

  test('takes a stream of any length', async () => {
    const store = openIt()
    await store.putStream('long', megabytes(12))
    expect((await buffer((await store.get('long'))!)).equals(Buffer.alloc(12 * 1024 * 1024, 7))).toBe(true)
    expect(s3.largestBody).toBeLessThan(7 * 1024 * 1024)
  })
})

test('files are for their owner alone', async () => {
  await open(pathToFileURL(directory).href).put('private', Buffer.from('x'))
  expect((await stat(join(directory, 'private'))).mode & 0o777).toBe(0o600)
  expect(await readdir(directory)).toContain('private')
})

test('the prefix of a bucket is before every name', async () => {
  await open('s3://backups/some/prefix').put('x', Buffer.from('x'))
  await open('s3://backups').put('y', Buffer.from('y'))
  expect([...s3.objects.keys()]).toEqual(expect.arrayContaining(['some/prefix/x', 'y']))
})

test.for(['/a/path', 'http://host/x', 'file://host/x', 's3:bucket', 's3:///x', ''])('%j is no address', (address) => {
  expect(isStoreAddress(address)).toBe(false)
})
